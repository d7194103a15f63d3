#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_multi_format();
PluginInfo parser_json();
PluginInfo parser_regexp();
PluginInfo parser_none();
}  // namespace logboom::plugins

namespace {

using logboom::testing::FakeContext;
using logboom::testing::ParserDriver;
using Params = ParserDriver::Params;

ParserDriver driver(const std::vector<Params>& patterns) {
  return ParserDriver(logboom::plugins::parser_multi_format(), {}, [&](FakeContext& context) {
    context.parsers = logboom::testing::parsers_of(
        {logboom::plugins::parser_json(), logboom::plugins::parser_regexp(), logboom::plugins::parser_none()});
    for (const Params& params : patterns) {
      logboom::Element& section = context.section().children.emplace_back();
      section.name = "pattern";
      for (const auto& [key, value] : params) {
        section.attributes.emplace_back().key = key;
        section.attributes.back().value = value;
      }
    }
  });
}

TEST(ParserMultiFormat, the_first_pattern_that_matches_makes_the_record) {
  ParserDriver parser = driver({{{"format", "json"}, {"time_key", "at"}},
                                {{"format", "/^(?<level>\\w+): (?<rest>.*)$/"}},
                                {{"@type", "none"}, {"message_key", "log"}}});
  EXPECT_EQ(parser.time(R"({"at":5,"a":1})"), "5");
  EXPECT_EQ(parser.record(R"({"at":5,"a":1})"), R"({"a":1})");
  EXPECT_EQ(parser.record("info: x"), R"({"level":"info","rest":"x"})");
  EXPECT_EQ(parser.record("hello"), R"({"log":"hello"})");
}

TEST(ParserMultiFormat, where_no_pattern_matches_the_last_one_says_why) {
  EXPECT_EQ(driver({{{"format", "json"}}, {{"format", "/^(?<a>x)$/"}}}).record("y"),
            "error: no pattern matches; the last one: the text does not match the regexp");
}

TEST(ParserMultiFormat, a_pattern_without_a_format_and_no_pattern_at_all_are_refused) {
  EXPECT_THROW(driver({{{"time_key", "at"}}}), logboom::ConfigError);
  EXPECT_THROW(driver({{{"format", "unknown"}}}), logboom::ConfigError);
  EXPECT_THROW(driver({}), logboom::ConfigError);
}

}  // namespace
