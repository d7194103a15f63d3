#include "file_buffer_test_support.hpp"

#include <ctime>

namespace {

using namespace logboom;
using namespace logboom::test;
using Fixture = FileBufferFixture;
using testing::UnorderedElementsAreArray;

TEST(FileBuffer, what_is_appended_comes_out_in_order_and_is_counted) {
  const TemporaryDirectory directory;
  BufferSettings settings = at_once();
  settings.flush_mode = FlushMode::lazy;
  Fixture buffer(directory, "", settings);
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 3)));
  ASSERT_TRUE(buffer.put(batch_of("b", 3, 2)));
  ASSERT_TRUE(buffer.put(batch_of("a", 5, 1, noon, 0, 40000)));
  ASSERT_TRUE(buffer.put(batch_of("a", 6, 1)));
  buffer->flush_now();
  const Chunk* chunk = buffer.take();
  ASSERT_NE(chunk, nullptr);
  EXPECT_EQ(numbers_of(*chunk), range(0, 7));
  EXPECT_EQ(chunk->events, 7u);
  EXPECT_EQ(chunk->id.size(), 32u);
  std::string tags;
  chunk->for_each([&](std::string_view tag, const Event&) { tags.append(tag); });
  EXPECT_EQ(tags, "aaabbaa");
  buffer->done(*chunk, 1);
  EXPECT_EQ(buffer->totals().delivered, 6u);
  EXPECT_EQ(buffer->totals().buffered_bytes, 0u);
  EXPECT_TRUE(buffer->empty());
  buffer.expect_balance();
}

TEST(FileBuffer, what_was_not_delivered_is_there_after_a_restart_with_its_id_and_keys) {
  const TemporaryDirectory directory;
  BufferSettings settings = at_once();
  settings.by_tag = true;
  settings.by_time = true;
  settings.timekey = std::chrono::hours(1);
  settings.fields = {"n"};
  std::map<std::int64_t, std::string> ids;
  {
    Fixture buffer(directory, "", settings);
    for (std::int64_t n = 0; n < 4; ++n) ASSERT_TRUE(buffer.put(batch_of("app." + std::to_string(n % 2), n, 1)));
    for (int i = 0; i < 4; ++i) {
      const Chunk* chunk = buffer.take();
      ASSERT_NE(chunk, nullptr);
      const std::int64_t n = numbers_of(*chunk).at(0);
      ids[n] = chunk->id;
      if (n == 2) {
        buffer->done(*chunk, 0);
      } else {
        buffer->retry(*chunk, Buffer::Clock::now() + 1h);
      }
    }
  }
  Fixture buffer(directory, "", settings);
  for (const std::int64_t n : {0, 1, 3}) {
    const Chunk* chunk = buffer.take();
    ASSERT_NE(chunk, nullptr);
    EXPECT_EQ(numbers_of(*chunk), std::vector<std::int64_t>{n});
    EXPECT_EQ(chunk->id, ids[n]);
    ASSERT_TRUE(chunk->tag);
    EXPECT_EQ(chunk->tag->text(), "app." + std::to_string(n % 2));
    EXPECT_EQ(chunk->timekey, noon / 3600 * 3600);
    ASSERT_NE(chunk->field("n"), nullptr);
    EXPECT_EQ(*chunk->field("n"), std::to_string(n));
    buffer->done(*chunk, 0);
  }
  EXPECT_EQ(buffer.take(1ms), nullptr);
  EXPECT_EQ(buffer->totals().delivered, 3u);
  buffer.expect_balance();
}

TEST(FileBuffer, a_chunk_that_is_retried_is_read_again) {
  const TemporaryDirectory directory;
  BufferSettings settings = at_once();
  settings.compression = BufferCompression::zstd;
  Fixture buffer(directory, "", settings);
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 100)));
  for (unsigned attempt = 0; attempt < 3; ++attempt) {
    const Chunk* chunk = buffer.take();
    ASSERT_NE(chunk, nullptr);
    EXPECT_EQ(chunk->attempts, attempt);
    EXPECT_EQ(numbers_of(*chunk), range(0, 100));
    buffer->retry(*chunk, Buffer::Clock::time_point::min());
  }
}

class FileBufferCompression : public testing::TestWithParam<std::pair<const char*, BufferCompression>> {};

TEST_P(FileBufferCompression, is_of_the_bytes_on_the_disk_and_what_comes_out_is_the_same) {
  const TemporaryDirectory directory;
  BufferSettings settings = at_once();
  settings.compression = GetParam().second;
  settings.chunk_limit_records = 100;
  constexpr std::size_t padding = 1000;
  {
    Fixture buffer(directory, "sync always", settings);
    for (std::int64_t n = 0; n < 200; n += 100) ASSERT_TRUE(buffer.put(batch_of("app.web", n, 100, noon, 0, padding)));
    const Chunk* chunk = buffer.take();
    ASSERT_NE(chunk, nullptr);
    EXPECT_EQ(numbers_of(*chunk), range(0, 100));
    EXPECT_GT(chunk->bytes, 100 * padding);
    buffer->done(*chunk, 0);
  }
  const fs::path file = segments_in(directory.path()).at(0);
  EXPECT_LT(fs::file_size(file), 200 * padding / 4);
  EXPECT_EQ(content_of(file).find(std::string(padding / 2, 'x')), std::string::npos);
  Fixture buffer(directory, "", at_once());
  const Chunk* chunk = buffer.take();
  ASSERT_NE(chunk, nullptr);
  EXPECT_EQ(numbers_of(*chunk), range(100, 200));
  EXPECT_EQ(chunk->batches.front()->tag().text(), "app.web");
  const BatchPtr plain = batch_of("app.web", 100, 100, noon, 0, padding);
  const auto bytes_of = [](const EventBatch& batch) {
    std::string bytes;
    for (const Span& span : batch.spans()) bytes.append(reinterpret_cast<const char*>(span.data), span.size);
    return bytes;
  };
  EXPECT_EQ(bytes_of(*chunk->batches.front()), bytes_of(*plain));
}

INSTANTIATE_TEST_SUITE_P(, FileBufferCompression,
                         testing::Values(std::pair{"gzip", BufferCompression::gzip},
                                         std::pair{"zstd", BufferCompression::zstd}),
                         [](const auto& test) { return std::string(test.param.first); });

TEST(FileBuffer, files_of_which_everything_is_delivered_are_removed) {
  const TemporaryDirectory directory;
  Fixture buffer(directory, "segment_size 64k");
  for (std::int64_t n = 0; n < 40; ++n) {
    ASSERT_TRUE(buffer.put(batch_of("a", n, 1, noon, 0, 20000)));
    const Chunk* chunk = buffer.take();
    ASSERT_NE(chunk, nullptr);
    buffer->done(*chunk, 0);
  }
  EXPECT_TRUE(eventually([&] { return segments_in(directory.path()).size() <= 2; }));
  buffer.close();
  EXPECT_THAT(segments_in(directory.path()), testing::IsEmpty());
}

TEST(FileBuffer, delivered_files_stay_for_the_time_of_retain_and_are_not_delivered_again) {
  const TemporaryDirectory directory;
  {
    Fixture buffer(directory, "retain 1h");
    ASSERT_TRUE(buffer.put(batch_of("a", 0, 10)));
    EXPECT_EQ(buffer.take_all(), range(0, 10));
  }
  ASSERT_EQ(segments_in(directory.path()).size(), 1u);
  Fixture buffer(directory, "retain 1h");
  ASSERT_TRUE(eventually([&] { return buffer->empty(); }));
  EXPECT_EQ(buffer->totals().events_in, 0u);
  EXPECT_EQ(segments_in(directory.path()).size(), 1u);
}

TEST(FileBuffer, a_directory_belongs_to_one_buffer_at_a_time) {
  const TemporaryDirectory directory;
  Fixture first(directory);
  ASSERT_TRUE(first.put(batch_of("a", 0, 1)));
  Fixture second(directory);
  const BatchPtr batch = batch_of("a", 1, 1);
  EXPECT_FALSE(second->reserve(*batch));
  first.close();
  ASSERT_TRUE(second.put(batch));
  EXPECT_THAT(second.take_all(), UnorderedElementsAreArray(range(0, 2)));
}

TEST(FileBuffer, a_buffer_that_is_drained_hands_the_rest_to_one_that_a_reload_has_made) {
  const TemporaryDirectory directory;
  Fixture old(directory);
  ASSERT_TRUE(old.put(batch_of("a", 0, 1)));
  const Chunk* chunk = old.take();
  ASSERT_NE(chunk, nullptr);
  old->retry(*chunk, Buffer::Clock::now() + 1h);
  old->drain();
  EXPECT_FALSE(old->empty()) << "its output goes on trying";
  Fixture made(directory);
  ASSERT_TRUE(eventually([&] { return old->empty(); }));
  old.close();
  ASSERT_TRUE(made.put(batch_of("a", 1, 1)));
  EXPECT_THAT(made.take_all(), testing::ElementsAre(0, 1));
}

TEST(FileBuffer, files_of_fluentds_buffer_are_left_alone_and_named) {
  const TemporaryDirectory directory;
  const fs::path foreign = directory.path() / "buffer.b61a2b3c4d5e6f708192a3b4c5d6e7f80.log";
  write_content(foreign, "chunk");
  Fixture buffer(directory);
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 1)));
  EXPECT_EQ(buffer.take_all(), range(0, 1));
  EXPECT_EQ(content_of(foreign), "chunk");
  EXPECT_TRUE(buffer.context.test_log.has(foreign.string())) << buffer.context.test_log.text();
}

TEST(FileBuffer, a_path_may_be_one_of_fluentds_patterns) {
  EXPECT_EQ(directory_of("/buffers/app"), "/buffers/app");
  EXPECT_EQ(directory_of("/buffers/app/"), "/buffers/app");
  EXPECT_EQ(directory_of("/buffers/app.*.log"), "/buffers/app.segments");
  EXPECT_EQ(directory_of("/buffers/app.*"), "/buffers/app.segments");
  EXPECT_EQ(directory_of("/buffers/*"), "/buffers/buffer.segments");
}

TEST(FileBuffer, without_a_path_it_needs_a_root_dir_and_an_id) {
  TestContext context("", "buffer");
  const FileOptions options;
  EXPECT_THROW(FileBuffer(options, context), ConfigError);
  const TemporaryDirectory directory;
  context.system_settings.root_dir = directory;
  OutputCounters counters;
  FileBuffer buffer(options, context);
  buffer.start(at_once(), counters);
  buffer.open();
  EXPECT_TRUE(fs::is_directory(directory.path() / "worker0/test/buffer"));
}

TEST(FileBuffer, a_hundred_thousand_chunks_are_there_soon_after_the_start) {
  const TemporaryDirectory directory;
  BufferSettings settings = at_once();
  settings.fields = {"n"};
  settings.flush_mode = FlushMode::lazy;
  constexpr std::int64_t chunks = 100000;
  {
    Fixture buffer(directory, "sync never", settings);
    for (std::int64_t n = 0; n < chunks; n += 1000) ASSERT_TRUE(buffer.put(batch_of("a", n, 1000)));
  }
  const std::clock_t begin = std::clock();
  Fixture buffer(directory, "sync never", settings);
  const Chunk* chunk = buffer.take();
  ASSERT_NE(chunk, nullptr);
  buffer->done(*chunk, 0);
  EXPECT_LT(std::clock() - begin, 5 * CLOCKS_PER_SEC)
      << "of CPU time: other tests run beside; without sanitizers far less";
  ASSERT_TRUE(eventually([&] { return buffer->totals().events_in == chunks; }));
  std::size_t descriptors = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++descriptors;
  EXPECT_LT(descriptors, 60u);
}

}  // namespace
