#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_logfmt();
}

namespace {

using logboom::testing::ParserDriver;

ParserDriver driver(const ParserDriver::Params& params = {}) {
  return ParserDriver(logboom::plugins::parser_logfmt(), params);
}
std::string record(std::string_view text) { return driver().record(text); }

TEST(ParserLogfmt, the_example_of_its_inventors) {
  EXPECT_EQ(record(R"(foo=bar a=14 baz="hello kitty" cool%story=bro f %^asdf)"),
            R"({"foo":"bar","a":14,"baz":"hello kitty","cool%story":"bro","f":true,"%^asdf":true})");
}

TEST(ParserLogfmt, whole_decimal_numbers_are_numbers_and_quoted_ones_are_not) {
  EXPECT_EQ(record(R"(a=-1 b=1.50 c=1e5 d=1.2.3 e="1" f=0x1 g=1. h=.5 i=- j=99999999999999999999 k=12ms)"),
            R"({"a":-1,"b":1.5,"c":"1e5","d":"1.2.3","e":"1","f":"0x1","g":"1.","h":".5","i":"-",)"
            R"("j":"99999999999999999999","k":"12ms"})");
}

TEST(ParserLogfmt, quotes_may_hold_escapes) {
  EXPECT_EQ(record(R"(a="x \"y\" \\ \n\t=" b=1)"), R"({"a":"x \"y\" \\ \n\t=","b":1})");
  EXPECT_EQ(record(R"(a="" b=)"), R"({"a":"","b":null})");
}

TEST(ParserLogfmt, any_text_is_taken_somehow) {
  EXPECT_EQ(record(""), "{}");
  EXPECT_EQ(record("  = \"\" =x "), R"({"x":true})");
  EXPECT_EQ(record(R"(a="open \")"), R"({"a":"open \""})");
  EXPECT_EQ(record("a=b=c d\"e"), R"({"a":"b=c","d":true,"e":true})");
  EXPECT_EQ(record("a=\"x\"b=2"), R"({"a":"x","b":2})");
}

TEST(ParserLogfmt, the_time_leaves_the_record) {
  ParserDriver parser = driver({{"time_format", "%iso8601"}});
  EXPECT_EQ(parser.time("time=2023-11-14T22:13:20Z level=info"), "1700000000");
  EXPECT_EQ(parser.record("time=2023-11-14T22:13:20Z level=info"), R"({"level":"info"})");
  EXPECT_EQ(driver({{"time_type", "float"}}).time("time=1.5"), "1.500000000");
  EXPECT_EQ(driver({{"time_type", "float"}}).time("time=15 a=1 b=2"), "15");
}

}  // namespace
