#include "file_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;
using Fixture = FileBufferFixture;

constexpr std::uint64_t small_disk = 300'000;

BatchPtr large(std::int64_t n) { return batch_of("a", n, 1, noon, 0, 50'000); }

BufferSettings lazy() {
  BufferSettings settings = at_once();
  settings.flush_mode = FlushMode::lazy;
  return settings;
}

bool is_full(Fixture& buffer) {
  return eventually([&] { return buffer.context.test_log.has("No space left on device"); });
}

TEST(FullDisk, is_gone_on_with_where_one_file_that_is_not_full_has_all_of_it) {
  const TemporaryDirectory directory;
  Fixture buffer(directory);
  buffer.files.disk_size = small_disk;
  ReceiptState state;
  for (std::int64_t n = 0; n < 40; ++n) ASSERT_TRUE(buffer.put(large(n), receipt_for(state)));
  ASSERT_TRUE(is_full(buffer));
  EXPECT_EQ(buffer.take_all(), range(0, 40));
  EXPECT_TRUE(eventually([&] { return state.confirmed == 40; }));
  EXPECT_EQ(buffer->totals().dropped, 0u);
  buffer.expect_balance();
}

TEST(FullDisk, delivered_files_that_are_retained_make_room) {
  const TemporaryDirectory directory;
  Fixture buffer(directory, "retain 1h\nsegment_size 100k");
  buffer.files.disk_size = small_disk;
  for (std::int64_t n = 0; n < 20; ++n) {
    ASSERT_TRUE(buffer.put(large(n)));
    ASSERT_EQ(buffer.take_all(), range(n, n + 1));
  }
  EXPECT_GT(segments_in(directory.path()).size(), 1u);
}

TEST(FullDisk, a_chunk_that_is_larger_is_delivered_from_the_disk_and_from_memory) {
  const TemporaryDirectory directory;
  Fixture buffer(directory, "", lazy());
  buffer.files.disk_size = small_disk;
  ReceiptState state;
  for (std::int64_t n = 0; n < 20; ++n) {
    ASSERT_TRUE(buffer.put(large(n), receipt_for(state)));
    ASSERT_TRUE(buffer.put(batch_of("b", 100 + n, 1), receipt_for(state)));
  }
  ASSERT_TRUE(is_full(buffer));
  buffer->flush_now();
  for (unsigned attempt = 0; attempt < 2; ++attempt) {
    const Chunk* chunk = buffer.take();
    ASSERT_NE(chunk, nullptr);
    std::vector<std::int64_t> a;
    std::vector<std::int64_t> b;
    chunk->for_each(
        [&](std::string_view tag, const Event& event) { (tag == "a" ? a : b).push_back(number_of(event)); });
    EXPECT_EQ(a, range(0, 20));
    EXPECT_EQ(b, range(100, 120));
    if (attempt == 0) {
      buffer->retry(*chunk, Buffer::Clock::time_point::min());
    } else {
      buffer->done(*chunk, 0);
    }
  }
  EXPECT_TRUE(eventually([&] { return state.confirmed == 40; }));
  ASSERT_TRUE(buffer.put(large(20)));
  EXPECT_TRUE(eventually([&] { return buffer.files.used() > 50'000 && buffer.files.used() < 100'000; }))
      << "it is in a file of its own, and the others are removed";
  buffer->flush_now();
  EXPECT_EQ(buffer.take_all(), range(20, 21));
  buffer.expect_balance();
}

TEST(FullDisk, messages_that_were_delivered_from_memory_are_known_after_a_restart) {
  const TemporaryDirectory directory;
  ReceiptState state;
  {
    Fixture buffer(directory, "", lazy());
    buffer.files.disk_size = small_disk;
    for (std::uint64_t n = 0; n < 10; ++n)
      ASSERT_TRUE(buffer.put(large(static_cast<std::int64_t>(n)), receipt_for(state), MessageId{1, n + 1}));
    ASSERT_TRUE(is_full(buffer));
    buffer->flush_now();
    EXPECT_EQ(buffer.take_all(), range(0, 10));
    ASSERT_TRUE(eventually([&] { return state.confirmed == 10; }));
  }
  Fixture buffer(directory);
  for (std::uint64_t n = 0; n < 10; ++n)
    ASSERT_TRUE(buffer.put(large(static_cast<std::int64_t>(n)), receipt_for(state), MessageId{1, n + 1}));
  EXPECT_EQ(buffer.counters.dropped_for(DropReason::duplicate).value(), 10u);
  EXPECT_EQ(state.confirmed, 20);
}

/// A file whose events are delivered is removed when there is no room, not even for the ids of its messages.
void remove_messages(const fs::path& directory, const fs::path& crashed, bool no_journal) {
  ReceiptState state;
  Fixture buffer(directory.string());
  for (std::uint64_t n = 0; n < 5; ++n)
    ASSERT_TRUE(buffer.put(large(static_cast<std::int64_t>(n)), receipt_for(state), MessageId{1, n + 1}));
  ASSERT_TRUE(eventually([&] { return state.confirmed == 5; }));
  buffer.files.no_journal = no_journal;
  buffer.files.disk_size = buffer.files.used();
  EXPECT_EQ(buffer.take_all(), range(0, 5));
  const fs::path first = segments_in(directory).at(0);
  ASSERT_TRUE(buffer.put(large(5)));
  ASSERT_TRUE(eventually([&] { return !fs::exists(first); }));
  EXPECT_EQ(buffer.take_all(), range(5, 6));
  copy_files(directory, crashed);
}

class FullDiskMessages : public testing::TestWithParam<bool> {};

TEST_P(FullDiskMessages, are_known_after_a_crash_though_their_file_had_to_be_removed) {
  const TemporaryDirectory directory;
  const TemporaryDirectory crashed;
  remove_messages(directory.path(), crashed.path(), GetParam());
  ReceiptState state;
  Fixture buffer(crashed);
  for (std::uint64_t n = 0; n < 5; ++n)
    ASSERT_TRUE(buffer.put(large(static_cast<std::int64_t>(n)), receipt_for(state), MessageId{1, n + 1}));
  EXPECT_EQ(buffer.counters.dropped_for(DropReason::duplicate).value(), 5u);
  EXPECT_FALSE(fs::exists(crashed.path() / segment::file_name(1, ".index")));
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutAJournal, FullDiskMessages, testing::Bool());

}  // namespace
