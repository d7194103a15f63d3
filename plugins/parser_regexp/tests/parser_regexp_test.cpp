#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_regexp();
}

namespace {

using logboom::testing::ParserDriver;
using Params = ParserDriver::Params;

ParserDriver driver(std::string expression, Params params = {}) {
  params.emplace_back("expression", std::move(expression));
  return ParserDriver(logboom::plugins::parser_regexp(), params);
}

TEST(ParserRegexp, named_groups_are_fields_in_their_order) {
  EXPECT_EQ(driver(R"(/^(?<b>\w+) (?<a>.*)$/)").record("x y z"), R"({"b":"x","a":"y z"})");
}

TEST(ParserRegexp, a_group_that_took_no_part_is_left_out) {
  EXPECT_EQ(driver("/^(?<a>x)?(?<b>.*)$/").record("y"), R"({"b":"y"})");
}

TEST(ParserRegexp, of_two_groups_of_one_name_the_last_counts) {
  EXPECT_EQ(driver("/^(?<a>x)(?<a>y)?$/").record("xy"), R"({"a":"y"})");
  EXPECT_EQ(driver("/^(?<a>x)(?<a>y)?$/").record("x"), R"({"a":"x"})");
}

TEST(ParserRegexp, the_time_is_taken_out_of_the_record) {
  ParserDriver parser = driver(R"(/^(?<time>\S+) (?<a>.*)$/)", {{"time_format", "%Y-%m-%dT%H:%M:%S"}, {"utc", "true"}});
  EXPECT_EQ(parser.time("2023-11-14T22:13:20 x"), "1700000000");
  EXPECT_EQ(parser.record("2023-11-14T22:13:20 x"), R"({"a":"x"})");
  EXPECT_EQ(driver(R"(/(?<a>.*)/)").time("x"), "");
}

TEST(ParserRegexp, the_time_can_be_kept_and_be_another_field) {
  ParserDriver parser = driver(R"(/^(?<at>\S+) (?<time>.*)$/)",
                               {{"time_key", "at"}, {"keep_time_key", "true"}, {"time_type", "unixtime"}});
  EXPECT_EQ(parser.time("1700000000 x"), "1700000000");
  EXPECT_EQ(parser.record("1700000000 x"), R"({"at":"1700000000","time":"x"})");
}

TEST(ParserRegexp, a_time_that_can_not_be_read_is_a_failure_with_the_reason) {
  EXPECT_EQ(driver("/^(?<time>.*)$/", {{"time_format", "%Y"}}).record("soon"),
            "error: the time \"soon\" is not of the format %Y");
}

TEST(ParserRegexp, fields_get_their_types) {
  ParserDriver parser =
      driver("/^(?<n>[^ ]*) (?<f>[^ ]*) (?<b>[^ ]*) (?<l>[^ ]*)$/", {{"types", "n:integer,f:float,b:bool,l:array:|"}});
  EXPECT_EQ(parser.record("12 1.5 Yes a|b||"), R"({"n":12,"f":1.5,"b":true,"l":["a","b"]})");
  EXPECT_EQ(parser.record("1_000x 1e3s no |a"), R"({"n":1000,"f":1000.0,"b":false,"l":["","a"]})");
  EXPECT_EQ(parser.record("x . 1 "), R"({"n":0,"f":0.0,"b":true,"l":[]})");
  EXPECT_EQ(parser.record("-99999999999999999999 -.5 1 a"), R"({"n":-1.0e+20,"f":-0.5,"b":true,"l":["a"]})");
  EXPECT_EQ(parser.record("18446744073709551615 inf 1 a"), R"({"n":18446744073709551615,"f":0.0,"b":true,"l":["a"]})");
}

TEST(ParserRegexp, a_field_can_be_a_time_with_a_zone_and_a_format) {
  EXPECT_EQ(driver("/^(?<t>.*)$/", {{"types", "t:time:+09:00:%H:%M %Y-%m-%d"}}).record("07:13 2023-11-15"),
            R"({"t":1699999980.000000000})");
  EXPECT_EQ(driver("/^(?<t>.*)$/", {{"types", "t:time:unixtime"}}).record("1700000000"),
            R"({"t":1700000000.000000000})");
  EXPECT_EQ(driver("/^(?<t>.*)$/", {{"types", "t:time:%Y"}}).record("soon"), R"({"t":null})");
}

TEST(ParserRegexp, empty_texts_and_those_of_a_pattern_can_be_null) {
  const Params params{{"null_value_pattern", "^-$"}, {"null_empty_string", "true"}, {"types", "a:integer,b:integer"}};
  EXPECT_EQ(driver("/^(?<a>[^ ]*) (?<b>[^ ]*) (?<c>.*)$/", params).record("-  x-"), R"({"a":null,"b":null,"c":"x-"})");
}

TEST(ParserRegexp, flags_are_those_of_the_expression_or_of_the_parameters) {
  EXPECT_EQ(driver("/^a(?<x>.*)z$/i").record("AbZ"), R"({"x":"b"})");
  EXPECT_EQ(driver("/^a(?<x>.*)z$/", {{"ignorecase", "true"}}).record("AbZ"), R"({"x":"b"})");
  EXPECT_EQ(driver("/^a(?<x>.*)z$/").record("a\nz"), "error: the text does not match the regexp");
  EXPECT_EQ(driver("/^a(?<x>.*)z$/m").record("a\nz"), R"({"x":"\n"})");
  EXPECT_EQ(driver("/^a(?<x>.*)z$/", {{"multiline", "true"}}).record("a\nz"), R"({"x":"\n"})");
}

TEST(ParserRegexp, a_search_without_end_is_given_up) {
  ParserDriver parser = driver("/^(?<x>(a|aa)+)$/", {{"timeout", "1ms"}});
  EXPECT_EQ(parser.record(std::string(40, 'a') + "b").substr(0, 22), "error: regexp gave up:");
  EXPECT_EQ(parser.record("aaa"), R"({"x":"aaa"})");
}

TEST(ParserRegexp, text_that_is_not_utf8_matches_where_it_can) {
  EXPECT_EQ(driver("/^(?<a>.*) (?<b>.*)$/").record("caf\xe9 x"), "{\"a\":\"caf\xef\xbf\xbd\",\"b\":\"x\"}");
}

TEST(ParserRegexp, more_than_fifteen_fields_make_a_larger_map) {
  std::string expression = "/^";
  std::string text, json;
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    expression += "(?<k" + n + ">[^ ]*) ?";
    text += n + " ";
    json += (i == 0 ? "{" : ",") + std::string("\"k") + n + "\":\"" + n + "\"";
  }
  EXPECT_EQ(driver(expression + "$/").record(text), json + "}");
}

TEST(ParserRegexp, an_expression_that_is_wrong_is_refused_at_its_place) {
  for (const char* expression : {"/(?<a>x/", "/no groups/"}) {
    try {
      driver(expression);
      FAIL() << "accepted " << expression;
    } catch (const logboom::ConfigError& error) {
      EXPECT_EQ(error.pos().to_string(), "test.conf:3:12");
    }
  }
  EXPECT_THROW(ParserDriver{logboom::plugins::parser_regexp()}, logboom::ConfigError);
}

TEST(ParserRegexp, an_unknown_type_and_a_wrong_zone_are_refused) {
  EXPECT_THROW(driver("/(?<a>x)/", {{"types", "a:number"}}), logboom::ConfigError);
  EXPECT_THROW(driver("/(?<a>x)/", {{"types", "a:time:%q"}}), logboom::ConfigError);
  EXPECT_THROW(driver("/(?<a>x)/", {{"timezone", "Mars/Olympus"}}), logboom::ConfigError);
  EXPECT_THROW(driver("/(?<a>x)/", {{"time_format", "%q"}}), logboom::ConfigError);
  EXPECT_THROW(driver("/(?<a>x)/", {{"time_type", "mixed"}}), logboom::ConfigError);
  EXPECT_THROW(driver("/(?<a>x)/", {{"null_value_pattern", "("}}), logboom::ConfigError);
  EXPECT_THROW(driver("/(?<a>x)/", {{"utc", "true"}, {"localtime", "true"}}), logboom::ConfigError);
}

TEST(ParserRegexp, times_of_several_formats) {
  ParserDriver parser = driver("/^(?<time>.*)$/", {{"time_type", "mixed"},
                                                   {"utc", "true"},
                                                   {"time_format", "%d/%m/%Y"},
                                                   {"time_format_fallbacks", "unixtime, %iso8601"}});
  EXPECT_EQ(parser.time("14/11/2023"), "1699920000");
  EXPECT_EQ(parser.time("1700000000"), "1700000000");
  EXPECT_EQ(parser.time("2023-11-14T22:13:20.5Z"), "1700000000.500000000");
  EXPECT_EQ(parser.time("x"),
            "error: the time \"x\" is not of the format %d/%m/%Y, a number of seconds or an ISO 8601 time");
}

}  // namespace
