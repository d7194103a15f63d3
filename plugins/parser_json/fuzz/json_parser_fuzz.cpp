/// What another reader takes for a JSON object makes a record; whatever is taken makes well-formed ones.
#include <logboom/testing/parser_check.hpp>
#include <logboom/testing/parser_driver.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace logboom::plugins {
PluginInfo parser_json();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using logboom::testing::ParserDriver;
  static ParserDriver plain(logboom::plugins::parser_json(), {{"time_key", ""}});
  static ParserDriver typed(logboom::plugins::parser_json(), {{"types", "a:integer,b:string,c:array,d:time:unixtime"},
                                                              {"null_value_pattern", "^-$"},
                                                              {"keep_time_key", "true"},
                                                              {"time_type", "mixed"},
                                                              {"time_format_fallbacks", "float, %iso8601"}});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool taken = logboom::testing::parses_well(plain.parser(), text);
  logboom::testing::parses_well(typed.parser(), text);
  constexpr std::ptrdiff_t shallow = 500;  // brackets
  if (taken || std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; }) > shallow) return 0;
  if (text.find('\0') != std::string_view::npos) return 0;  // the other reader ends there
  const auto other = nlohmann::json::parse(text, nullptr, false);
  if (other.is_object() && !text.starts_with("\xef\xbb\xbf")) std::abort();
  return 0;
}
