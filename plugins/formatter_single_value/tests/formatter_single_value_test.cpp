#include <gtest/gtest.h>
#include <logboom/testing/formatter_driver.hpp>

namespace logboom::plugins {
PluginInfo formatter_single_value();
}

namespace {

using logboom::testing::FormatterDriver;

std::string line(std::string_view record, const FormatterDriver::Params& params = {}) {
  return FormatterDriver(logboom::plugins::formatter_single_value(), params).format("t", {}, record);
}

TEST(FormatterSingleValue, the_message_is_written_and_nothing_else) {
  EXPECT_EQ(line(R"({"a":1,"message":"he said \"hi\""})"), "he said \"hi\"\n");
}

TEST(FormatterSingleValue, the_key_and_the_line_end_can_be_set) {
  EXPECT_EQ(line(R"({"log":"a\n"})", {{"message_key", "log"}, {"add_newline", "false"}}), "a\n");
  EXPECT_EQ(line(R"({"message":"a"})", {{"newline", "crlf"}}), "a\r\n");
}

TEST(FormatterSingleValue, a_missing_or_empty_field_is_an_empty_line) {
  EXPECT_EQ(line(R"({"a":1})"), "\n");
  EXPECT_EQ(line(R"({"message":null})"), "\n");
  EXPECT_EQ(line(R"({"message":""})"), "\n");
}

TEST(FormatterSingleValue, what_is_no_text_is_written_as_json) {
  EXPECT_EQ(line(R"({"message":42})"), "42\n");
  EXPECT_EQ(line(R"({"message":{"a":[1]}})"), "{\"a\":[1]}\n");
}

TEST(FormatterSingleValue, bytes_that_are_not_utf8_are_written_as_they_are) {
  const std::string record("\x81\xa7message\xc4\x02\xff\x00", 13);
  const auto* data = reinterpret_cast<const std::uint8_t*>(record.data());
  FormatterDriver driver(logboom::plugins::formatter_single_value());
  EXPECT_EQ(driver.format("t", {}, logboom::msgpack::Value(data, data + record.size())), std::string("\xff\x00\n", 3));
}

}  // namespace
