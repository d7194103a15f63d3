#include <gtest/gtest.h>
#include <logboom/testing/formatter_driver.hpp>

namespace logboom::plugins {
PluginInfo formatter_csv();
}

namespace {

using logboom::ConfigError;
using logboom::testing::FormatterDriver;

std::string row(std::string_view record, FormatterDriver::Params params = {}) {
  params.insert(params.begin(), {"fields", "a,b,c"});
  return FormatterDriver(logboom::plugins::formatter_csv(), params).format("t", {}, record);
}

TEST(FormatterCsv, fields_stand_in_the_order_of_the_configuration) {
  EXPECT_EQ(row(R"({"c":"3","x":"no","a":"1","b":"2"})"), "\"1\",\"2\",\"3\"\n");
}

TEST(FormatterCsv, missing_and_null_fields_are_empty) {
  EXPECT_EQ(row(R"({"a":"1","b":null})"), "\"1\",\"\",\"\"\n");
  EXPECT_EQ(row(R"({"a":"1","b":null})", {{"force_quotes", "false"}}), "1,,\n");
}

TEST(FormatterCsv, numbers_are_as_ruby_prints_them_and_nested_values_json) {
  EXPECT_EQ(row(R"({"a":1.5,"b":true,"c":[1,"x"]})"), "\"1.5\",\"true\",\"[1,\"\"x\"\"]\"\n");
}

TEST(FormatterCsv, quotes_are_doubled_and_line_ends_stay_inside_the_quotes) {
  EXPECT_EQ(row(R"({"a":"say \"hi\"","b":"x\ny","c":"\""})"), "\"say \"\"hi\"\"\",\"x\ny\",\"\"\"\"\n");
}

TEST(FormatterCsv, without_force_quotes_only_what_needs_them_has_quotes) {
  const FormatterDriver::Params params{{"force_quotes", "false"}};
  EXPECT_EQ(row(R"({"a":"x y","b":"x,y","c":"x\"y"})", params), "x y,\"x,y\",\"x\"\"y\"\n");
  EXPECT_EQ(row(R"({"a":"","b":"x\ry","c":" x"})", params), "\"\",\"x\ry\", x\n");
}

TEST(FormatterCsv, the_delimiter_may_be_a_tab) {
  EXPECT_EQ(row(R"({"a":"1","b":"2","c":"3"})", {{"delimiter", "TAB"}}), "\"1\"\t\"2\"\t\"3\"\n");
  EXPECT_EQ(row(R"({"a":"1","b":"x\ty"})", {{"delimiter", "\\t"}, {"force_quotes", "false"}}), "1\t\"x\ty\"\t\n");
}

TEST(FormatterCsv, nested_fields_are_found) {
  FormatterDriver driver(logboom::plugins::formatter_csv(), {{"fields", "$.m.level,$.list[1]"}});
  EXPECT_EQ(driver.format("t", {}, R"({"m":{"level":"info"},"list":[1,2]})"), "\"info\",\"2\"\n");
}

TEST(FormatterCsv, the_line_end_can_be_left_out_or_be_crlf) {
  EXPECT_EQ(row(R"({"a":1})", {{"add_newline", "false"}}), "\"1\",\"\",\"\"");
  EXPECT_EQ(row(R"({"a":1})", {{"newline", "crlf"}}), "\"1\",\"\",\"\"\r\n");
}

TEST(FormatterCsv, refuses_a_configuration_without_fields_or_delimiter) {
  EXPECT_THROW(FormatterDriver{logboom::plugins::formatter_csv()}, ConfigError);
  EXPECT_THROW(FormatterDriver(logboom::plugins::formatter_csv(), {{"fields", "[]"}}), ConfigError);
  EXPECT_THROW(FormatterDriver(logboom::plugins::formatter_csv(), {{"fields", "$["}}), ConfigError);
  EXPECT_THROW(row("{}", {{"delimiter", ""}}), ConfigError);
}

}  // namespace
