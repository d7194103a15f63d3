#include <gtest/gtest.h>
#include <logboom/testing/formatter_driver.hpp>

namespace logboom::plugins {
PluginInfo formatter_stdout();
}

namespace {

using logboom::testing::FormatterDriver;

std::string line(const FormatterDriver::Params& params) {
  return FormatterDriver(logboom::plugins::formatter_stdout(), params).format("t.et", {1'700'000'000, 5}, R"({"a":1})");
}

TEST(FormatterStdout, a_line_has_time_zone_tag_and_record) {
  EXPECT_EQ(line({{"utc", "true"}}), "2023-11-14 22:13:20.000000005 +0000 t.et: {\"a\":1}\n");
}

TEST(FormatterStdout, the_time_can_be_formatted_otherwise) {
  EXPECT_EQ(line({{"timezone", "-0300"}, {"time_format", "%H:%M %z"}}), "19:13 -0300 t.et: {\"a\":1}\n");
}

TEST(FormatterStdout, an_output_type_that_is_no_formatter_is_refused_at_its_place) {
  EXPECT_EQ(line({{"output_type", "json"}, {"utc", "true"}}), line({{"utc", "true"}}));
  try {
    line({{"utc", "true"}, {"output_type", "hush"}});
    FAIL() << "accepted";
  } catch (const logboom::ConfigError& error) {
    EXPECT_EQ(error.pos().to_string(), "test.conf:4:13");
    EXPECT_NE(error.message().find("hush"), std::string::npos);
  }
}

}  // namespace
