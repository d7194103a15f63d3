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

}  // namespace
