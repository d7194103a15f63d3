/// Every text makes a record, and it is well-formed.
#include <logboom/testing/parser_check.hpp>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_ltsv();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using logboom::testing::ParserDriver;
  static ParserDriver plain(logboom::plugins::parser_ltsv(), {{"time_key", ""}});
  static ParserDriver pattern(logboom::plugins::parser_ltsv(), {{"delimiter_pattern", "/ +|;x*/"},
                                                                {"label_delimiter", "=>"},
                                                                {"types", "a:float,b:bool,c:array:|"},
                                                                {"null_empty_string", "true"}});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!logboom::testing::parses_well(plain.parser(), text)) std::abort();
  logboom::testing::parses_well(pattern.parser(), text);
  return 0;
}
