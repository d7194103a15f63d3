#include <gtest/gtest.h>
#include <logboom/testing/formatter_driver.hpp>

namespace logboom::plugins {
PluginInfo formatter_json();
}

namespace {

using logboom::testing::FormatterDriver;

FormatterDriver driver(const FormatterDriver::Params& params = {}) {
  return FormatterDriver(logboom::plugins::formatter_json(), params);
}

TEST(FormatterJson, a_record_is_one_line) {
  EXPECT_EQ(driver().format("t", {1, 2}, R"({"b":[1,2.5,null,true],"a":{"x":"y"}})"),
            "{\"b\":[1,2.5,null,true],\"a\":{\"x\":\"y\"}}\n");
}

TEST(FormatterJson, the_line_end_can_be_left_out_or_be_crlf) {
  EXPECT_EQ(driver({{"add_newline", "false"}}).format("t", {}, "{}"), "{}");
  EXPECT_EQ(driver({{"newline", "crlf"}}).format("t", {}, "{}"), "{}\r\n");
}

TEST(FormatterJson, json_parser_is_accepted_with_a_warning_where_it_asks_for_another_one) {
  FormatterDriver yajl = driver({{"json_parser", "yajl"}});
  EXPECT_EQ(yajl.format("t", {}, R"({"a":1})"), "{\"a\":1}\n");
  EXPECT_EQ(yajl.warnings().size(), 1u);
  EXPECT_TRUE(driver({{"json_parser", "oj"}}).warnings().empty());
}

TEST(FormatterJson, invalid_utf8_is_replaced_or_passed_through) {
  const std::uint8_t record[] = {0x81, 0xa1, 'a', 0xa2, 'x', 0xff};
  const logboom::msgpack::Value value(record, record + sizeof record);
  EXPECT_EQ(driver().format("t", {}, value), "{\"a\":\"x\xef\xbf\xbd\"}\n");
  EXPECT_EQ(driver({{"invalid_utf8", "raw"}}).format("t", {}, value), "{\"a\":\"x\xff\"}\n");
}

TEST(FormatterJson, an_unknown_line_end_is_refused_at_its_place) {
  try {
    driver({{"newline", "cr"}});
    FAIL() << "accepted";
  } catch (const logboom::ConfigError& error) {
    EXPECT_EQ(error.pos().to_string(), "test.conf:3:9");
  }
}

}  // namespace
