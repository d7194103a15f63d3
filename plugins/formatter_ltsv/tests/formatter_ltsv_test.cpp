#include <gtest/gtest.h>
#include <logboom/testing/formatter_driver.hpp>

namespace logboom::plugins {
PluginInfo formatter_ltsv();
}

namespace {

using logboom::testing::FormatterDriver;

std::string line(std::string_view record, const FormatterDriver::Params& params = {}) {
  return FormatterDriver(logboom::plugins::formatter_ltsv(), params).format("t", {}, record);
}

TEST(FormatterLtsv, fields_are_labelled_and_stand_with_tabs_between) {
  EXPECT_EQ(line(R"({"a":"x","b":"","c":5})"), "a:x\tb:\tc:5\n");
  EXPECT_EQ(line("{}"), "\n");
}

TEST(FormatterLtsv, null_is_empty_and_nested_values_are_json) {
  EXPECT_EQ(line(R"({"a":null,"b":[1,"x"],"c":true})"), "a:\tb:[1,\"x\"]\tc:true\n");
}

TEST(FormatterLtsv, tabs_and_line_ends_in_a_value_become_spaces) {
  EXPECT_EQ(line(R"({"a":"x\ty\nz\r\n","b\tc":"\t"})"), "a:x y z \tb c: \n");
}

TEST(FormatterLtsv, delimiters_and_replacement_can_be_set) {
  const FormatterDriver::Params params{{"delimiter", ", "}, {"label_delimiter", "="}, {"replacement", "_"}};
  EXPECT_EQ(line(R"({"a":"1,2, 3","b":"x"})", params), "a=1,2_3, b=x\n");
}

TEST(FormatterLtsv, the_line_end_can_be_left_out_or_be_crlf) {
  EXPECT_EQ(line(R"({"a":1})", {{"add_newline", "false"}}), "a:1");
  EXPECT_EQ(line(R"({"a":1})", {{"newline", "crlf"}}), "a:1\r\n");
}

}  // namespace
