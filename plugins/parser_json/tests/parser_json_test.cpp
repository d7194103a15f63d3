#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_json();
}

namespace {

using logboom::testing::ParsedRow;
using logboom::testing::ParserDriver;
using Params = ParserDriver::Params;

ParserDriver driver(const Params& params = {}) { return ParserDriver(logboom::plugins::parser_json(), params); }
std::string record(std::string_view text, const Params& params = {}) { return driver(params).record(text); }
std::string time(std::string_view text, const Params& params = {}) { return driver(params).time(text); }

TEST(ParserJson, an_object_is_a_record_with_its_keys_in_order) {
  constexpr std::string_view text = R"({"z":1,"a":{"b":[1,2.5,null,true]},"m":"ä\n","":"x"})";
  EXPECT_EQ(record(text), text);
  EXPECT_EQ(time(text), "");
  EXPECT_EQ(record(" {} \r\n"), "{}");
}

TEST(ParserJson, numbers_are_exact_to_64_bits) {
  EXPECT_EQ(record(R"({"a":18446744073709551615,"b":-9223372036854775808,"c":0.1,"d":123456789012345678901})"),
            R"({"a":18446744073709551615,"b":-9223372036854775808,"c":0.1,"d":1.2345678901234568e+20})");
}

TEST(ParserJson, the_time_is_a_number_of_seconds_and_leaves_the_record) {
  EXPECT_EQ(time(R"({"time":1700000000.123,"a":1})"), "1700000000.123000000");
  EXPECT_EQ(record(R"({"time":1700000000.123,"a":1})"), R"({"a":1})");
  EXPECT_EQ(time(R"({"a":1,"time":"1700000000"})"), "1700000000");
}

TEST(ParserJson, the_time_can_be_a_text_under_another_key) {
  const Params params{{"time_key", "at"}, {"time_format", "%Y-%m-%dT%H:%M:%S.%N%z"}};
  EXPECT_EQ(time(R"({"at":"2023-11-14T22:13:20.5Z","time":5})", params), "1700000000.500000000");
  EXPECT_EQ(record(R"({"at":"2023-11-14T22:13:20.5Z","time":5})", params), R"({"time":5})");
}

TEST(ParserJson, the_time_can_stay_in_the_record) {
  EXPECT_EQ(record(R"({"time":1700000000})", {{"keep_time_key", "true"}}), R"({"time":1700000000})");
}

TEST(ParserJson, a_text_where_seconds_were_expected_is_read_as_a_time) {
  EXPECT_EQ(time(R"({"time":"2023-11-14T22:13:20Z"})"), "1700000000");
}

TEST(ParserJson, a_time_that_can_not_be_read_is_a_failure_with_the_reason) {
  EXPECT_EQ(record(R"({"time":"soon"})"), "error: the time \"soon\" is not a number of seconds");
  EXPECT_EQ(record(R"({"time":null})"), "error: the time null is not a number of seconds");
  EXPECT_EQ(record(R"({"time":{"a":1}})", {{"time_format", "%s"}}),
            "error: the time {\"a\":1} is not of the format %s");
}

TEST(ParserJson, a_key_within_an_object_is_not_the_time) {
  EXPECT_EQ(record(R"({"a":{"time":"soon"}})"), R"({"a":{"time":"soon"}})");
}

TEST(ParserJson, types_and_nulls_apply_to_the_outermost_fields) {
  const Params params{{"types", "a:string,b:integer,c:float,d:bool,e:array,f:string"},
                      {"null_value_pattern", "/^-$/"},
                      {"null_empty_string", "true"}};
  EXPECT_EQ(record(R"({"a":1.5,"b":"12","c":3,"d":"yes","e":"x,y","f":{"g":"-"},"h":"-","i":"","j":null})", params),
            R"({"a":"1.5","b":12,"c":3.0,"d":true,"e":["x","y"],"f":"{\"g\":\"-\"}","h":null,"i":null,"j":null})");
  EXPECT_EQ(record(R"({"b":-7.9,"d":1,"e":[1]})", params), R"({"b":-7,"d":true,"e":["[1]"]})");
  EXPECT_EQ(time(R"({"a":1,"time":5})", params), "5");
}

TEST(ParserJson, each_object_of_an_array_is_a_record) {
  ParserDriver parser = driver();
  EXPECT_EQ(parser.parse(R"([{"a":1,"time":5},{"b":2}])"),
            (std::vector<ParsedRow>{{"5", R"({"a":1})"}, {"", R"({"b":2})"}}));
  EXPECT_TRUE(parser.parse("[]").empty());
}

TEST(ParserJson, objects_may_stand_one_after_the_other) {
  ParserDriver parser = driver();
  const std::vector<ParsedRow> rows{{"", R"({"a":1})"}, {"", R"({"b":2})"}, {"", R"({"c":3})"}};
  EXPECT_EQ(parser.parse("{\"a\":1}{\"b\":2}\n[{\"c\":3}]"), rows);
  EXPECT_EQ(parser.parse("{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n"), rows);
}

TEST(ParserJson, where_one_record_is_wrong_none_is_handed_over) {
  EXPECT_EQ(record(R"([{"a":1},5])"), "error: a JSON array whose element 2 is no object");
  EXPECT_EQ(record(R"([{"a":1},{"time":"soon"}])"), "error: the time \"soon\" is not a number of seconds");
  EXPECT_EQ(record("{\"a\":1}{\"b\":}").substr(0, 16), "error: not JSON:");
}

TEST(ParserJson, what_is_no_object_does_not_match) {
  for (const char* text : {"1", "\"x\"", "null", "true"}) EXPECT_EQ(record(text), "error: JSON, but no object") << text;
  for (const char* text :
       {"", "  ", "hello", "{", "{\"a\"}", "{\"a\":1} x", "{\"a\":1,}", "{'a':1}", "{\"a\":\"\xff\"}"}) {
    EXPECT_EQ(record(text).substr(0, 16), "error: not JSON:") << text;
  }
}

TEST(ParserJson, one_parser_reads_good_and_bad_texts_in_any_order) {
  ParserDriver parser = driver();
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(parser.record(R"({"a":1})"), R"({"a":1})");
    EXPECT_EQ(parser.record("{").substr(0, 6), "error:");
    EXPECT_EQ(parser.record(R"({"time":5,"b":2})"), R"({"b":2})");
  }
}

}  // namespace
