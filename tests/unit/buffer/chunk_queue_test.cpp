#include <gtest/gtest.h>

#include <logboom/chunk_queue.hpp>

#include "output/output_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;
using namespace std::chrono_literals;

class SetTime final : public TimeSource {
 public:
  std::chrono::steady_clock::time_point now() const noexcept override { return at; }
  std::chrono::steady_clock::time_point at{1h};
};

TEST(ChunkQueue, a_pause_makes_waiting_chunks_due_only_when_it_lasts) {
  SetTime time;
  BufferSettings settings;
  settings.flush_interval = 1h;
  settings.time = &time;
  OutputCounters counters;
  ChunkQueue queue;
  queue.start(settings, counters, [] { return std::make_unique<QueuedChunk>(); });
  const BatchPtr batch = batch_of("a", 0, 1);
  ASSERT_TRUE(queue.reserve(100));
  Delivery delivery{batch, {}};
  ChunkParts parts;
  parts.push_back({batch});
  queue.append(delivery, parts, 100, [&](QueuedChunk& chunk, std::size_t) {
    chunk.chunk.batches.push_back(batch);
    chunk.chunk.events += 1;
    chunk.chunk.bytes += batch->bytes();
    chunk.held += 100;
  });
  const auto take = [&] { return queue.take(Buffer::Clock::time_point::min(), queue.wakes()); };
  queue.pause();
  EXPECT_FALSE(queue.reserve(100));
  EXPECT_EQ(take(), nullptr) << "a buffer that waits for its disk";
  time.at += 999ms;
  EXPECT_EQ(take(), nullptr);
  time.at += 1ms;
  const Chunk* chunk = take();
  ASSERT_NE(chunk, nullptr) << "a disk that is full";
  queue.done(*chunk, 0);
  queue.go_on();
  EXPECT_TRUE(queue.reserve(100));
}

/// A queue by tags, and what tests do with it.
class ByTag : public ::testing::Test {
 protected:
  ByTag() {
    settings.by_tag = true;
    settings.flush_interval = 50ms;
    settings.chunk_limit_records = 1000;
    settings.time = &time;
    queue.start(settings, counters, [] { return std::make_unique<QueuedChunk>(); });
  }
  void append(std::string_view tag, std::int64_t events = 1, Receipts receipts = {}) {
    const BatchPtr batch = batch_of(tag, 0, events);
    ASSERT_TRUE(queue.reserve(100));
    Delivery delivery{batch, std::move(receipts)};
    ChunkParts parts;
    parts.push_back({batch});
    queue.append(delivery, parts, 100, [&](QueuedChunk& chunk, std::size_t) {
      chunk.chunk.events += batch->events();
      chunk.chunk.bytes += batch->bytes();
      chunk.held += 100;
    });
  }
  const Chunk* take() { return queue.take(Buffer::Clock::time_point::min(), queue.wakes()); }
  /// What is due, as "tag events".
  const Chunk* take(const std::string& what) {
    const Chunk* chunk = take();
    EXPECT_EQ(chunk == nullptr ? "nothing" : cat(chunk->tag->text(), " ", chunk->events), what);
    return chunk;
  }
  /// Its chunk fails, and waits for so long.
  void fail(std::string_view tag, std::chrono::nanoseconds wait) {
    append(tag);
    time.at += settings.flush_interval;
    const Chunk* chunk = take(cat(tag, " 1"));
    ASSERT_NE(chunk, nullptr);
    queue.retry(*chunk, time.at + wait);
  }
  void write(const std::string& what) {
    if (const Chunk* chunk = take(what)) queue.done(*chunk, 0);
  }

  SetTime time;
  BufferSettings settings;
  OutputCounters counters;
  ChunkQueue queue;
};

TEST_F(ByTag, what_comes_while_a_key_fails_gathers_in_one_chunk_and_goes_when_that_is_over) {
  fail("a", 9s);
  for (int i = 0; i < 100; ++i) {
    append("a");
    append("b");
    time.at += settings.flush_interval;
    write("b 1");
    EXPECT_EQ(take(), nullptr);
  }
  time.at += 9s - 100 * settings.flush_interval;
  const Chunk* again = take("a 1");
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(take(), nullptr) << "while nobody knows whether it fails again";
  queue.done(*again, 0);
  write("a 100");
  append("a");
  time.at += settings.flush_interval;
  write("a 1");
  EXPECT_TRUE(queue.empty());
}

TEST_F(ByTag, when_one_that_failed_is_written_and_then_one_that_was_held_back_all_others_go) {
  fail("a", 1s);
  for (const char* tag : {"b", "c"}) fail(tag, 1h);
  for (const char* tag : {"a", "b", "c"}) append(tag, 2);
  time.at += 900ms;
  write("a 1");
  write("a 2");
  write("b 2");
  write("c 2");
}

TEST_F(ByTag, what_is_held_back_goes_when_the_chunk_that_fails_is_given_up) {
  fail("a", 1s);
  append("a", 2);
  time.at += 1s;
  const Chunk* again = take("a 1");
  ASSERT_NE(again, nullptr);
  queue.drop(*again, DropReason::retry_limit);
  write("a 2");
}

TEST_F(ByTag, now_and_then_one_of_those_that_are_held_back_is_tried_and_the_others_follow_where_it_is_written) {
  for (const char* tag : {"a", "b", "c"}) fail(tag, 1h);
  for (const char* tag : {"a", "b", "c"}) append(tag, 2);
  time.at += 5s;
  EXPECT_EQ(take(), nullptr);
  time.at += 10s;
  const Chunk* trial = take("a 2");
  ASSERT_NE(trial, nullptr);
  EXPECT_EQ(take(), nullptr);
  queue.retry(*trial, time.at + 1h);
  time.at += 9s;
  EXPECT_EQ(take(), nullptr);
  time.at += 1s;
  write("b 2");
  write("c 2");
  append("a", 3);
  time.at += settings.flush_interval;
  write("a 3");
}

TEST_F(ByTag, nothing_is_held_back_that_is_full_or_asked_for_or_at_the_end) {
  fail("a", 1h);
  append("a", 1000);
  write("a 1000");
  fail("a", 1h);
  append("a", 2);
  ReceiptState state;
  Receipts receipts = receipt_for(state);
  receipts.level = AckLevel::delivered;
  append("a", 1, std::move(receipts));
  write("a 3");
  EXPECT_EQ(state.confirmed, 1);
  fail("a", 1h);
  append("a", 4);
  time.at += settings.flush_interval;
  EXPECT_EQ(take(), nullptr);
  queue.flush_now();
  const auto finish = [this] {
    int chunks = 0;
    for (const Chunk* chunk = take(); chunk != nullptr; chunk = take(), ++chunks) queue.done(*chunk, 0);
    return chunks;
  };
  EXPECT_EQ(finish(), 4) << "three that have failed, and what was held back";
  fail("a", 1h);
  queue.drain();
  ASSERT_NE(take("a 1"), nullptr);
  append("a", 5);
  EXPECT_NE(take("a 5"), nullptr);
}

}  // namespace
