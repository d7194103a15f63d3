#include <gtest/gtest.h>
#include <logboom/testing/formatter_driver.hpp>

namespace logboom::plugins {
PluginInfo formatter_tsv();
}

namespace {

using logboom::testing::FormatterDriver;

std::string row(std::string_view record, FormatterDriver::Params params = {}) {
  params.insert(params.begin(), {"keys", "a,b,c"});
  return FormatterDriver(logboom::plugins::formatter_tsv(), params).format("t", {}, record);
}

TEST(FormatterTsv, values_stand_in_the_order_of_the_keys) {
  EXPECT_EQ(row(R"({"c":3,"x":"no","a":"1","b":2.0})"), "1\t2.0\t3\n");
}

TEST(FormatterTsv, missing_and_null_are_empty_and_nested_values_json) {
  EXPECT_EQ(row(R"({"b":null,"c":{"d":[1]}})"), "\t\t{\"d\":[1]}\n");
}

TEST(FormatterTsv, an_event_stays_one_row) {
  EXPECT_EQ(row(R"({"a":"x\ty\r\nz","b":"\n","c":"e\r"})"), "x y z\t \te \n");
}

TEST(FormatterTsv, delimiter_and_replacement_can_be_set) {
  EXPECT_EQ(row(R"({"a":"1, 2,3","b":"\t"})", {{"delimiter", ", "}, {"replacement", ";"}}), "1;2,3, \t, \n");
}

TEST(FormatterTsv, the_line_end_can_be_left_out_or_be_crlf) {
  EXPECT_EQ(row(R"({"a":1})", {{"add_newline", "false"}}), "1\t\t");
  EXPECT_EQ(row(R"({"a":1})", {{"newline", "crlf"}}), "1\t\t\r\n");
}

TEST(FormatterTsv, needs_keys) {
  EXPECT_THROW(FormatterDriver{logboom::plugins::formatter_tsv()}, logboom::ConfigError);
}

}  // namespace
