#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logboom {

/// A set of IP networks. IPv4 addresses are those mapped into IPv6.
class Networks {
 public:
  /// "192.0.2.0/24", "2001:db8::/32", "[2001:db8::]/32", or one address. Throws std::invalid_argument.
  void add_network(std::string_view text);
  /// An address, or all addresses of a name. Throws std::invalid_argument where it has none.
  void add_host(const std::string& name);
  /// False for what is no address.
  bool contains(const std::string& address) const;

 private:
  using Address = std::array<std::uint8_t, 16>;
  struct Network {
    Address address;
    unsigned bits;
  };
  static bool parse(const std::string& text, Address& address, bool& four);
  std::vector<Network> networks_;
};

}  // namespace logboom
