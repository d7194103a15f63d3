#include <atomic>
#include <ctime>

#include "memory_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;
using Fixture = MemoryBufferFixture;

BufferSettings sliced(FlushMode mode) {
  BufferSettings settings;
  settings.by_time = true;
  settings.timekey = std::chrono::hours(1);
  settings.flush_mode = mode;
  return settings;
}

TEST(MemoryBuffer, what_is_appended_comes_out_in_order_and_is_counted) {
  Fixture buffer(immediate_buffer());
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 3)));
  ASSERT_TRUE(buffer.put(batch_of("b", 3, 2)));
  ASSERT_TRUE(buffer.put(batch_of("a", 5, 1, noon, 0, 40000)));
  const Chunk* chunk = buffer.take_now();
  ASSERT_NE(chunk, nullptr);
  EXPECT_EQ(numbers(*chunk), (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(chunk->events, 6u);
  EXPECT_EQ(chunk->id.size(), 32u);
  EXPECT_EQ(buffer->totals().buffered_events, 6u);
  buffer->done(*chunk, 1);
  EXPECT_EQ(buffer->totals().delivered, 5u);
  EXPECT_EQ(buffer.counters.dropped_for(DropReason::invalid).value(), 1u);
  EXPECT_EQ(buffer->totals().buffered_bytes, 0u);
  EXPECT_TRUE(buffer->empty());
}

TEST(MemoryBuffer, small_batches_of_one_tag_become_one_batch_that_holds_no_receive_slab) {
  Fixture buffer(immediate_buffer());
  const BatchPtr first = batch_of("a", 0, 1, noon, 256 * 1024);
  ASSERT_TRUE(buffer.put(first));
  for (int n = 1; n < 100; ++n) ASSERT_TRUE(buffer.put(batch_of("a", n, 1, noon, 256 * 1024)));
  EXPECT_TRUE(first->slabs()[0]->unique());
  EXPECT_LT(buffer->totals().buffered_bytes, 20000u);
  const Chunk* chunk = buffer.take_now();
  ASSERT_EQ(chunk->batches.size(), 1u);
  EXPECT_EQ(chunk->batches[0]->events(), 100u);
  buffer->done(*chunk, 0);
}

TEST(MemoryBuffer, large_batches_are_shared_and_count_with_the_slab_that_they_hold) {
  Fixture buffer(immediate_buffer());
  const BatchPtr batch = batch_of("a", 0, 1, noon, 256 * 1024, 20000);
  ASSERT_TRUE(buffer.put(batch));
  EXPECT_GE(buffer->totals().buffered_bytes, 256u * 1024);
  const Chunk* chunk = buffer.take_now();
  EXPECT_EQ(chunk->batches[0]->spans()[0].data, batch->spans()[0].data);
  buffer->done(*chunk, 0);
}

TEST(MemoryBuffer, receipts_are_confirmed_by_the_append_unless_they_wait_for_the_write) {
  ReceiptState state;
  Fixture early(immediate_buffer());
  early.put(batch_of("a", 0, 1), receipt_for(state));
  EXPECT_EQ(state.confirmed, 1);
  early->drop(*early.take_now(), DropReason::refused);

  BufferSettings settings = immediate_buffer();
  settings.ack_when_written = true;
  Fixture late(settings);
  late.put(batch_of("a", 0, 1), receipt_for(state));
  EXPECT_EQ(state.confirmed, 1);
  late->done(*late.take_now(), 0);
  EXPECT_EQ(state.confirmed, 2);
  late.put(batch_of("a", 0, 1), receipt_for(state));
  late->drop(*late.take_now(), DropReason::refused);
  EXPECT_EQ(state.confirmed, 3);
}

TEST(MemoryBuffer, what_is_left_at_the_end_is_counted_and_its_receipts_are_not_confirmed) {
  BufferSettings settings = immediate_buffer();
  settings.ack_when_written = true;
  ReceiptState state;
  Fixture buffer(settings);
  buffer.put(batch_of("a", 0, 7), receipt_for(state));
  buffer.destroy();
  EXPECT_EQ(buffer.counters.dropped_for(DropReason::shutdown).value(), 7u);
  EXPECT_EQ(state.confirmed, 0);
  EXPECT_EQ(state.failed, 1);
}

TEST(MemoryBuffer, a_full_buffer_says_no_and_calls_when_there_is_room) {
  BufferSettings settings = immediate_buffer();
  settings.total_limit = settings.chunk_limit = 100000;
  Fixture buffer(settings);
  std::atomic<int> calls{0};
  buffer->set_on_space([&] { ++calls; });
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 1, noon, 60000, 20000)));
  EXPECT_FALSE(buffer.put(batch_of("a", 1, 1, noon, 60000, 20000)));
  EXPECT_EQ(calls, 0);
  buffer->done(*buffer.take_now(), 0);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(buffer.put(batch_of("a", 1, 1, noon, 60000, 20000)));
  buffer->done(*buffer.take_now(), 0);
  EXPECT_EQ(calls, 1);
}

TEST(MemoryBuffer, reservations_count_until_they_are_given_back) {
  BufferSettings settings = immediate_buffer();
  settings.total_limit = settings.chunk_limit = 100000;
  Fixture buffer(settings);
  int calls = 0;
  buffer->set_on_space([&] { ++calls; });
  const BatchPtr batch = batch_of("a", 0, 1, noon, 60000, 20000);
  ASSERT_TRUE(buffer->reserve(*batch));
  EXPECT_FALSE(buffer->reserve(*batch));
  buffer->release_reservation(*batch);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(buffer->reserve(*batch));
  buffer->release_reservation(*batch);
}

TEST(MemoryBuffer, a_batch_larger_than_the_whole_buffer_passes_an_empty_one) {
  BufferSettings settings = immediate_buffer();
  settings.total_limit = settings.chunk_limit = 1000;
  Fixture buffer(settings);
  EXPECT_TRUE(buffer.put(batch_of("a", 0, 1, noon, 0, 50000)));
  EXPECT_FALSE(buffer.put(batch_of("a", 0, 1)));
  buffer->done(*buffer.take_now(), 0);
}

TEST(MemoryBuffer, a_chunk_that_waits_is_due_early_when_room_is_wanted) {
  BufferSettings settings;
  settings.flush_interval = std::chrono::hours(1);
  settings.total_limit = settings.chunk_limit = 100000;
  Fixture buffer(settings);
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 1, noon, 60000, 20000)));
  EXPECT_EQ(buffer.take_now(), nullptr);
  EXPECT_FALSE(buffer.put(batch_of("a", 1, 1, noon, 60000, 20000)));
  const Chunk* chunk = buffer.take_now();
  ASSERT_NE(chunk, nullptr);
  buffer->done(*chunk, 0);
}

TEST(MemoryBuffer, throw_exception_drops_the_new_and_drop_oldest_chunk_the_old) {
  BufferSettings settings = immediate_buffer();
  settings.total_limit = settings.chunk_limit = 100000;
  settings.overflow_action = OverflowAction::throw_exception;
  ReceiptState state;
  Fixture newest(settings);
  newest.put(batch_of("a", 1, 1, noon, 60000, 20000));
  EXPECT_TRUE(newest.put(batch_of("a", 2, 1, noon, 60000, 20000), receipt_for(state)));
  EXPECT_EQ(newest.counters.dropped_for(DropReason::overflow).value(), 1u);
  EXPECT_EQ(state.failed, 1) << "the sender keeps it";
  const Chunk* chunk = newest.take_now();
  EXPECT_EQ(numbers(*chunk), std::vector<std::int64_t>{1});
  newest->done(*chunk, 0);
  newest.expect_balance();

  settings.overflow_action = OverflowAction::drop_oldest_chunk;
  Fixture oldest(settings);
  oldest.put(batch_of("a", 1, 1, noon, 60000, 20000));
  oldest.put(batch_of("a", 2, 1, noon, 60000, 20000));
  EXPECT_EQ(oldest.counters.dropped_for(DropReason::overflow).value(), 1u);
  chunk = oldest.take_now();
  EXPECT_EQ(numbers(*chunk), std::vector<std::int64_t>{2});
  oldest->done(*chunk, 0);
  oldest.expect_balance();
}

TEST(MemoryBuffer, chunks_stay_below_their_limits_and_are_due_when_they_are_full) {
  BufferSettings settings;
  settings.flush_interval = std::chrono::hours(1);
  settings.chunk_limit = 1000;
  Fixture buffer(settings);
  for (int n = 0; n < 5; ++n) buffer.put(batch_of("a", n, 1, noon, 0, 300));
  const Chunk* chunk = buffer.take_now();
  ASSERT_NE(chunk, nullptr);
  EXPECT_LE(chunk->bytes, 1000u);
  EXPECT_EQ(chunk->events, 3u);
  EXPECT_EQ(buffer.take_now(), nullptr);
  buffer->done(*chunk, 0);

  settings.chunk_limit_records = 2;
  Fixture counted(settings);
  for (int n = 0; n < 3; ++n) counted.put(batch_of("a", n, 1));
  chunk = counted.take_now();
  EXPECT_EQ(numbers(*chunk), (std::vector<std::int64_t>{0, 1}));
  counted->done(*chunk, 0);
}

TEST(MemoryBuffer, a_queue_limit_holds_new_events_back) {
  BufferSettings settings;
  settings.queue_limit_length = 1;
  settings.chunk_limit_records = 1;
  Fixture buffer(settings);
  std::atomic<int> calls{0};
  buffer->set_on_space([&] { ++calls; });
  EXPECT_TRUE(buffer.put(batch_of("a", 0, 1)));
  EXPECT_FALSE(buffer.put(batch_of("a", 1, 1)));
  buffer->done(*buffer.take_now(), 0);
  EXPECT_GE(calls, 1);
  EXPECT_TRUE(buffer.put(batch_of("a", 1, 1)));
}

TEST(MemoryBuffer, tags_have_chunks_of_their_own_where_they_are_a_key) {
  BufferSettings settings = immediate_buffer();
  settings.by_tag = true;
  Fixture buffer(settings);
  buffer.put(batch_of("a", 0, 1));
  buffer.put(batch_of("b", 1, 1));
  buffer.put(batch_of("a", 2, 1));
  const Chunk* a = buffer.take_now();
  const Chunk* b = buffer.take_now();
  EXPECT_EQ(a->tag->text(), "a");
  EXPECT_EQ(numbers(*a), (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(b->tag->text(), "b");
  buffer->done(*b, 0);
  buffer->done(*a, 0);
}

BatchPtr two_hours() {
  const BatchPtr early = batch_of("a", 0, 2, noon);
  const BatchPtr late = batch_of("a", 2, 1, noon + 3600);
  auto both = std::make_unique<EventBatch>(early->tag());
  both->add(early->spans()[0], early->slabs()[0]);
  both->add(late->spans()[0], late->slabs()[0]);
  both->add(early->spans()[0], early->slabs()[0]);
  return BatchPtr(std::move(both));
}

TEST(MemoryBuffer, a_batch_over_two_slices_is_cut_and_its_receipt_waits_for_both) {
  BufferSettings settings = sliced(FlushMode::immediate);
  settings.ack_when_written = true;
  ReceiptState state;
  Fixture buffer(settings);
  buffer.put(two_hours(), receipt_for(state));
  const Chunk* first = buffer.take_now();
  const Chunk* second = buffer.take_now();
  EXPECT_EQ(*first->timekey, noon - noon % 3600);
  EXPECT_EQ(*second->timekey, noon - noon % 3600 + 3600);
  EXPECT_EQ(numbers(*first), (std::vector<std::int64_t>{0, 1, 0, 1}));
  EXPECT_EQ(numbers(*second), std::vector<std::int64_t>{2});
  buffer->done(*first, 0);
  EXPECT_EQ(state.confirmed, 0);
  buffer->done(*second, 0);
  EXPECT_EQ(state.confirmed, 1);
  buffer.expect_balance();
}

TEST(MemoryBuffer, a_lazy_chunk_waits_for_late_events_after_its_slice) {
  BufferSettings settings = sliced(FlushMode::lazy);
  settings.timekey_wait = 1s;
  Fixture buffer(settings);
  buffer.put(batch_of("a", 0, 1, noon));
  EXPECT_EQ(buffer.take_now(), nullptr);
  const Chunk* chunk = buffer->take(Buffer::Clock::now() + 10s, buffer->wakes());
  ASSERT_NE(chunk, nullptr);
  buffer->done(*chunk, 0);
}

TEST(MemoryBuffer, a_slice_that_is_not_over_stays_until_it_is_flushed_by_hand) {
  Fixture buffer(sliced(FlushMode::lazy));
  buffer.put(batch_of("a", 0, 1, std::time(nullptr) + 86400));
  EXPECT_EQ(buffer->take(Buffer::Clock::now() + 20ms, buffer->wakes()), nullptr);
  buffer->flush_now();
  const Chunk* chunk = buffer.take_now();
  ASSERT_NE(chunk, nullptr);
  buffer->done(*chunk, 0);
  buffer->drain();
  buffer.put(batch_of("a", 0, 1, std::time(nullptr) + 86400));
  chunk = buffer.take_now();
  ASSERT_NE(chunk, nullptr);
  buffer->done(*chunk, 0);
}

TEST(MemoryBuffer, a_chunk_comes_again_at_its_time_and_others_pass_it) {
  Fixture buffer(immediate_buffer());
  buffer.put(batch_of("a", 1, 1));
  const Chunk* first = buffer.take_now();
  const std::string id = first->id;
  const auto again = Buffer::Clock::now() + 500ms;
  buffer->retry(*first, again);
  buffer.put(batch_of("a", 2, 1));
  const Chunk* second = buffer.take_now();
  EXPECT_EQ(numbers(*second), std::vector<std::int64_t>{2});
  buffer->done(*second, 0);
  first = buffer->take(Buffer::Clock::now() + 10s, buffer->wakes());
  EXPECT_GE(Buffer::Clock::now(), again);
  EXPECT_EQ(first->id, id);
  EXPECT_EQ(first->attempts, 1u);
  EXPECT_TRUE(first->failing_since);
  buffer->done(*first, 0);
  EXPECT_EQ(buffer.counters.retries.value(), 1u);
}

TEST(MemoryBuffer, nothing_passes_a_retrying_chunk_where_it_is_ordered) {
  BufferSettings settings = immediate_buffer();
  settings.ordered = true;
  Fixture buffer(settings);
  buffer.put(batch_of("a", 1, 1));
  buffer->retry(*buffer.take_now(), Buffer::Clock::now() + 500ms);
  buffer.put(batch_of("a", 2, 1));
  EXPECT_EQ(buffer.take_now(), nullptr);
  for (std::int64_t n = 1; n <= 2; ++n) {
    const Chunk* chunk = buffer->take(Buffer::Clock::now() + 10s, buffer->wakes());
    EXPECT_EQ(numbers(*chunk), std::vector<std::int64_t>{n});
    EXPECT_EQ(buffer.take_now(), nullptr);
    buffer->done(*chunk, 0);
  }
}

TEST(MemoryBuffer, a_wake_between_the_look_and_the_wait_is_not_lost) {
  Fixture buffer(immediate_buffer());
  const std::uint64_t seen = buffer->wakes();
  buffer->wake();
  EXPECT_EQ(buffer->take(Buffer::Clock::time_point::max(), seen), nullptr);
}

}  // namespace
