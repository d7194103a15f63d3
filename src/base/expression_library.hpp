#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace logboom::expression {

/// Functions of Ruby's standard library: `Base64.encode64(…)`.
enum class Library : std::uint8_t {
  time_parse,
  time_strptime,
  time_iso8601,
  date_time_parse,
  date_time_strptime,
  base64_encode,
  base64_strict_encode,
  base64_url_encode,
  base64_decode,
  base64_strict_decode,
  base64_url_decode,
  escape,
  unescape,
  form_escape,
  form_unescape,
  md5,
  sha1,
  sha256,
  sha512,
  uuid,
  random_hex,
};

struct LibraryFunction {
  std::string_view module;
  std::string_view name;
  Library function;
  std::uint8_t least;  // arguments
  std::uint8_t most;
};

/// Null where there is none.
const LibraryFunction* find_library_function(std::string_view module, std::string_view name);
/// The names of a module's functions, for messages; empty where there is no such module.
std::string library_functions(std::string_view module);
/// Whether `require` of this name brings nothing that is not there already.
bool is_library(std::string_view name);

}  // namespace logboom::expression
