#include "buffer/buffer_model.hpp"
#include "memory_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;
using Fixture = MemoryBufferFixture;
using Numbers = std::vector<std::int64_t>;

TEST(MemoryBufferChunks, a_field_that_is_a_key_has_chunks_of_its_own_and_its_value_goes_with_them) {
  BufferSettings settings = immediate_buffer();
  settings.fields = {"user", "$.nothing.here"};
  Fixture buffer(settings);
  buffer.put(EventMaker::batch("a", {{noon, 0, 1, 0}, {noon, 1, 2, 0}, {noon, 2, 1, 0}}));
  buffer.put(EventMaker::batch("b", {{noon, 3, 2, 0}}));
  const Chunk* one = buffer.take_now();
  EXPECT_EQ(numbers(*one), (Numbers{0, 2}));
  ASSERT_EQ(one->fields.size(), 2u);
  EXPECT_EQ(*one->field("user"), "u1");
  EXPECT_EQ(*one->field("$.nothing.here"), "");
  EXPECT_EQ(one->field("tag"), nullptr);
  const Chunk* two = buffer.take_now();
  EXPECT_EQ(numbers(*two), (Numbers{1, 3}));
  EXPECT_EQ(*two->field("user"), "u2");
  buffer->done(*one, 0);
  buffer->done(*two, 0);
  buffer.expect_balance();
}

TEST(MemoryBufferChunks, a_batch_that_is_larger_than_a_chunk_is_cut_and_its_receipt_waits_for_all) {
  BufferSettings settings = immediate_buffer();
  settings.chunk_limit = 1000;
  settings.ack_when_written = true;
  ReceiptState state;
  Fixture buffer(settings);
  buffer.put(EventMaker::batch("a", {{noon, 0, 1, 400}, {noon, 1, 1, 400}, {noon, 2, 1, 400}}), receipt_for(state));
  const Chunk* first = buffer.take_now();
  const Chunk* second = buffer.take_now();
  EXPECT_EQ(numbers(*first), (Numbers{0, 1}));
  EXPECT_EQ(numbers(*second), (Numbers{2}));
  buffer->done(*second, 0);
  EXPECT_EQ(state.confirmed, 0);
  buffer->done(*first, 0);
  EXPECT_EQ(state.confirmed, 1);
}

TEST(MemoryBufferChunks, an_event_larger_than_a_chunk_is_sent_alone_and_the_rest_of_its_batch_once) {
  BufferSettings settings = immediate_buffer();
  settings.chunk_limit = 1000;
  Fixture buffer(settings);
  buffer.put(EventMaker::batch("a", {{noon, 0, 1, 100}, {noon, 1, 1, 5000}, {noon, 2, 1, 100}, {noon, 3, 1, 100}}));
  Numbers all;
  bool alone = false;
  while (const Chunk* chunk = buffer.take_now()) {
    const Numbers here = numbers(*chunk);
    alone = alone || here == Numbers{1};
    all.insert(all.end(), here.begin(), here.end());
    if (here == Numbers{1}) {
      buffer->drop(*chunk, DropReason::refused);
    } else {
      buffer->done(*chunk, 0);
    }
  }
  EXPECT_EQ(all, (Numbers{0, 1, 2, 3}));
  EXPECT_TRUE(alone);
  EXPECT_EQ(buffer->totals().delivered, 3u);
  EXPECT_EQ(buffer->totals().dropped, 1u);
}

TEST(MemoryBufferChunks, what_is_to_be_acked_when_it_is_delivered_is_due_at_once_and_memory_is_acked_at_once) {
  BufferSettings settings;
  settings.flush_interval = std::chrono::hours(1);
  settings.ack_when_written = true;
  ReceiptState state;
  Fixture buffer(settings);
  Receipts memory = receipt_for(state);
  memory.level = AckLevel::memory;
  buffer.put(batch_of("a", 0, 1), std::move(memory));
  EXPECT_EQ(state.confirmed, 1);
  EXPECT_EQ(buffer.take_now(), nullptr);
  Receipts delivered = receipt_for(state);
  delivered.level = AckLevel::delivered;
  buffer.put(batch_of("a", 1, 1), std::move(delivered));
  EXPECT_EQ(state.confirmed, 1);
  const Chunk* chunk = buffer.take_now();
  ASSERT_NE(chunk, nullptr);
  buffer->done(*chunk, 0);
  EXPECT_EQ(state.confirmed, 2);
}

class Compressed : public ::testing::TestWithParam<BufferCompression> {};

TEST_P(Compressed, chunks_that_wait_hold_less_and_come_out_as_they_went_in) {
  BufferSettings settings;
  settings.flush_interval = std::chrono::hours(1);
  settings.chunk_limit = 30000;
  settings.compression = GetParam();
  Fixture buffer(settings);
  Numbers expected;
  for (int n = 0; n < 60; ++n) {
    buffer.put(EventMaker::batch(n % 2 == 0 ? "a" : "b", {{noon, 2 * n, 1, 1000}, {noon, 2 * n + 1, 1, 1000}}));
    expected.insert(expected.end(), {2 * n, 2 * n + 1});
  }
  EXPECT_LT(buffer->totals().buffered_bytes, 90000u) << "of 120,000";
  const Chunk* first = buffer.take_now();
  const std::uint64_t plain = buffer->totals().buffered_bytes;
  buffer->retry(*first, Buffer::Clock::time_point::min());
  EXPECT_LT(buffer->totals().buffered_bytes, plain) << "one that failed waits too";
  Numbers all;
  std::vector<std::string> tags;
  buffer->flush_now();
  while (const Chunk* chunk = buffer.take_now()) {
    buffer->sent(*chunk);
    chunk->for_each([&](std::string_view tag, const Event& event) {
      all.push_back(number_of(event));
      tags.emplace_back(tag);
    });
    buffer->done(*chunk, 0);
  }
  EXPECT_EQ(all, expected);
  EXPECT_EQ(tags[1], "a");
  EXPECT_EQ(tags[2], "b");
  EXPECT_EQ(buffer->totals().buffered_bytes, 0u);
  buffer.expect_balance();
}

INSTANTIATE_TEST_SUITE_P(MemoryBufferChunks, Compressed,
                         ::testing::Values(BufferCompression::gzip, BufferCompression::zstd));

}  // namespace
