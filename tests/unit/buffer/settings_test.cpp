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

TEST(BufferSettings, what_is_tried_again_has_fluentds_defaults) {
  const BufferSettings settings = settings_of("");
  EXPECT_EQ(settings.retry.type, RetryType::exponential_backoff);
  EXPECT_EQ(settings.retry.wait, 1s);
  EXPECT_EQ(settings.retry.base, 2);
  EXPECT_FALSE(settings.retry.max_interval);
  EXPECT_EQ(settings.retry.timeout, 72h);
  EXPECT_FALSE(settings.retry.max_times);
  EXPECT_FALSE(settings.retry.forever);
  EXPECT_TRUE(settings.retry.randomize);
  EXPECT_EQ(settings.retry.secondary_threshold, 0.8);
  EXPECT_EQ(settings.commit_timeout, 60s);
  EXPECT_EQ(settings.slow_flush, 20s);
  EXPECT_EQ(settings.compression, BufferCompression::text);
  EXPECT_EQ(settings.flush_threads, 1u);
  EXPECT_TRUE(settings.flush_at_shutdown);
  EXPECT_TRUE(settings.keep_dead_letters);
  EXPECT_FALSE(settings.chunk_limit_records);
  EXPECT_FALSE(settings.queue_limit_length);
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

TEST(BufferSettings, record_fields_are_chunk_keys_too) {
  const BufferSettings settings =
      settings_of("<buffer tag, time, user_id, $.a.b, $.c[0], user_id>\ntimekey 1h\n</buffer>");
  EXPECT_TRUE(settings.by_tag);
  EXPECT_EQ(settings.fields, (std::vector<std::string>{"user_id", "$.a.b", "$.c[0]"}));
}

TEST(BufferSettings, a_buffer_in_a_file_is_larger_and_need_not_be_empty_at_the_end) {
  const BufferSettings memory = settings_of("<buffer>\n@type memory\n</buffer>");
  EXPECT_TRUE(memory.flush_at_shutdown);
  const BufferSettings file = settings_of("<buffer>\n@type file\n</buffer>");
  EXPECT_EQ(file.chunk_limit, 256u << 20);
  EXPECT_EQ(file.total_limit, std::uint64_t{64} << 30);
  EXPECT_FALSE(file.flush_at_shutdown);
  EXPECT_TRUE(settings_of("<buffer>\n@type file\nflush_at_shutdown true\n</buffer>").flush_at_shutdown);
}

TEST(BufferSettings, what_can_not_be_done_is_an_error_with_its_place) {
  EXPECT_NE(error_of("<buffer tag,$.a[>\n</buffer>").find("test.conf:2:1: <buffer>: the chunk key '$.a['"),
            std::string::npos);
  EXPECT_NE(error_of("<buffer time>\n</buffer>").find("needs a timekey"), std::string::npos);
  EXPECT_NE(error_of("<buffer>\nchunk_limit_size 1g\n</buffer>").find("test.conf:3:18: chunk_limit_size"),
            std::string::npos);
  EXPECT_NE(error_of("<buffer time>\ntimekey 1h\ntimekey_zone Nowhere/Land\n</buffer>").find("test.conf:4"),
            std::string::npos);
  EXPECT_NE(error_of("<buffer>\n</buffer>\n<buffer>\n</buffer>").find("only one"), std::string::npos);
}

TEST(BufferSettings, every_parameter_of_fluentd_is_known) {
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
    delayed_commit_timeout 30
    disable_chunk_backup true
    compress gzip
    retry_secondary_threshold 0.5
    flush_thread_interval 0.5
    flush_thread_burst_interval 2
  </buffer>)",
                                              {}, false, &warnings);
  EXPECT_EQ(settings.chunk_limit, 1u << 20);
  EXPECT_EQ(settings.flush_threads, 2u);
  EXPECT_EQ(settings.retry.type, RetryType::periodic);
  EXPECT_EQ(settings.retry.max_times, 7u);
  EXPECT_EQ(settings.slow_flush, 1500ms);
  EXPECT_EQ(settings.commit_timeout, 30s);
  EXPECT_FALSE(settings.keep_dead_letters);
  EXPECT_EQ(settings.compression, BufferCompression::gzip);
  EXPECT_EQ(settings.retry.secondary_threshold, 0.5);
  EXPECT_EQ(settings.idle_look, 500ms);
  EXPECT_EQ(settings.pause_after_write, 2s);
  EXPECT_TRUE(warnings.empty());
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
