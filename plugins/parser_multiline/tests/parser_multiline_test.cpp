#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_multiline();
}

namespace {

using logboom::testing::ParserDriver;
using Params = ParserDriver::Params;

ParserDriver driver(const Params& params) { return ParserDriver(logboom::plugins::parser_multiline(), params); }

const Params java{{"format_firstline", R"(/\d{4}-\d{1,2}-\d{1,2}/)"},
                  {"format1", R"(/^(?<time>\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}) \[(?<thread>.*?)\] )"
                              R"((?<level>[^\s]+)(?<message>.*)/)"},
                  {"time_format", "%Y-%m-%d %H:%M:%S"},
                  {"utc", "true"}};

TEST(ParserMultiline, a_record_may_have_several_lines) {
  ParserDriver parser = driver(java);
  constexpr std::string_view text =
      "2013-3-03 14:27:33 [main] ERROR Main - Exception\nx.Exception: foo\n\tat Main.main";
  EXPECT_EQ(parser.time(text), "1362320853");
  EXPECT_EQ(parser.record(text), R"({"thread":"main","level":"ERROR",)"
                                 R"("message":" Main - Exception\nx.Exception: foo\n\tat Main.main"})");
}

TEST(ParserMultiline, the_first_line_says_where_a_record_begins) {
  ParserDriver parser = driver(java);
  EXPECT_EQ(parser.parser().starts_record("2013-3-03 14:27:33 [main] INFO x"), true);
  EXPECT_EQ(parser.parser().starts_record("\tat Main.main"), false);
  EXPECT_EQ(driver({{"format1", "/(?<a>.*)/"}}).parser().starts_record("x"), std::nullopt);
}

TEST(ParserMultiline, the_formats_are_put_together) {
  ParserDriver parser = driver({{"format1", R"re(/^Started (?<method>[^ ]+) "(?<path>[^"]+)"\n/)re"},
                                {"format2", R"(/Processing by (?<controller>[^\n]+)\n/)"},
                                {"format3", R"(/(  Parameters: (?<parameters>[^\n]+)\n)?Completed (?<code>\d+)/)"},
                                {"types", "code:integer"}});
  EXPECT_EQ(parser.record("Started GET \"/u\"\nProcessing by U#show\n  Parameters: {}\nCompleted 200 OK"),
            R"({"method":"GET","path":"/u","controller":"U#show","parameters":"{}","code":200})");
  EXPECT_EQ(parser.record("Started GET \"/u\"\nProcessing by U#show\nCompleted 200 OK"),
            R"({"method":"GET","path":"/u","controller":"U#show","code":200})");
  EXPECT_EQ(parser.record("Started GET"), "error: the text does not match the regexp");
}

std::string refusal(const Params& params) {
  try {
    driver(params);
    return "accepted";
  } catch (const logboom::ConfigError& error) {
    return error.what();
  }
}

TEST(ParserMultiline, what_is_wrong_is_refused_at_its_place) {
  EXPECT_EQ(refusal({{"format1", "(?<a>.*)"}}), "test.conf:3:9: format1 is a regular expression between slashes: /…/");
  EXPECT_EQ(refusal({{"format1", "/(?<a>.*)/"}, {"format3", "/(?<b>.*)/"}}),
            "test.conf:4:1: format3 is there, but format2 is missing");
  EXPECT_EQ(refusal({{"format1", "/(?<a>.*)/"}, {"format_firstline", "/(/"}}).substr(0, 15), "test.conf:4:18:");
  EXPECT_NE(refusal({{"format1", "/x/"}}).find("no named groups"), std::string::npos);
  EXPECT_NE(refusal({}).find("no named groups"), std::string::npos);
}

}  // namespace
