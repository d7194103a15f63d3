#include <cstring>
#include <thread>
#include <vector>

#include "memory_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;

const MessageId first{1, 2};
const MessageId second{3, 4};

/// A buffer that is given messages.
struct Fixture : MemoryBufferFixture {
  using MemoryBufferFixture::MemoryBufferFixture;
  void send(const BatchPtr& batch, const MessageId& id, ReceiptState& state, AckLevel level = AckLevel::by_output) {
    Receipts receipts = receipt_for(state);
    receipts.level = level;
    ASSERT_TRUE((*this)->reserve(*batch));
    (*this)->append({batch, std::move(receipts), id});
  }
  std::uint64_t duplicates() { return counters.dropped_for(DropReason::duplicate).value(); }
};

/// Events of seconds one after the other.
BatchPtr batch_over_seconds(int count) {
  OutBuffer bytes;
  msgpack::Writer writer(bytes);
  for (int n = 0; n < count; ++n) {
    writer.array(2);
    writer.integer(noon + n);
    writer.map(1);
    writer.string("n");
    writer.integer(n);
  }
  const SlabPtr slab(Slab::make(bytes.size()));
  std::memcpy(slab->data(), bytes.data(), bytes.size());
  auto batch = std::make_unique<EventBatch>(Tag::make("a"));
  batch->add({slab->data(), static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(count)}, slab);
  return BatchPtr(std::move(batch));
}

TEST(MemoryBufferDuplicates, a_message_that_comes_again_is_stored_once_and_confirmed) {
  Fixture buffer(immediate_buffer());
  ReceiptState state;
  buffer.send(batch_of("a", 0, 2), first, state);
  buffer.send(batch_of("a", 0, 2), first, state);
  buffer.send(batch_of("a", 2, 1), second, state);
  EXPECT_EQ(state.confirmed, 3);
  EXPECT_EQ(buffer.duplicates(), 2U);
  const Chunk* chunk = buffer.take_now();
  ASSERT_NE(chunk, nullptr);
  EXPECT_EQ(numbers(*chunk), (std::vector<std::int64_t>{0, 1, 2}));
  buffer.expect_balance();
  buffer->done(*chunk, 0);
  buffer.send(batch_of("a", 0, 2), first, state);
  EXPECT_EQ(state.confirmed, 4);
  EXPECT_EQ(buffer.take_now(), nullptr) << "it is written already";
  EXPECT_EQ(buffer->totals().buffered_bytes, 0U);
  buffer.expect_balance();
}

TEST(MemoryBufferDuplicates, messages_without_an_id_are_all_stored) {
  Fixture buffer(immediate_buffer());
  ReceiptState state;
  for (int i = 0; i < 3; ++i) buffer.send(batch_of("a", 0, 1), {}, state);
  const Chunk* chunk = buffer.take_now();
  EXPECT_EQ(chunk->events, 3U);
  EXPECT_EQ(buffer.duplicates(), 0U);
  buffer->done(*chunk, 0);
}

TEST(MemoryBufferDuplicates, one_that_waits_for_the_write_is_confirmed_with_it) {
  Fixture buffer(immediate_buffer());
  ReceiptState state;
  buffer.send(batch_of("a", 0, 1), first, state, AckLevel::delivered);
  buffer.send(batch_of("a", 0, 1), first, state, AckLevel::delivered);
  EXPECT_EQ(state.confirmed, 0);
  const Chunk* chunk = buffer.take_now();
  EXPECT_EQ(chunk->events, 1U);
  buffer->retry(*chunk, Buffer::Clock::now());
  buffer.send(batch_of("a", 0, 1), first, state, AckLevel::delivered);
  EXPECT_EQ(state.confirmed, 0);
  while ((chunk = buffer.take_now()) == nullptr) {
  }
  buffer->done(*chunk, 0);
  EXPECT_EQ(state.confirmed, 3);
  EXPECT_EQ(buffer.duplicates(), 2U);
  buffer.expect_balance();
}

TEST(MemoryBufferDuplicates, a_message_in_several_slices_is_safe_with_the_last_of_them) {
  BufferSettings settings = immediate_buffer();
  settings.by_time = true;
  settings.timekey = std::chrono::seconds(1);
  Fixture buffer(settings);
  ReceiptState state;
  const BatchPtr batch = batch_over_seconds(3);
  ReceiptState again;
  buffer.send(batch, first, state, AckLevel::delivered);
  buffer.send(batch, first, again, AckLevel::delivered);
  std::uint64_t events = 0;
  while (const Chunk* chunk = buffer.take_now()) {
    EXPECT_EQ(again.confirmed, 0);
    events += chunk->events;
    buffer->done(*chunk, 0);
  }
  EXPECT_EQ(events, 3U);
  EXPECT_EQ(state.confirmed, 1);
  EXPECT_EQ(again.confirmed, 1);
}

TEST(MemoryBufferDuplicates, what_was_dropped_and_counted_is_not_stored_when_it_comes_again) {
  Fixture buffer(immediate_buffer());
  ReceiptState state;
  buffer.send(batch_of("a", 0, 1), first, state, AckLevel::delivered);
  buffer->drop(*buffer.take_now(), DropReason::refused);
  EXPECT_EQ(state.confirmed, 1);
  buffer.send(batch_of("a", 0, 1), first, state, AckLevel::delivered);
  EXPECT_EQ(state.confirmed, 2);
  EXPECT_EQ(buffer.duplicates(), 1U);
}

TEST(MemoryBufferDuplicates, what_a_shutdown_leaves_behind_confirms_nobody) {
  ReceiptState state;
  Fixture buffer(immediate_buffer());
  buffer.send(batch_of("a", 0, 1), first, state, AckLevel::delivered);
  buffer.send(batch_of("a", 0, 1), first, state, AckLevel::delivered);
  buffer->discard();
  EXPECT_EQ(state.confirmed, 0);
  EXPECT_EQ(state.failed, 2);
  buffer.send(batch_of("a", 0, 1), first, state, AckLevel::delivered);
  EXPECT_EQ(buffer.take_now()->events, 1U) << "so it is stored when it comes again";
}

TEST(MemoryBufferDuplicates, a_window_of_nothing_stores_everything) {
  BufferSettings settings = immediate_buffer();
  settings.duplicates.count = 0;
  Fixture buffer(settings);
  ReceiptState state;
  for (int i = 0; i < 2; ++i) buffer.send(batch_of("a", 0, 1), first, state);
  EXPECT_EQ(buffer.take_now()->events, 2U);
  EXPECT_EQ(state.confirmed, 2);
}

TEST(MemoryBufferDuplicates, of_several_workers_that_bring_the_same_messages_one_stores_each) {
  constexpr int messages = 2000;
  constexpr int workers = 3;
  Fixture buffer(immediate_buffer());
  ReceiptState state;
  std::vector<std::thread> threads;
  for (int worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&buffer, &state] {
      for (int n = 0; n < messages; ++n) {
        const MessageId id{7, static_cast<std::uint64_t>(n) + 1};
        buffer.send(batch_of("a", n, 1), id, state, n % 2 == 0 ? AckLevel::delivered : AckLevel::memory);
      }
    });
  }
  std::vector<int> seen(messages);
  const auto flush = [&] {
    while (const Chunk* chunk = buffer.take_now()) {
      for (const std::int64_t n : numbers(*chunk)) ++seen[static_cast<std::size_t>(n)];
      buffer->done(*chunk, 0);
    }
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (state.confirmed + state.failed < workers * messages && std::chrono::steady_clock::now() < deadline) flush();
  for (std::thread& thread : threads) thread.join();
  flush();
  EXPECT_EQ(state.confirmed, workers * messages);
  EXPECT_EQ(seen, std::vector<int>(messages, 1));
  EXPECT_EQ(buffer.duplicates(), static_cast<std::uint64_t>((workers - 1) * messages));
  buffer.expect_balance();
}

}  // namespace
