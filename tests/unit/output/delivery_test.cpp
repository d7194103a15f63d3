#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "output/dead_letters.hpp"
#include "output/output_test_support.hpp"
#include "output/sink.hpp"

namespace logboom::plugins {
PluginInfo buf_memory();
}

namespace {

using namespace logboom;
using namespace logboom::test;
using ::testing::ElementsAre;
using ::testing::Pair;

using Status = WriteResult::Status;

/// Hands each chunk to the test, and keeps its commit.
class LateOutput : public ChunkOutput {
 public:
  WriteResult write(const Chunk& chunk) override {
    const std::lock_guard lock(mutex);
    ++writes;
    if (on_write) return on_write(chunk);
    commits.push_back(commit_later(chunk));
    if (settle_at_once) commits.back().settle({});
    return {Status::pending, {}, 0};
  }
  Commit commit(std::size_t index) {
    const std::lock_guard lock(mutex);
    return commits.at(index);
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return commits.size();
  }

  std::mutex mutex;
  std::vector<Commit> commits;
  std::function<WriteResult(const Chunk&)> on_write;
  std::atomic<bool> settle_at_once{false};
  std::atomic<int> writes{0};
};

class KeptLetters : public DeadLetters {
 public:
  bool store(const std::string& output_id, const Chunk& chunk, std::string_view reason) override {
    const std::lock_guard lock(mutex);
    if (!readable) throw ChunkUnreadable("it is damaged");
    chunk.for_each(
        [&](std::string_view, const Event& event) { letters[number_of(event)] = cat(output_id, " ", reason); });
    return keeps;
  }
  std::mutex mutex;
  std::map<std::int64_t, std::string> letters;
  bool keeps = true;
  bool readable = true;
};

BufferSettings at_once() {
  BufferSettings settings;
  settings.flush_mode = FlushMode::immediate;
  settings.chunk_limit_records = 1;
  settings.retry.wait = 1ms;
  settings.retry.randomize = false;
  settings.ack_when_written = true;
  return settings;
}

struct Fixture {
  explicit Fixture(const BufferSettings& settings, bool with_letters = true, ChunkOutput* secondary = nullptr) {
    SinkContext sink_context{"out", {}, context.test_log, context.test_metrics};
    if (with_letters) sink_context.dead_letters = &letters;
    sink = make_buffered_sink(output, secondary, make_output<Buffer>(plugins::buf_memory(), context), settings,
                              std::move(sink_context));
  }
  void put(std::int64_t n) {
    const BatchPtr batch = batch_of("t", n, 1);
    ASSERT_TRUE(sink->reserve(*batch));
    sink->append({batch, receipt_for(state)});
  }
  Stopped stop(std::chrono::milliseconds within = 10s) { return sink->stop(std::chrono::steady_clock::now() + within); }
  std::int64_t metric(std::string_view name) const { return context.test_metrics.sum(name); }

  ReceiptState state;
  TestContext context{"@type x"};
  LateOutput output;
  KeptLetters letters;
  std::unique_ptr<Sink> sink;
};

TEST(DelayedCommit, a_chunk_is_done_when_the_output_says_so_and_not_before) {
  Fixture f(at_once());
  f.sink->start();
  f.put(1);
  f.put(2);
  ASSERT_TRUE(eventually([&] { return f.output.count() == 2; })) << "the second is not held up by the first";
  EXPECT_EQ(f.state.confirmed, 0);
  EXPECT_EQ(f.sink->totals().buffered_events, 2u);
  f.output.commit(1).settle({});
  EXPECT_TRUE(eventually([&] { return f.state.confirmed == 1; }));
  f.output.commit(0).settle({});
  EXPECT_TRUE(eventually([&] { return f.state.confirmed == 2; }));
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_EQ(f.sink->totals().delivered, 2u);
}

TEST(DelayedCommit, may_be_settled_before_the_write_has_come_back) {
  Fixture f(at_once());
  f.output.settle_at_once = true;
  f.sink->start();
  for (int n = 0; n < 20; ++n) f.put(n);
  EXPECT_TRUE(eventually([&] { return f.state.confirmed == 20; }));
  EXPECT_EQ(f.stop(), Stopped::clean);
}

TEST(DelayedCommit, one_that_fails_or_comes_too_late_makes_the_chunk_come_again) {
  BufferSettings settings = at_once();
  settings.commit_timeout = 20ms;
  Fixture f(settings);
  f.sink->start();
  f.put(1);
  ASSERT_TRUE(eventually([&] { return f.output.count() >= 2; }));
  EXPECT_TRUE(f.context.test_log.has("it was not committed in time"));
  f.output.commit(0).settle({});
  EXPECT_EQ(f.state.confirmed, 0) << "that attempt is over";
  f.output.settle_at_once = true;
  EXPECT_TRUE(eventually([&] { return f.state.confirmed == 1; }));
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_EQ(f.sink->totals().delivered, 1u);
}

TEST(DelayedCommit, what_is_not_settled_at_the_end_is_counted_and_the_commit_may_outlive_the_output) {
  Commit commit;
  {
    Fixture f(at_once());
    f.sink->start();
    f.put(1);
    ASSERT_TRUE(eventually([&] { return f.output.count() == 1; }));
    EXPECT_EQ(f.stop(30ms), Stopped::left_over);
    EXPECT_EQ(f.state.failed, 1);
    EXPECT_EQ(f.sink->totals().dropped, 1u);
    commit = f.output.commit(0);
  }
  commit.settle({});
}

TEST(DeadLettersOfAnOutput, get_what_is_refused_or_has_failed_for_too_long_with_the_reason_and_nothing_else) {
  BufferSettings settings = at_once();
  settings.retry.max_times = 1;
  Fixture f(settings);
  f.output.on_write = [](const Chunk& chunk) -> WriteResult {
    std::int64_t n = 0;
    chunk.for_each([&](std::string_view, const Event& event) { n = number_of(event); });
    if (n == 1) return {Status::refused, "too large", 0};
    if (n == 2) return {Status::retry, "away", 0};
    return {};
  };
  f.sink->start();
  for (int n = 0; n < 5; ++n) f.put(n);
  EXPECT_TRUE(eventually([&] { return f.state.confirmed == 5; }));
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_EQ(f.letters.letters, (std::map<std::int64_t, std::string>{{1, "out refused: too large"},
                                                                    {2, "out given up after 2 attempts: away"}}));
  EXPECT_EQ(f.sink->totals().delivered, 3u);
  EXPECT_EQ(f.metric("logboom_output_dead_letter_events_total"), 2);
  EXPECT_EQ(f.metric("logboom_output_dropped_events_total"), 2);
}

TEST(DeadLettersOfAnOutput, get_the_single_events_that_can_not_be_written) {
  BufferSettings settings = at_once();
  settings.chunk_limit_records.reset();
  Fixture f(settings);
  f.output.on_write = [](const Chunk& chunk) {
    WriteResult result;
    chunk.for_each([&](std::string_view, const Event& event, std::uint64_t place) {
      if (number_of(event) % 3 == 0) result.add_invalid(place, event);
    });
    result.reason = "a multiple of three";
    return result;
  };
  const BatchPtr batch = batch_of("t", 1, 7);
  ASSERT_TRUE(f.sink->reserve(*batch));
  f.sink->append({batch, {}});
  f.sink->start();
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_EQ(f.letters.letters.size(), 2u);
  EXPECT_EQ(f.letters.letters[3], "out invalid: a multiple of three");
  EXPECT_EQ(f.sink->totals().delivered, 5u);
  EXPECT_EQ(f.sink->totals().dropped, 2u);
}

TEST(DeadLettersOfAnOutput, that_can_not_be_read_any_more_do_not_make_a_written_chunk_come_again) {
  Fixture f(at_once());
  f.letters.readable = false;
  f.output.on_write = [](const Chunk& chunk) {
    WriteResult result;
    chunk.for_each(
        [&](std::string_view, const Event& event, std::uint64_t place) { result.add_invalid(place, event); });
    return result;
  };
  f.sink->start();
  f.put(1);
  EXPECT_TRUE(eventually([&] { return f.state.confirmed == 1; }));
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_EQ(f.output.writes, 1);
  EXPECT_EQ(f.sink->totals().dropped, 1u);
  EXPECT_EQ(f.metric("logboom_output_dead_letter_events_total"), 0);
  EXPECT_TRUE(f.context.test_log.has("are no dead letters: it is damaged"));
  EXPECT_TRUE(f.context.test_log.has("can't be written and are dropped"));
}

TEST(DeadLettersOfAnOutput, get_the_single_events_that_the_secondary_output_can_not_write) {
  BufferSettings settings = at_once();
  settings.chunk_limit_records.reset();
  LateOutput second;
  second.on_write = [](const Chunk& chunk) {
    WriteResult result;
    chunk.for_each([&](std::string_view, const Event& event, std::uint64_t place) {
      if (number_of(event) == 2) result.add_invalid(place, event);
    });
    result.reason = "a two";
    return result;
  };
  Fixture f(settings, true, &second);
  f.output.on_write = [](const Chunk&) { return WriteResult{Status::refused, "no", 0}; };
  const BatchPtr batch = batch_of("t", 1, 3);
  ASSERT_TRUE(f.sink->reserve(*batch));
  f.sink->append({batch, {}});
  f.sink->start();
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_THAT(f.letters.letters, ElementsAre(Pair(2, "out invalid: a two")));
  EXPECT_EQ(f.sink->totals().delivered, 2u);
  EXPECT_EQ(f.sink->totals().dropped, 1u);
}

TEST(DeadLettersOfAnOutput, are_none_where_the_buffer_says_so_or_the_store_fails_and_the_log_tells_it) {
  BufferSettings settings = at_once();
  settings.keep_dead_letters = false;
  Fixture off(settings);
  off.output.on_write = [](const Chunk&) { return WriteResult{Status::refused, "no", 0}; };
  off.sink->start();
  off.put(1);
  EXPECT_EQ(off.stop(), Stopped::clean);
  EXPECT_TRUE(off.letters.letters.empty());
  EXPECT_TRUE(off.context.test_log.has("1 events are dropped"));

  Fixture broken(at_once());
  broken.letters.keeps = false;
  broken.output.on_write = off.output.on_write;
  broken.sink->start();
  broken.put(1);
  EXPECT_EQ(broken.stop(), Stopped::clean);
  EXPECT_TRUE(broken.context.test_log.has("the dead letters can't be written"));
  EXPECT_EQ(broken.metric("logboom_output_dead_letter_events_total"), 0);
  EXPECT_EQ(broken.sink->totals().dropped, 1u);
}

TEST(FlushThreads, wait_between_chunks_and_look_from_time_to_time_where_they_are_told_to) {
  for (const bool burst : {true, false}) {
    BufferSettings settings = at_once();
    (burst ? settings.pause_after_write : settings.idle_look) = 30ms;
    Fixture f(settings);
    std::vector<std::chrono::steady_clock::time_point> times;
    f.output.on_write = [&](const Chunk&) {
      times.push_back(std::chrono::steady_clock::now());
      return WriteResult{};
    };
    for (int n = 0; n < 3; ++n) f.put(n);
    f.sink->start();
    ASSERT_TRUE(eventually([&] { return f.state.confirmed == 3; }));
    if (burst) {
      EXPECT_GE(times[2] - times[0], 60ms);
    }
    // One that comes while the thread just looks is found at once: not five of them.
    const auto begin = std::chrono::steady_clock::now();
    for (int n = 3; n < 8; ++n) {
      f.put(n);
      ASSERT_TRUE(eventually([&] { return f.state.confirmed == n + 1; }));
    }
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 30ms);
    f.put(8);
    EXPECT_EQ(f.stop(), Stopped::clean) << "the end does not wait";
  }
}

}  // namespace
