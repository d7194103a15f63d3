#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_cri();
PluginInfo parser_json();
PluginInfo parser_none();
}  // namespace logboom::plugins

namespace {

using logboom::testing::FakeContext;
using logboom::testing::ParsedRow;
using logboom::testing::ParserDriver;
using Params = ParserDriver::Params;

ParserDriver driver(const Params& params = {}, std::string_view within = "") {
  return ParserDriver(logboom::plugins::parser_cri(), params, [within](FakeContext& context) {
    context.parsers = logboom::testing::parsers_of({logboom::plugins::parser_json(), logboom::plugins::parser_none()});
    if (within.empty()) return;
    logboom::Element section;
    section.name = "parse";
    section.attributes.emplace_back().key = "@type";
    section.attributes.back().value = within;
    context.section().children.push_back(section);
  });
}

constexpr std::string_view line = "2020-10-10T00:10:00.333333333Z stdout F Hello Fluentd";

TEST(ParserCri, a_line_is_time_stream_tag_and_message) {
  EXPECT_EQ(driver().time(line), "1602288600.333333333");
  EXPECT_EQ(driver().record(line), R"({"stream":"stdout","logtag":"F","message":"Hello Fluentd",)"
                                   R"("time":"2020-10-10T00:10:00.333333333Z"})");
  EXPECT_EQ(driver().time("2020-10-10T09:10:00.5+09:00 stderr P x"), "1602288600.500000000");
}

TEST(ParserCri, the_time_need_not_stay_in_the_record) {
  EXPECT_EQ(driver({{"keep_time_key", "false"}}).record(line),
            R"({"stream":"stdout","logtag":"F","message":"Hello Fluentd"})");
}

TEST(ParserCri, blanks_of_the_message_stay_and_it_may_be_empty) {
  ParserDriver parser = driver({{"keep_time_key", "false"}});
  EXPECT_EQ(parser.record("2020-10-10T00:10:00.3Z stdout F   at x  "),
            R"({"stream":"stdout","logtag":"F","message":"  at x  "})");
  EXPECT_EQ(parser.record("2020-10-10T00:10:00.3Z stdout F "), R"({"stream":"stdout","logtag":"F","message":""})");
}

TEST(ParserCri, a_parser_within_gets_the_message) {
  constexpr std::string_view json = R"(2020-10-10T00:10:00.3Z stdout F {"a":1,"stream":"x"})";
  EXPECT_EQ(driver({}, "json").record(json), R"({"a":1,"stream":"stdout","logtag":"F"})");
  EXPECT_EQ(driver({{"merge_cri_fields", "false"}}, "json").record(json), R"({"a":1,"stream":"x"})");
  EXPECT_EQ(driver({}, "none").record(line), R"({"message":"Hello Fluentd","stream":"stdout","logtag":"F"})");
}

TEST(ParserCri, the_time_is_that_of_the_parser_within_or_else_that_of_the_line) {
  ParserDriver parser = driver({}, "json");
  EXPECT_EQ(parser.time(R"(2020-10-10T00:10:00.3Z stdout F {"time":5})"), "5");
  EXPECT_EQ(parser.time(R"(2020-10-10T00:10:00.3Z stdout F {"a":5})"), "1602288600.300000000");
  EXPECT_EQ(parser.parse(R"(2020-10-10T00:10:00Z stdout F [])").size(), 0u);
}

TEST(ParserCri, several_records_within_are_several_records) {
  const std::vector<ParsedRow> rows{{"1602288600.300000000", R"({"a":1,"stream":"stdout","logtag":"F"})"},
                                    {"7", R"({"b":2,"stream":"stdout","logtag":"F"})"}};
  EXPECT_EQ(driver({}, "json").parse(R"(2020-10-10T00:10:00.3Z stdout F [{"a":1},{"b":2,"time":7}])"), rows);
}

TEST(ParserCri, other_lines_do_not_match) {
  for (const char* text : {"", "x", "2020-10-10T00:10:00.3Z stdout F", " stdout F x", "2020-10-10T00:10:00.3Z  F x"}) {
    EXPECT_EQ(driver().record(text).substr(0, 21), "error: not a CRI line") << text;
  }
  EXPECT_EQ(driver().record("now stdout F x"), "error: the time \"now\" is not of the format %Y-%m-%dT%H:%M:%S.%L%z");
  EXPECT_EQ(driver({}, "json").record(line).substr(0, 15), "error: not JSON");
}

}  // namespace
