#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_csv();
}

namespace {

using logboom::testing::ParserDriver;
using Params = ParserDriver::Params;

ParserDriver driver(Params params = {}) {
  params.emplace_back("keys", "a,b,c");
  return ParserDriver(logboom::plugins::parser_csv(), params);
}
std::string record(std::string_view text, const Params& params = {}) { return driver(params).record(text); }
std::string fast(std::string_view text) { return record(text, {{"parser_engine", "fast"}}); }

TEST(ParserCsv, columns_get_the_names_of_keys) {
  EXPECT_EQ(record("1,x y,z"), R"({"a":"1","b":"x y","c":"z"})");
  EXPECT_EQ(record("1, x ,z\r\n"), R"({"a":"1","b":" x ","c":"z"})");
}

TEST(ParserCsv, a_column_in_quotes_may_hold_delimiters_line_ends_and_doubled_quotes) {
  EXPECT_EQ(record("\"1,2\",\"x \"\"y\"\"\",\"z\n\""), R"({"a":"1,2","b":"x \"y\"","c":"z\n"})");
  EXPECT_EQ(record(R"("""","""""","x""")"), R"({"a":"\"","b":"\"\"","c":"x\""})");
}

TEST(ParserCsv, empty_columns_are_null_and_empty_quotes_an_empty_text) {
  EXPECT_EQ(record(",\"\","), R"({"a":null,"b":"","c":null})");
  EXPECT_EQ(record("1"), R"({"a":"1","b":null,"c":null})");
  EXPECT_EQ(record("\n"), R"({"a":null,"b":null,"c":null})");
}

TEST(ParserCsv, columns_without_a_name_are_left_out) { EXPECT_EQ(record("1,2,3,4,5"), R"({"a":"1","b":"2","c":"3"})"); }

TEST(ParserCsv, only_the_first_row_counts) { EXPECT_EQ(record("1,2,3\n4,5,6"), R"({"a":"1","b":"2","c":"3"})"); }

TEST(ParserCsv, wrong_quotes_are_refused) {
  EXPECT_EQ(record("1,\"x"), "error: no CSV: a quote is not closed");
  EXPECT_EQ(record("1,x\"y\",3"), "error: no CSV: a quote stands within a column");
  EXPECT_EQ(record("1,\"x\"y,3"), "error: no CSV: something stands behind a closing quote");
  EXPECT_EQ(record("1,2,3,\"x"), "error: no CSV: a quote is not closed");
  EXPECT_EQ(record(""), "error: no CSV: the text is empty");
}

TEST(ParserCsv, the_delimiter_can_be_any_text) {
  EXPECT_EQ(record("1;2;\"3;4\"", {{"delimiter", ";"}}), R"({"a":"1","b":"2","c":"3;4"})");
  EXPECT_EQ(record("1||2|x||\"3||4\"", {{"delimiter", "||"}}), R"({"a":"1","b":"2|x","c":"3||4"})");
  EXPECT_THROW(record("1", {{"delimiter", ""}}), logboom::ConfigError);
}

TEST(ParserCsv, types_and_the_time_are_those_of_all_parsers) {
  const Params params{{"types", "b:integer"}, {"time_key", "a"}, {"time_type", "unixtime"}};
  EXPECT_EQ(driver(params).time("1700000000,2,3"), "1700000000");
  EXPECT_EQ(record("1700000000,2,3", params), R"({"b":2,"c":"3"})");
  EXPECT_EQ(record("\"17\"\"\",2,3", params), R"(error: the time "17\"" is not a number of seconds)");
}

TEST(ParserCsv, the_fast_engine_reads_usual_rows_in_the_same_way) {
  for (const char* text : {"1,x y,z", "\"1,2\",x,\"z\"", ",\"\",", "\"a\"\"b\",c,d\n", "1,2,3,4\r\n"}) {
    EXPECT_EQ(fast(text), record(text)) << text;
  }
}

TEST(ParserCsv, the_fast_engine_takes_any_text_and_leaves_out_what_is_not_there) {
  EXPECT_EQ(fast("1"), R"({"a":"1"})");
  EXPECT_EQ(fast(""), "{}");
  EXPECT_EQ(fast("x\"y,2,3"), R"({"a":"x\"y","b":"2","c":"3"})");
  EXPECT_EQ(fast("1,\"x,y"), R"({"a":"1","b":"x,"})");
  EXPECT_EQ(fast("\",2,3"), R"({"a":",2,"})");
  EXPECT_EQ(fast("\""), R"({"a":""})");
  EXPECT_EQ(fast("\"a,b\"\"c,d\",e"), R"({"a":"a,b\"\"c,d","b":"e"})") << "as Fluentd has it: cut first";
}

TEST(ParserCsv, keys_are_required) { EXPECT_THROW(ParserDriver{logboom::plugins::parser_csv()}, logboom::ConfigError); }

}  // namespace
