#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <logboom/msgpack.hpp>
#include <logboom/timeparse.hpp>

/// What the parameter `types` of parsers means, as Ruby's to_i, to_f and split have it for Fluentd.
namespace logboom::field_types {

enum class Type : std::uint8_t { string, integer, floating, boolean, time, array };

/// One field's type.
struct Definition {
  Type type;
  std::string delimiter;             // of an array
  std::optional<TimeParser> parser;  // of a time
};

/// Reads `integer`, `array:|`, `time:+09:00:%d/%b/%Y` and so on. Throws std::invalid_argument.
Definition define(std::string_view text);

/// Write a text as the type; a time that can't be read is null.
void write(msgpack::Writer& out, Definition& definition, std::string_view text);
/// The same for any value but null.
void write(msgpack::Writer& out, Definition& definition, const msgpack::Value& value, OutBuffer& scratch);

}  // namespace logboom::field_types
