#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_ltsv();
}

namespace {

using logboom::testing::ParserDriver;
using Params = ParserDriver::Params;

ParserDriver driver(const Params& params = {}) { return ParserDriver(logboom::plugins::parser_ltsv(), params); }
std::string record(std::string_view text, const Params& params = {}) { return driver(params).record(text); }

TEST(ParserLtsv, each_field_has_its_label) {
  EXPECT_EQ(record("host:127.0.0.1\tua:a b:c\tempty:"), R"({"host":"127.0.0.1","ua":"a b:c","empty":""})");
}

TEST(ParserLtsv, the_time_leaves_the_record) {
  ParserDriver parser = driver({{"time_format", "%d/%b/%Y:%H:%M:%S %z"}});
  EXPECT_EQ(parser.time("time:28/Feb/2013:12:00:00 +0900\ta:1"), "1362020400");
  EXPECT_EQ(parser.record("time:28/Feb/2013:12:00:00 +0900\ta:1"), R"({"a":"1"})");
}

TEST(ParserLtsv, what_has_no_label_is_left_out) {
  EXPECT_EQ(record("x\ta:1\t\ty"), R"({"a":"1"})");
  EXPECT_EQ(record("hello"), "{}");
  EXPECT_EQ(record(""), "{}");
}

TEST(ParserLtsv, delimiters_can_be_set) {
  EXPECT_EQ(record("a=1, b=2", {{"delimiter", ", "}, {"label_delimiter", "="}}), R"({"a":"1","b":"2"})");
  EXPECT_EQ(record("a:1 \t b:2", {{"delimiter", " "}}), R"({"a":"1","b":"2"})");
  EXPECT_THROW(record("a:1", {{"delimiter", ""}}), logboom::ConfigError);
}

TEST(ParserLtsv, the_delimiter_can_be_a_regular_expression) {
  EXPECT_EQ(record("a=1  b=2;c=3", {{"delimiter_pattern", "/\\s+|;/"}, {"label_delimiter", "="}}),
            R"({"a":"1","b":"2","c":"3"})");
  EXPECT_EQ(record("a:1", {{"delimiter_pattern", "/x*/"}}), R"({"a":"1"})") << "matches nothing";
  EXPECT_THROW(record("a:1", {{"delimiter_pattern", "/(/"}}), logboom::ConfigError);
}

}  // namespace
