/// Every text makes a record, and it is well-formed.
#include <logboom/testing/parser_check.hpp>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_logfmt();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using logboom::testing::ParserDriver;
  static ParserDriver plain(logboom::plugins::parser_logfmt(), {{"time_key", ""}});
  static ParserDriver typed(logboom::plugins::parser_logfmt(), {{"types", "a:string,b:integer,c:array,d:time"}});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!logboom::testing::parses_well(plain.parser(), text)) std::abort();
  logboom::testing::parses_well(typed.parser(), text);
  return 0;
}
