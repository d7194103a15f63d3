#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_tsv();
}

namespace {

using logboom::testing::ParserDriver;
using Params = ParserDriver::Params;

std::string record(std::string_view text, Params params = {}) {
  params.emplace_back("keys", "a,b,c");
  return ParserDriver(logboom::plugins::parser_tsv(), params).record(text);
}

TEST(ParserTsv, columns_get_the_names_of_keys_and_the_last_one_the_rest) {
  EXPECT_EQ(record("1\tx y\tz"), R"({"a":"1","b":"x y","c":"z"})");
  EXPECT_EQ(record("1\t2\t3\t4\t5"), R"({"a":"1","b":"2","c":"3\t4\t5"})");
}

TEST(ParserTsv, empty_columns_are_empty_and_missing_ones_null) {
  EXPECT_EQ(record("\t\t"), R"({"a":"","b":"","c":""})");
  EXPECT_EQ(record("1"), R"({"a":"1","b":null,"c":null})");
  EXPECT_EQ(record(""), R"({"a":null,"b":null,"c":null})");
}

TEST(ParserTsv, the_delimiter_can_be_any_text_and_a_blank_is_any_white_space) {
  EXPECT_EQ(record("1, 2,3, 4", {{"delimiter", ", "}}), R"({"a":"1","b":"2,3","c":"4"})");
  EXPECT_EQ(record("  1 \t 2  3 4", {{"delimiter", " "}}), R"({"a":"1","b":"2","c":"3 4"})");
  EXPECT_THROW(record("1", {{"delimiter", ""}}), logboom::ConfigError);
}

TEST(ParserTsv, types_and_nulls_apply) {
  EXPECT_EQ(record("1\t\tx", {{"types", "a:integer"}, {"null_empty_string", "true"}}), R"({"a":1,"b":null,"c":"x"})");
}

}  // namespace
