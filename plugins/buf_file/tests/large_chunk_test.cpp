#include "file_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;

constexpr std::int64_t batches = 60;
constexpr std::int64_t in_a_batch = 5;
constexpr std::size_t padding = 40000;

BufferSettings lazily(BufferCompression compression = BufferCompression::text) {
  BufferSettings settings = at_once();
  settings.flush_mode = FlushMode::lazy;
  settings.compression = compression;
  return settings;
}

/// One chunk of 12 MB, under two tags in turn.
void fill(FileBufferFixture& buffer) {
  for (std::int64_t n = 0; n < batches; ++n) {
    ASSERT_TRUE(buffer.put(batch_of(n % 2 == 0 ? "a" : "b", n * in_a_batch, in_a_batch, noon, 0, padding)));
  }
  buffer->flush_now();
}

class LargeChunk : public testing::TestWithParam<BufferCompression> {};

TEST_P(LargeChunk, is_read_while_it_is_written_as_often_as_it_takes) {
  const TemporaryDirectory directory;
  FileBufferFixture buffer(directory, "sync always", lazily(GetParam()));
  fill(buffer);
  const Chunk* chunk = buffer.take();
  ASSERT_NE(chunk, nullptr);
  const std::string id = chunk->id;
  EXPECT_TRUE(chunk->batches.empty());
  EXPECT_EQ(numbers_of(*chunk), range(0, batches * in_a_batch));
  EXPECT_EQ(numbers_of(*chunk), range(0, batches * in_a_batch));
  std::uint64_t largest = 0;
  chunk->for_each_batch([&](const BatchPtr& batch) { largest = std::max(largest, batch->bytes()); });
  EXPECT_LE(largest, 4u << 20);
  buffer->retry(*chunk, Buffer::Clock::now());
  chunk = buffer.take();
  ASSERT_NE(chunk, nullptr);
  EXPECT_EQ(chunk->id, id);
  buffer->sent(*chunk);
  EXPECT_EQ(numbers_of(*chunk), range(0, batches * in_a_batch));
  buffer->done(*chunk, 0);
  buffer.expect_balance();
}

INSTANTIATE_TEST_SUITE_P(, LargeChunk, testing::Values(BufferCompression::text, BufferCompression::zstd),
                         [](const auto& test) { return test.param == BufferCompression::text ? "plain" : "zstd"; });

TEST(LargeChunks, an_output_that_has_enough_hears_of_no_more) {
  const TemporaryDirectory directory;
  FileBufferFixture buffer(directory, "sync always", lazily());
  fill(buffer);
  const Chunk* chunk = buffer.take();
  ASSERT_NE(chunk, nullptr);
  int visits = 0;
  chunk->for_each_batch([&visits](const BatchPtr&) { return ++visits < 3; });
  EXPECT_EQ(visits, 3);
  EXPECT_THROW(chunk->for_each_batch([](const BatchPtr&) { throw std::logic_error("the output's own"); }),
               std::logic_error);
  buffer->done(*chunk, 0);
}

TEST(LargeChunks, what_can_not_be_read_any_more_is_said_to_the_output_and_comes_again) {
  const TemporaryDirectory directory;
  FileBufferFixture buffer(directory, "sync always", lazily());
  fill(buffer);
  const Chunk* chunk = buffer.take();
  ASSERT_NE(chunk, nullptr);
  std::int64_t seen = 0;
  const auto read = [&] {
    chunk->for_each([&](std::string_view, const Event& event) {
      EXPECT_EQ(number_of(event), seen++);
      if (seen == 7) buffer.files.read_error = EIO;
    });
  };
  EXPECT_THROW(read(), ChunkUnreadable);
  EXPECT_LT(seen, batches * in_a_batch);
  buffer->retry(*chunk, Buffer::Clock::now());
  EXPECT_EQ(buffer.take(1ms), nullptr) << "it is looked at first";
  buffer.files.read_error = 0;
  EXPECT_EQ(buffer.take_all(), range(0, batches * in_a_batch));
  EXPECT_EQ(buffer.counters.dropped_for(DropReason::damaged).value(), 0u);
  buffer.expect_balance();
}

TEST(LargeChunks, what_is_damaged_meanwhile_is_found_and_counted_with_the_next_look) {
  const TemporaryDirectory directory;
  FileBufferFixture buffer(directory, "sync always", lazily());
  fill(buffer);
  const Chunk* chunk = buffer.take();
  ASSERT_NE(chunk, nullptr);
  const std::string id = chunk->id;
  const fs::path file = segments_in(directory.path()).at(0);
  std::string bytes = content_of(file);
  bytes[bytes.size() - 1000] = static_cast<char>(bytes[bytes.size() - 1000] ^ 1);
  write_content(file, bytes);
  EXPECT_THROW(numbers_of(*chunk), ChunkUnreadable);
  buffer->retry(*chunk, Buffer::Clock::now());
  chunk = buffer.take();
  ASSERT_NE(chunk, nullptr);
  const std::uint64_t lost = buffer.counters.dropped_for(DropReason::damaged).value();
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(numbers_of(*chunk), range(0, batches * in_a_batch - static_cast<std::int64_t>(lost)));
  EXPECT_NE(chunk->id, id) << "a receiver that knows the chunk may know more of it than is left";
  buffer->done(*chunk, 0);
  buffer.expect_balance();
}

TEST(LargeChunks, that_were_sent_hold_no_memory_while_they_wait_to_be_answered) {
  const TemporaryDirectory directory;
  FileBufferFixture buffer(directory, "sync always");
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 3)));
  const Chunk* chunk = buffer.take();
  ASSERT_NE(chunk, nullptr);
  EXPECT_FALSE(chunk->batches.empty()) << "a small one is in memory";
  buffer->sent(*chunk);
  EXPECT_TRUE(chunk->batches.empty());
  EXPECT_EQ(numbers_of(*chunk), range(0, 3));
  buffer->done(*chunk, 0);
}

TEST(LargeChunks, have_keys_and_come_back_with_their_ids_after_a_restart) {
  const TemporaryDirectory directory;
  BufferSettings settings = lazily();
  settings.by_tag = true;
  std::map<std::string, std::string> ids;
  {
    FileBufferFixture buffer(directory, "sync always\nsegment_size 1m", settings);
    fill(buffer);
    for (int i = 0; i < 2; ++i) {
      const Chunk* chunk = buffer.take();
      ASSERT_NE(chunk, nullptr);
      ids[std::string(chunk->tag->text())] = chunk->id;
      buffer->retry(*chunk, Buffer::Clock::now() + 1h);
    }
  }
  FileBufferFixture buffer(directory, "sync always\nsegment_size 1m", settings);
  for (int i = 0; i < 2; ++i) {
    const Chunk* chunk = buffer.take();
    ASSERT_NE(chunk, nullptr);
    ASSERT_TRUE(chunk->tag);
    EXPECT_EQ(chunk->id, ids[std::string(chunk->tag->text())]);
    EXPECT_EQ(numbers_of(*chunk).size(), static_cast<std::size_t>(batches * in_a_batch / 2));
    buffer->done(*chunk, 0);
  }
  buffer.expect_balance();
}

}  // namespace
