#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "memory_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;
using Fixture = MemoryBufferFixture;

/// Random calls against a list of what must be in there.
TEST(MemoryBuffer, behaves_like_a_list_under_random_calls) {
  std::mt19937 random(7);
  const auto below = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random); };
  BufferSettings settings = immediate_buffer();
  settings.by_tag = true;
  settings.chunk_limit = 3000;
  settings.total_limit = 400000;
  Fixture buffer(settings);
  std::map<std::string, std::deque<std::int64_t>> model;
  std::vector<const Chunk*> taken;
  std::int64_t next = 0;
  std::uint64_t delivered = 0;
  for (int step = 0; step < 20000; ++step) {
    if (below(2) == 0) {
      const std::string tag(1, static_cast<char>('a' + below(3)));
      const auto count = static_cast<std::int64_t>(1 + below(4));
      if (!buffer.put(batch_of(tag, next, count, noon, 1000, below(20) == 0 ? 17000 : 10))) continue;
      for (std::int64_t i = 0; i < count; ++i) model[tag].push_back(next + i);
      next += count;
    } else if (const Chunk* chunk = buffer.take_now(); chunk != nullptr) {
      if (below(4) == 0) {
        buffer->retry(*chunk, Buffer::Clock::time_point::min());
        chunk = buffer.take_now();
      }
      auto& expected = model[std::string(chunk->tag->text())];
      for (const std::int64_t n : numbers(*chunk)) {
        ASSERT_FALSE(expected.empty());
        ASSERT_EQ(n, expected.front());
        expected.pop_front();
      }
      delivered += chunk->events;
      buffer->done(*chunk, 0);
    }
    ASSERT_EQ(buffer->totals().delivered, delivered);
    buffer.expect_balance();
  }
  while (const Chunk* chunk = buffer.take_now()) buffer->done(*chunk, 0);
  EXPECT_EQ(buffer->totals().delivered, static_cast<std::uint64_t>(next));
  EXPECT_EQ(buffer->totals().buffered_bytes, 0u);
}

TEST(MemoryBuffer, workers_and_flush_threads_at_once_lose_nothing) {
  BufferSettings settings = immediate_buffer();
  settings.total_limit = settings.chunk_limit = 200000;
  Fixture buffer(settings);
  std::mutex mutex;
  std::condition_variable space;
  std::uint64_t calls = 0;
  buffer->set_on_space([&] {
    const std::lock_guard lock(mutex);
    ++calls;
    space.notify_all();
  });
  constexpr int batches = 5000;
  constexpr int workers = 3;
  std::atomic<bool> ended{false};
  std::atomic<std::uint64_t> seen{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (;;) {
        const std::uint64_t wakes = buffer->wakes();
        if (ended && buffer->empty()) return;
        const Chunk* chunk = buffer->take(Buffer::Clock::time_point::max(), wakes);
        if (chunk == nullptr) continue;
        seen += numbers(*chunk).size();
        buffer->done(*chunk, 0);
        if (ended) buffer->wake();
      }
    });
  }
  std::vector<std::thread> writers;
  for (int t = 0; t < workers; ++t) {
    writers.emplace_back([&, t] {
      for (int n = 0; n < batches; ++n) {
        const BatchPtr batch = batch_of("t" + std::to_string(t), n, 1, noon, 20000, n % 10 == 0 ? 17000 : 100);
        for (;;) {
          std::unique_lock lock(mutex);
          const std::uint64_t before = calls;
          lock.unlock();
          if (buffer.put(batch)) break;
          lock.lock();
          ASSERT_TRUE(space.wait_for(lock, 10s, [&] { return calls != before; })) << "a worker waits for ever";
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  ended = true;
  buffer->wake();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen, static_cast<std::uint64_t>(batches * workers));
  buffer.expect_balance();
  EXPECT_EQ(buffer->totals().buffered_bytes, 0u);
}

}  // namespace
