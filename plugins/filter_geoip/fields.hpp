#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/out_buffer.hpp>
#include <logboom/params.hpp>

#include "database.hpp"

namespace logboom::geoip {

/// `${city.names.en["host"]}`: a value of the database for the address in a field.
struct Placeholder {
  std::string text;
  Path path;
  std::optional<std::size_t> address;  // which of the lookup keys; none: the value is always null
  bool is_coordinate = false;          // 0.0 where the database knows the address and not its place
};

/// The fields of `<record>`. Immutable: may be shared by threads.
class Fields {
 public:
  struct Settings {
    std::vector<std::string> lookup_keys;
    bool compat_names = false;  // placeholders have the names of the backend geoip2_compat
  };
  /// What stands in the place of each placeholder: one msgpack object for each of `placeholders()`.
  using Values = std::vector<msgpack::Value>;

  /// Throws ConfigError for what is no placeholder or no JSON.
  static Fields compile(const Element& element, const Settings& settings, const WarnFn& warn);

  /// Each one once, in the order of their first use.
  const std::vector<Placeholder>& placeholders() const noexcept { return placeholders_; }

  std::size_t size() const noexcept { return fields_.size(); }
  const std::string& key(std::size_t field) const noexcept { return fields_[field].key; }
  /// Writes the field's value, one msgpack object.
  void write(std::size_t field, const Values& values, msgpack::Writer& writer, std::string& text,
             OutBuffer& scratch) const;

 private:
  struct Part {  // of a text: what it says, and a placeholder behind it
    std::string text;
    std::optional<std::size_t> placeholder;
  };
  struct Piece {  // of a value: msgpack bytes, a placeholder's value, or a text
    std::string bytes;
    std::optional<std::size_t> placeholder;
    std::vector<Part> parts;
  };
  struct Field {
    std::string key;
    std::vector<Piece> pieces;
  };
  class Compiler;

  std::vector<Placeholder> placeholders_;
  std::vector<Field> fields_;
};

}  // namespace logboom::geoip
