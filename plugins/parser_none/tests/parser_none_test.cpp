#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_none();
}

namespace {

using logboom::testing::ParserDriver;

std::string record(std::string_view text, const ParserDriver::Params& params = {}) {
  return ParserDriver(logboom::plugins::parser_none(), params).record(text);
}

TEST(ParserNone, the_text_is_the_message) {
  EXPECT_EQ(record("Hello, \"world\""), R"({"message":"Hello, \"world\""})");
  EXPECT_EQ(record(""), R"({"message":""})");
}

TEST(ParserNone, the_field_can_be_named) { EXPECT_EQ(record("x", {{"message_key", "log"}}), R"({"log":"x"})"); }

TEST(ParserNone, types_and_nulls_apply) {
  EXPECT_EQ(record("12", {{"types", "message:integer"}}), R"({"message":12})");
  EXPECT_EQ(record("", {{"null_empty_string", "true"}}), R"({"message":null})");
}

TEST(ParserNone, it_never_takes_the_text_for_a_time) {
  EXPECT_EQ(record("hello", {{"time_key", "message"}}), R"({"message":"hello"})");
}

}  // namespace
