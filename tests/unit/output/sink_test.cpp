#include "output/sink.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <stdexcept>

#include "output/dead_letters.hpp"
#include "output/output_test_support.hpp"

namespace logboom::plugins {
PluginInfo buf_memory();
}

namespace {

using namespace logboom;
using namespace logboom::test;

/// An output that does what the test says, and writes down what it got.
class ScriptedOutput : public ChunkOutput {
 public:
  WriteResult write(const Chunk& chunk) override {
    ++writes;
    std::unique_lock lock(mutex);
    open.wait(lock, [this] { return !blocked; });
    if (on_write) {
      if (WriteResult result = on_write(chunk); result.status != WriteResult::Status::done) return result;
    }
    chunk.for_each([this](std::string_view, const Event& event) { numbers.push_back(number_of(event)); });
    return {};
  }
  void idle() override { ++idles; }
  void reopen() override { ++reopens; }
  void stop() override { ++stops; }
  void interrupt() noexcept override {
    const std::lock_guard lock(mutex);
    blocked = blocked && ignores_interrupt;
    open.notify_all();
  }
  void unblock() {
    const std::lock_guard lock(mutex);
    blocked = false;
    open.notify_all();
  }

  std::mutex mutex;
  std::condition_variable open;
  bool blocked = false;
  bool ignores_interrupt = false;
  std::function<WriteResult(const Chunk&)> on_write;
  std::vector<std::int64_t> numbers;
  std::atomic<int> writes{0}, idles{0}, reopens{0}, stops{0};
};

BufferSettings immediate() {
  BufferSettings settings;
  settings.flush_mode = FlushMode::immediate;
  settings.retry.wait = 10ms;
  settings.retry.randomize = false;
  return settings;
}

struct Fixture {
  explicit Fixture(const BufferSettings& settings, ChunkOutput* secondary = nullptr, DeadLetters* letters = nullptr) {
    sink = make_buffered_sink(output, secondary, make_output<Buffer>(plugins::buf_memory(), context), settings,
                              SinkContext{"test_out", {}, context.test_log, context.test_metrics, letters});
  }
  void put(std::int64_t n, Receipts receipts = {}) {
    const BatchPtr batch = batch_of("t", n, 1);
    ASSERT_TRUE(sink->reserve(*batch));
    sink->append({batch, std::move(receipts)});
  }
  Stopped stop(std::chrono::milliseconds within = 10s) { return sink->stop(std::chrono::steady_clock::now() + within); }
  std::int64_t metric(std::string_view name) const { return context.test_metrics.sum(name); }
  void expect_balance() const {
    EXPECT_EQ(metric("logboom_output_events_total"), metric("logboom_output_delivered_events_total") +
                                                         metric("logboom_output_dropped_events_total") +
                                                         metric("logboom_output_buffered_events"));
  }

  TestContext context{"@type x"};
  ScriptedOutput output;
  std::unique_ptr<Sink> sink;
};

WriteResult not_now(std::string reason) { return {WriteResult::Status::retry, std::move(reason), 0}; }

TEST(BufferedSink, writes_what_it_gets_and_idles_when_nothing_is_left) {
  Fixture f(immediate());
  f.sink->start();
  for (int n = 0; n < 100; ++n) f.put(n);
  EXPECT_TRUE(eventually([&] { return f.metric("logboom_output_delivered_events_total") == 100; }));
  EXPECT_TRUE(eventually([&] { return f.output.idles > 0; }));
  EXPECT_EQ(f.stop(), Stopped::clean);
  for (int n = 0; n < 100; ++n) EXPECT_EQ(f.output.numbers[static_cast<std::size_t>(n)], n);
  EXPECT_EQ(f.output.stops, 1);
  f.expect_balance();
}

TEST(BufferedSink, drain_writes_what_is_buffered_through_its_retries_and_says_when_it_is_done) {
  BufferSettings settings = immediate();
  settings.flush_mode = FlushMode::lazy;
  settings.flush_threads = 2;
  Fixture f(settings);
  int failures = 3;
  f.output.on_write = [&](const Chunk&) -> WriteResult { return failures-- > 0 ? not_now("down") : WriteResult{}; };
  f.sink->start();
  for (int n = 0; n < 10; ++n) f.put(n);
  std::atomic<int> done{0};
  f.sink->drain([&] { ++done; });
  ASSERT_TRUE(eventually([&] { return done == 1; }));
  EXPECT_EQ(f.output.numbers.size(), 10u);
  EXPECT_EQ(f.stop(0ms), Stopped::clean);
  EXPECT_EQ(done, 1);
  EXPECT_EQ(f.output.stops, 1);
  f.expect_balance();
}

TEST(BufferedSink, what_can_not_be_read_for_the_dead_letters_is_kept) {
  struct : DeadLetters {
    bool store(const std::string&, const Chunk&, std::string_view) override {
      ++calls;
      throw ChunkUnreadable("a bad disk");
    }
    std::atomic<int> calls{0};
  } letters;
  Fixture f(immediate(), nullptr, &letters);
  f.output.on_write = [](const Chunk&) { return WriteResult{WriteResult::Status::refused, "no", 0}; };
  f.sink->start();
  f.put(1);
  ASSERT_TRUE(eventually([&] { return letters.calls == 1 && f.context.test_log.has("a bad disk"); }));
  EXPECT_TRUE(eventually([&] { return f.metric("logboom_output_retries_total") == 1; }));
  EXPECT_EQ(f.metric("logboom_output_dropped_events_total"), 0);
  EXPECT_EQ(f.metric("logboom_output_buffered_events"), 1);
  f.output.on_write = nullptr;
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_EQ(f.output.numbers, std::vector<std::int64_t>{1});
  f.expect_balance();
}

TEST(BufferedSink, one_that_was_never_started_is_drained_at_once) {
  Fixture f(immediate());
  int done = 0;
  f.sink->drain([&] { ++done; });
  EXPECT_EQ(done, 1);
}

TEST(BufferedSink, stop_ends_a_drain_that_is_not_done) {
  Fixture f(immediate());
  f.output.on_write = [](const Chunk&) { return not_now("down"); };
  f.sink->start();
  f.put(1);
  f.sink->drain([] {});
  EXPECT_EQ(f.stop(30ms), Stopped::left_over);
  f.expect_balance();
}

TEST(BufferedSink, appends_during_a_write_go_together_into_the_next_one) {
  Fixture f(immediate());
  f.output.blocked = true;
  f.sink->start();
  f.put(0);
  ASSERT_TRUE(eventually([&] { return f.output.writes == 1; }));
  for (int n = 1; n < 50; ++n) f.put(n);
  f.output.unblock();
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_EQ(f.output.writes, 2);
  EXPECT_EQ(f.output.numbers.size(), 50u);
}

TEST(BufferedSink, a_chunk_that_fails_comes_again_with_growing_waits_and_the_log_tells_each_step) {
  Fixture f(immediate());
  int failures = 2;
  f.output.on_write = [&](const Chunk& chunk) -> WriteResult {
    EXPECT_EQ(chunk.attempts, 2u - static_cast<unsigned>(failures));
    if (failures-- == 2) return not_now("sink is down");
    if (failures == 0) throw std::runtime_error("it threw");
    return {};
  };
  f.sink->start();
  f.put(1);
  EXPECT_TRUE(eventually([&] { return f.metric("logboom_output_delivered_events_total") == 1; }));
  EXPECT_EQ(f.metric("logboom_output_retries_total"), 2);
  EXPECT_EQ(f.metric("logboom_output_write_errors_total"), 2);
  EXPECT_TRUE(f.context.test_log.has("test_out: could not write chunk "));
  EXPECT_TRUE(f.context.test_log.has("(attempt 1): sink is down; next attempt in 0.0 s"));
  EXPECT_TRUE(f.context.test_log.has("(attempt 2): it threw"));
  EXPECT_TRUE(f.context.test_log.has("is written after 2 failed attempts"));
  EXPECT_EQ(f.stop(), Stopped::clean);
}

TEST(BufferedSink, a_chunk_is_given_up_after_its_retries_and_the_others_stay) {
  BufferSettings settings = immediate();
  settings.retry.max_times = 1;
  settings.chunk_limit_records = 1;
  Fixture f(settings);
  f.output.on_write = [](const Chunk& chunk) -> WriteResult {
    std::int64_t n = 0;
    chunk.for_each([&](std::string_view, const Event& event) { n = number_of(event); });
    return n == 1 ? not_now("bad") : WriteResult{};
  };
  f.sink->start();
  for (int n = 0; n < 4; ++n) f.put(n);
  EXPECT_TRUE(eventually([&] { return f.metric("logboom_output_dropped_events_total") == 1; }));
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_EQ(f.output.numbers, (std::vector<std::int64_t>{0, 2, 3}));
  EXPECT_TRUE(f.context.test_log.has("is given up after 2 attempts, 1 events are dropped"));
  f.expect_balance();
}

TEST(BufferedSink, a_refused_chunk_is_dropped_with_its_reason_and_its_receipt_confirmed) {
  BufferSettings settings = immediate();
  settings.ack_when_written = true;
  ReceiptState state;
  Fixture f(settings);
  f.output.on_write = [](const Chunk&) { return WriteResult{WriteResult::Status::refused, "never", 0}; };
  f.sink->start();
  f.put(1, receipt_for(state));
  EXPECT_TRUE(eventually([&] { return state.confirmed == 1; }));
  EXPECT_TRUE(f.context.test_log.has("is refused, 1 events are dropped"));
  EXPECT_EQ(f.stop(), Stopped::clean);
  f.expect_balance();
}

TEST(BufferedSink, the_end_flushes_what_waits_for_its_interval) {
  BufferSettings settings;
  settings.flush_interval = 1h;
  Fixture f(settings);
  f.sink->start();
  f.put(1);
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_EQ(f.output.numbers, std::vector<std::int64_t>{1});
}

TEST(BufferedSink, flush_now_writes_what_waits_and_reopen_comes_between_writes) {
  BufferSettings settings;
  settings.flush_interval = 1h;
  settings.flush_threads = 3;
  Fixture f(settings);
  f.sink->start();
  f.put(1);
  f.sink->reopen();
  f.sink->flush_now();
  EXPECT_TRUE(eventually([&] { return f.output.reopens == 1; }));
  EXPECT_TRUE(eventually([&] { return f.metric("logboom_output_delivered_events_total") == 1; }));
  EXPECT_EQ(f.stop(), Stopped::clean);
}

TEST(BufferedSink, what_still_fails_at_the_deadline_is_counted_and_not_confirmed) {
  BufferSettings settings = immediate();
  settings.ack_when_written = true;
  ReceiptState state;
  Fixture f(settings);
  f.output.on_write = [](const Chunk&) { return not_now("down"); };
  f.sink->start();
  f.put(1, receipt_for(state));
  EXPECT_EQ(f.stop(100ms), Stopped::left_over);
  EXPECT_EQ(state.failed, 1);
  EXPECT_EQ(f.metric("logboom_output_dropped_events_total"), 1);
  EXPECT_EQ(f.metric("logboom_output_buffered_events"), 0);
  f.expect_balance();
}

TEST(BufferedSink, at_the_end_a_chunk_does_not_wait_for_the_next_attempt_of_its_retries) {
  BufferSettings settings = immediate();
  settings.retry.wait = 1h;
  Fixture f(settings);
  f.output.on_write = [&f](const Chunk&) { return f.output.writes < 3 ? not_now("down") : WriteResult{}; };
  f.sink->start();
  f.put(1);
  ASSERT_TRUE(eventually([&] { return f.output.writes == 1; }));
  EXPECT_EQ(f.stop(), Stopped::clean) << "the second attempt is at once, the third a second later";
  EXPECT_EQ(f.output.numbers, std::vector<std::int64_t>{1});
  f.expect_balance();
}

TEST(BufferedSink, without_flush_at_shutdown_the_rest_is_dropped_and_counted) {
  BufferSettings settings;
  settings.flush_interval = 1h;
  settings.flush_at_shutdown = false;
  Fixture f(settings);
  f.sink->start();
  f.put(1);
  f.stop();
  EXPECT_EQ(f.output.writes, 0);
  EXPECT_EQ(f.metric("logboom_output_dropped_events_total"), 1);
}

TEST(BufferedSink, a_write_that_blocks_is_interrupted_at_the_deadline_and_one_that_goes_on_is_reported) {
  Fixture polite(immediate());
  polite.output.blocked = true;
  polite.sink->start();
  polite.put(1);
  ASSERT_TRUE(eventually([&] { return polite.output.writes == 1; }));
  EXPECT_EQ(polite.stop(10ms), Stopped::clean);

  Fixture stuck(immediate());
  stuck.output.blocked = stuck.output.ignores_interrupt = true;
  stuck.sink->start();
  stuck.put(1);
  ASSERT_TRUE(eventually([&] { return stuck.output.writes == 1; }));
  EXPECT_EQ(stuck.stop(10ms), Stopped::stuck);
  EXPECT_TRUE(stuck.context.test_log.has("a write does not come back, 1 events are not written"));
  stuck.output.unblock();
}

TEST(BufferedSink, several_flush_threads_and_workers_lose_nothing) {
  BufferSettings settings = immediate();
  settings.flush_threads = 3;
  settings.by_tag = true;
  Fixture f(settings);
  f.sink->start();
  std::vector<std::thread> workers;
  for (int t = 0; t < 3; ++t) {
    workers.emplace_back([&, t] {
      for (int n = 0; n < 2000; ++n) {
        const BatchPtr batch = batch_of("t" + std::to_string((n + t) % 5), n, 1);
        if (f.sink->reserve(*batch)) f.sink->append({batch, {}});
        if (n % 500 == 0) f.sink->reopen();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_EQ(f.output.numbers.size(), 6000u);
  f.expect_balance();
}

class CountingOutput : public DirectOutput {
 public:
  void consume(const EventBatch& batch) noexcept override { events += batch.events(); }
  std::atomic<std::uint64_t> events{0};
};

TEST(DirectSink, hands_on_at_once_confirms_and_counts) {
  TestContext context("@type x");
  CountingOutput output;
  ReceiptState state;
  const auto sink = make_direct_sink(output, SinkContext{"d", {}, context.test_log, context.test_metrics});
  sink->start();
  const BatchPtr batch = batch_of("t", 0, 5);
  ASSERT_TRUE(sink->reserve(*batch));
  sink->append({batch, receipt_for(state)});
  EXPECT_EQ(output.events, 5u);
  EXPECT_EQ(state.confirmed, 1);
  EXPECT_EQ(context.test_metrics.sum("logboom_output_delivered_events_total"), 5);
  EXPECT_EQ(sink->stop({}), Stopped::clean);
}

TEST(BufferedSink, gives_what_fails_for_too_long_to_the_secondary_output) {
  ScriptedOutput secondary;
  BufferSettings settings = immediate();
  settings.retry.wait = 1ms;
  settings.retry.max_times = 5;
  settings.retry.secondary_threshold = 0.4;
  Fixture f(settings, &secondary);
  f.output.on_write = [](const Chunk&) { return WriteResult{WriteResult::Status::retry, "away", 0}; };
  f.sink->start();
  f.put(7);
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_EQ(secondary.numbers, (std::vector<std::int64_t>{7}));
  EXPECT_EQ(f.output.writes, 3) << "two fifths of the retries, and the first attempt";
  EXPECT_EQ(secondary.stops, 1);
  EXPECT_EQ(f.sink->totals().delivered, 1u);
  EXPECT_TRUE(f.context.test_log.has("went to the secondary output: away"));
}

TEST(BufferedSink, gives_what_is_refused_to_the_secondary_output_and_goes_on_without_it) {
  ScriptedOutput secondary;
  Fixture f(immediate(), &secondary);
  f.output.on_write = [](const Chunk&) { return WriteResult{WriteResult::Status::refused, "too large", 0}; };
  f.sink->start();
  f.put(1);
  EXPECT_TRUE(eventually([&] { return f.sink->totals().delivered == 1; }));
  secondary.on_write = [](const Chunk&) { return WriteResult{WriteResult::Status::retry, "no room", 0}; };
  f.put(2);
  EXPECT_TRUE(eventually([&] { return f.sink->totals().dropped == 1; }));
  EXPECT_EQ(f.stop(), Stopped::clean);
  EXPECT_TRUE(f.context.test_log.has("could not write chunk"));
}

TEST(BufferedSink, counts_what_it_refuses_for_lack_of_room) {
  Fixture f(immediate());
  ReceiptState state;
  f.sink->refuse({batch_of("t", 1, 3), receipt_for(state)});
  EXPECT_EQ(f.sink->totals().events_in, 3u);
  EXPECT_EQ(f.sink->totals().dropped, 3u);
  EXPECT_EQ(state.confirmed, 1);
}

}  // namespace
