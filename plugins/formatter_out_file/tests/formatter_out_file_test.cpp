#include <gtest/gtest.h>
#include <logboom/testing/formatter_driver.hpp>

namespace logboom::plugins {
PluginInfo formatter_out_file();
}

namespace {

using logboom::EventTime;
using logboom::testing::FormatterDriver;

constexpr EventTime when{1'700'000'000, 5};

std::string line(FormatterDriver::Params params) {
  return FormatterDriver(logboom::plugins::formatter_out_file(), params).format("f.a", when, R"({"a":1})");
}

TEST(FormatterOutFile, time_tag_and_record_stand_with_tabs_between) {
  EXPECT_EQ(line({{"utc", "true"}}), "2023-11-14T22:13:20Z\tf.a\t{\"a\":1}\n");
}

TEST(FormatterOutFile, time_and_tag_can_be_left_out) {
  EXPECT_EQ(line({{"output_time", "false"}}), "f.a\t{\"a\":1}\n");
  EXPECT_EQ(line({{"output_time", "false"}, {"output_tag", "false"}}), "{\"a\":1}\n");
}

TEST(FormatterOutFile, the_delimiter_is_a_word) {
  EXPECT_EQ(line({{"output_time", "false"}, {"delimiter", "SPACE"}}), "f.a {\"a\":1}\n");
  EXPECT_EQ(line({{"output_time", "false"}, {"delimiter", "COMMA"}}), "f.a,{\"a\":1}\n");
}

TEST(FormatterOutFile, another_delimiter_is_a_tab_and_a_warning) {
  FormatterDriver driver(logboom::plugins::formatter_out_file(), {{"output_time", "false"}, {"delimiter", ";"}});
  EXPECT_EQ(driver.format("f.a", when, "{}"), "f.a\t{}\n");
  ASSERT_EQ(driver.warnings().size(), 1u);
  EXPECT_TRUE(driver.warnings()[0].starts_with("test.conf:4:11: ")) << driver.warnings()[0];
}

TEST(FormatterOutFile, the_zone_and_the_format_of_the_time_can_be_set) {
  EXPECT_EQ(line({{"timezone", "+09:00"}}), "2023-11-15T07:13:20+09:00\tf.a\t{\"a\":1}\n");
  EXPECT_EQ(line({{"localtime", "false"}, {"time_format", "%H:%M:%S.%3N"}}), "22:13:20.000\tf.a\t{\"a\":1}\n");
}

TEST(FormatterOutFile, the_time_can_be_a_number) {
  EXPECT_EQ(line({{"time_type", "unixtime"}}), "1700000000\tf.a\t{\"a\":1}\n");
  EXPECT_EQ(line({{"time_type", "float"}}), "1700000000.0\tf.a\t{\"a\":1}\n");
}

TEST(FormatterOutFile, utc_and_localtime_together_are_refused) {
  EXPECT_THROW(line({{"utc", "true"}, {"localtime", "true"}}), logboom::ConfigError);
}

TEST(FormatterOutFile, an_unknown_zone_is_refused_at_its_place) {
  try {
    line({{"timezone", "Mars/Olympus"}});
    FAIL() << "accepted";
  } catch (const logboom::ConfigError& error) {
    EXPECT_EQ(error.pos().to_string(), "test.conf:3:10");
  }
}

TEST(FormatterOutFile, times_of_one_second_and_of_others_are_right_in_any_order) {
  FormatterDriver driver(logboom::plugins::formatter_out_file(), {{"utc", "true"}, {"time_format", "%S.%N"}});
  EXPECT_EQ(driver.format("t", {20, 1}, "{}"), "20.000000001\tt\t{}\n");
  EXPECT_EQ(driver.format("t", {20, 999'999'999}, "{}"), "20.999999999\tt\t{}\n");
  EXPECT_EQ(driver.format("t", {19, 0}, "{}"), "19.000000000\tt\t{}\n");
  EXPECT_EQ(driver.format("t", {20, 2}, "{}"), "20.000000002\tt\t{}\n");
}

}  // namespace
