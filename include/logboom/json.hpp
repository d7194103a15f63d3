#pragma once

#include <cstdint>
#include <string_view>

#include <logboom/msgpack.hpp>
#include <logboom/out_buffer.hpp>

/// JSON text (RFC 8259) straight from msgpack bytes.
namespace logboom {

/// What becomes of bytes that are not UTF-8.
enum class InvalidUtf8 : std::uint8_t {
  replace,  ///< U+FFFD for each maximal part of a broken character, so that the text is always JSON
  raw,      ///< the bytes as they are, as Fluentd with Oj does it
};

struct JsonOptions {
  InvalidUtf8 invalid_utf8 = InvalidUtf8::replace;
};

/// Appends one whole, well-formed object as JSON without spaces, keys in the order in which they came, duplicates kept.
///
/// - strings and binaries: only `"`, `\` and control characters are escaped (\b \f \n \r \t, else \u001f)
/// - integers: exact; floats: shortest digits that give the same double, as Ruby prints them (1.0, 1.0e+20);
///   NaN and infinities: null
/// - EventTime as a value: a number of seconds with nine decimals
/// - keys that are no strings: a string of their JSON text ("1", "true", "[1,2]"), of nil the empty string. A map that
/// is
///   a key inside another such key is written as plain JSON inside that string.
///
/// Any depth of nesting works; memory is allocated only where `out` grows and for levels beyond the 32nd.
void append_json(OutBuffer& out, const msgpack::Value& value, const JsonOptions& options = {});

/// Appends `text` as a JSON string, quotes included.
void append_json_string(OutBuffer& out, std::string_view text, const JsonOptions& options = {});

/// Appends a number as append_json writes it.
void append_json_number(OutBuffer& out, double value);

}  // namespace logboom
