#include <gtest/gtest.h>
#include <logboom/testing/formatter_driver.hpp>

namespace logboom::plugins {
PluginInfo formatter_msgpack();
}

namespace {

TEST(FormatterMsgpack, the_bytes_are_written_as_they_came) {
  // A map header and an integer that are wider than they need to be.
  const std::string record(
      "\xde\x00\x01\xa1"
      "a\xd3\x00\x00\x00\x00\x00\x00\x00\x01",
      14);
  const auto* data = reinterpret_cast<const std::uint8_t*>(record.data());
  logboom::testing::FormatterDriver driver(logboom::plugins::formatter_msgpack());
  EXPECT_EQ(driver.format("t", {}, logboom::msgpack::Value(data, data + record.size())), record);
}

}  // namespace
