#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logboom::testing {

/// Makes small MaxMind databases: IPv6 trees with 24-bit records, IPv4 below ::/96.
/// Format: https://maxmind.github.io/MaxMind-DB/
class Mmdb {
 public:
  /// A network such as "2.125.160.0/24" or "2001:db8::/32", and what is known of it, as JSON. Doubles, integers (as
  /// uint32), texts, booleans, objects and arrays become the database's types. Networks must not overlap.
  Mmdb& add(const std::string& network, std::string_view json);
  /// The whole file.
  std::string bytes() const;

 private:
  struct Record {
    enum class Kind : std::uint8_t { nothing, node, data };
    Kind kind = Kind::nothing;
    std::size_t number = 0;
  };
  std::size_t value_of(const Record& record) const;

  std::vector<std::array<Record, 2>> nodes_ = std::vector<std::array<Record, 2>>(1);
  std::string data_;
};

}  // namespace logboom::testing
