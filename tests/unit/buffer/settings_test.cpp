#include <gtest/gtest.h>

#include "output/output_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;

BufferDefaults file_like() {
  BufferDefaults defaults;
  defaults.flush_interval = 1s;
  defaults.chunk_keys = {"time"};
  defaults.timekey = std::chrono::hours(24);
  return defaults;
}

BufferSettings settings_of(const std::string& text, const BufferDefaults& defaults = {}, bool waits = false,
                           std::vector<std::string>* warnings = nullptr) {
  TestContext context(text);
  return buffer_settings(context.element(), defaults, waits, [&](const SourcePos&, std::string message) {
    if (warnings != nullptr) warnings->push_back(std::move(message));
  });
}

std::string error_of(const std::string& text, const BufferDefaults& defaults = {}) {
  try {
    settings_of(text, defaults);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(BufferSettings, the_defaults_are_those_of_the_output) {
  const BufferSettings settings = settings_of("");
  EXPECT_EQ(settings.flush_mode, FlushMode::interval);
  EXPECT_EQ(settings.flush_interval, 60s);
  EXPECT_EQ(settings.total_limit, 512u << 20);
  EXPECT_EQ(settings.chunk_limit, 8u << 20);
  EXPECT_EQ(settings.overflow_action, OverflowAction::block);
  EXPECT_FALSE(settings.by_tag);
  BufferDefaults defaults;
  defaults.immediate = true;
  EXPECT_EQ(settings_of("", defaults).flush_mode, FlushMode::immediate);
  EXPECT_EQ(settings_of("<buffer>\nflush_interval 2s\n</buffer>", defaults).flush_mode, FlushMode::interval);
}

TEST(BufferSettings, a_timekey_cuts_chunks_only_where_the_output_waits_for_slices) {
  EXPECT_EQ(settings_of("", file_like()).flush_mode, FlushMode::interval);
  EXPECT_FALSE(settings_of("", file_like()).by_time);
  EXPECT_EQ(settings_of("", file_like()).timekey, std::chrono::hours(24));
  const BufferSettings waiting = settings_of("<buffer time>\ntimekey 1h\n</buffer>", file_like(), true);
  EXPECT_TRUE(waiting.by_time);
  EXPECT_EQ(waiting.flush_mode, FlushMode::lazy);
  EXPECT_EQ(waiting.timekey, 1h);
  EXPECT_EQ(waiting.timekey_wait, 10min);
}

TEST(BufferSettings, chunk_keys_are_the_sections_argument) {
  EXPECT_FALSE(settings_of("<buffer []>\n</buffer>", file_like()).timekey);
  const BufferSettings both = settings_of("<buffer tag, time>\n</buffer>", file_like());
  EXPECT_TRUE(both.by_tag);
  EXPECT_TRUE(both.timekey);
  EXPECT_TRUE(settings_of("<buffer [\"tag\"]>\n</buffer>").by_tag);
}

TEST(BufferSettings, what_can_not_be_done_is_an_error_with_its_place) {
  EXPECT_NE(error_of("<buffer tag,container>\n</buffer>").find("test.conf:2:1: <buffer>: the chunk key 'container'"),
            std::string::npos);
  EXPECT_NE(error_of("<buffer time>\n</buffer>").find("needs a timekey"), std::string::npos);
  EXPECT_NE(error_of("<buffer>\nchunk_limit_size 1g\n</buffer>").find("test.conf:3:18: chunk_limit_size"),
            std::string::npos);
  EXPECT_NE(error_of("<buffer time>\ntimekey 1h\ntimekey_zone Nowhere/Land\n</buffer>").find("test.conf:4"),
            std::string::npos);
  EXPECT_NE(error_of("<buffer>\n</buffer>\n<buffer>\n</buffer>").find("only one"), std::string::npos);
}

TEST(BufferSettings, every_parameter_of_fluentd_is_known_and_those_without_effect_are_named) {
  std::vector<std::string> warnings;
  const BufferSettings settings = settings_of(R"(<buffer time>
    @type memory
    chunk_limit_size 1m
    total_limit_size 10m
    chunk_limit_records 5
    queue_limit_length 6
    timekey 1h
    timekey_wait 5s
    timekey_use_utc true
    flush_mode interval
    flush_interval 3s
    flush_thread_count 2
    flush_at_shutdown false
    overflow_action drop_oldest_chunk
    retry_type periodic
    retry_wait 2s
    retry_exponential_backoff_base 3
    retry_timeout 1h
    retry_max_times 7
    retry_max_interval 1m
    retry_forever true
    retry_randomize false
    slow_flush_log_threshold 1.5
    delayed_commit_timeout 60
    disable_chunk_backup true
    compress gzip
  </buffer>)",
                                              {}, false, &warnings);
  EXPECT_EQ(settings.chunk_limit, 1u << 20);
  EXPECT_EQ(settings.flush_threads, 2u);
  EXPECT_EQ(settings.retry.type, RetryType::periodic);
  EXPECT_EQ(settings.retry.max_times, 7u);
  EXPECT_EQ(settings.slow_flush, 1500ms);
  EXPECT_EQ(warnings, (std::vector<std::string>{"<buffer>: 'delayed_commit_timeout' has no effect here",
                                                "<buffer>: 'disable_chunk_backup' has no effect here",
                                                "<buffer>: 'compress' has no effect here"}));
}

TEST(TimeSlices, are_aligned_to_the_zones_midnight) {
  TimeSlices tokyo(std::chrono::hours(24), TimeZone::fixed(9h));
  EXPECT_EQ(tokyo.start_of(1700000000), 1699974000);
  EXPECT_EQ(tokyo.end(), 1699974000 + 86400);
  TimeSlices utc(std::chrono::hours(24), TimeZone::utc());
  EXPECT_EQ(utc.start_of(1700000000), 1699920000);
  EXPECT_EQ(utc.start_of(-1), -86400);
}

}  // namespace
