#pragma once

#include <gtest/gtest.h>

#include <logboom/testing.hpp>

#include "../events.hpp"

/// What the tests of this folder share.
namespace logboom::in_syslog::tests {

inline constexpr std::int64_t noon_2026_11_25 = 1795608000;
inline constexpr EventTime arrival{1, 5};  // so that a time that is the arrival's shows

inline Settings settings_with(Options options = {}) {
  Settings settings;
  settings.options = std::move(options);
  settings.options.tag = "t";
  settings.parser.with_priority = true;
  settings.clock = [] { return noon_2026_11_25; };
  settings.set_names();
  return settings;
}

struct Message {
  std::string_view text;
  std::string_view expected;  // facility.severity, the time or "arrival", and the record
};

/// Gives each message to an Events of these settings; one event must come of it.
inline void expect_messages(std::initializer_list<Message> messages, const Settings& settings = settings_with()) {
  testing::FakeHost host;
  Shared shared(settings, host);
  for (const Message& message : messages) {
    testing::FakeConnection connection;
    Events events(connection, shared, "test");
    events.add(message.text, false, arrival);
    events.flush();
    const std::vector<testing::Row> rows = connection.rows();
    ASSERT_EQ(rows.size(), 1u) << message.text;
    const std::string time = rows[0].time == "1.000000005" ? "arrival" : rows[0].time;
    EXPECT_EQ(cat(rows[0].tag.substr(2), " ", time, " ", rows[0].record), message.expected) << message.text;
  }
}

}  // namespace logboom::in_syslog::tests
