#include "file_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;
using testing::ElementsAre;

struct Fault {
  const char* name;
  std::atomic<int> FaultyFiles::*which;
  int error;
};

std::size_t times(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class UnreadableChunk : public testing::TestWithParam<Fault> {};

TEST_P(UnreadableChunk, is_kept_and_comes_when_the_system_can_read_it) {
  const TemporaryDirectory directory;
  FileBufferFixture buffer(directory, "sync always");
  ReceiptState state;
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 3), receipt_for(state)));
  ASSERT_TRUE(eventually([&] { return state.confirmed == 1; }));
  (buffer.files.*GetParam().which) = GetParam().error;
  for (unsigned tries = 1; tries <= 25; ++tries) {
    EXPECT_EQ(buffer.take(1ms), nullptr);
    EXPECT_GE(buffer.files.failed_reads.load(), tries);
    buffer->flush_now();
  }
  EXPECT_EQ(times(buffer.context.test_log.text(), "can't read chunk"), 1u) << buffer.context.test_log.text();
  EXPECT_TRUE(buffer.context.test_log.has("tried again every second"));
  EXPECT_EQ(buffer->totals().buffered_events, 3u);
  (buffer.files.*GetParam().which) = 0;
  EXPECT_THAT(buffer.take_all(), ElementsAre(0, 1, 2));
  EXPECT_EQ(buffer.counters.dropped_for(DropReason::damaged).value(), 0u);
  buffer.expect_balance();
}

INSTANTIATE_TEST_SUITE_P(, UnreadableChunk,
                         testing::Values(Fault{"no_descriptors", &FaultyFiles::open_error, EMFILE},
                                         Fault{"no_memory", &FaultyFiles::open_error, ENOMEM},
                                         Fault{"no_permission", &FaultyFiles::open_error, EACCES},
                                         Fault{"bad_disk", &FaultyFiles::read_error, EIO}),
                         [](const auto& test) { return test.param.name; });

TEST(UnreadableChunks, a_segment_in_which_damage_is_found_late_is_kept) {
  const TemporaryDirectory directory;
  FileBufferFixture buffer(directory, "sync always");
  ReceiptState state;
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 3), receipt_for(state)));
  ASSERT_TRUE(eventually([&] { return state.confirmed == 1; }));
  const fs::path file = segments_in(directory.path()).at(0);
  std::string bytes = content_of(file);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_content(file, bytes);
  EXPECT_TRUE(buffer.take_all().empty());
  EXPECT_EQ(buffer.counters.dropped_for(DropReason::damaged).value(), 3u);
  EXPECT_EQ(content_of(directory.path() / "quarantine" / file.filename()), bytes);
  EXPECT_TRUE(buffer.context.test_log.has("the file is kept as")) << buffer.context.test_log.text();
  buffer.expect_balance();
}

BufferSettings chunks_of(std::uint64_t events) {
  BufferSettings settings = at_once();
  settings.chunk_limit_records = events;
  return settings;
}

/// Events so large that each segment holds few.
void fill(const TemporaryDirectory& directory, std::int64_t events, const BufferSettings& settings) {
  FileBufferFixture buffer(directory, "segment_size 64k", settings);
  ReceiptState state;
  for (std::int64_t n = 0; n < events; ++n) {
    ASSERT_TRUE(buffer.put(batch_of("a", n, 1, noon, 0, 20000), receipt_for(state)));
    ASSERT_TRUE(eventually([&] { return state.confirmed == n + 1; }));
  }
}

/// Its own way to a directory with which some segments can't be opened.
class SegmentsLocked : public testing::TestWithParam<bool> {
 protected:
  struct Files : FileOps {
    int open(const std::string& path, int flags, mode_t mode) override {
      if (path == locked && locked_now) return errno = EACCES, -1;
      return FileOps::open(path, flags, mode);
    }
    int fdatasync(int) override { return 0; }
    std::string locked;
    std::atomic<bool> locked_now{true};
  };

  void prepare(std::size_t which) {
    const std::vector<fs::path> segments = segments_in(directory.path());
    ASSERT_GT(segments.size(), which);
    files.locked = segments[which].string();
    if (GetParam()) return;
    fs::path index = segments[which];
    fs::remove(index.replace_extension(".index"));
  }

  TemporaryDirectory directory;
  Files files;
};

INSTANTIATE_TEST_SUITE_P(, SegmentsLocked, testing::Bool(),
                         [](const auto& test) { return test.param ? "with_index" : "without_index"; });

TEST_P(SegmentsLocked, at_the_start_are_read_as_soon_as_they_can_be) {
  fill(directory, 12, chunks_of(1));
  prepare(1);
  BufferOnFiles opened(directory, files);
  const std::vector<std::int64_t> first = opened.take_until(8);
  EXPECT_GE(first.size(), 8u);
  EXPECT_LT(first.size(), 12u);
  EXPECT_TRUE(opened.context.test_log.has("can't read " + files.locked)) << opened.context.test_log.text();
  EXPECT_TRUE(opened.context.test_log.has("let logboom's user read and write it"));
  files.locked_now = false;
  std::vector<std::int64_t> all = opened.take_until(12 - first.size());
  all.insert(all.end(), first.begin(), first.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, range(0, 12));
  EXPECT_TRUE(eventually([&] { return segments_in(directory.path()).empty(); })) << "all is done";
}

TEST_P(SegmentsLocked, and_never_read_are_read_at_a_later_start_though_everything_else_is_done) {
  fill(directory, 12, chunks_of(1));
  prepare(1);
  std::vector<std::int64_t> all;
  {
    BufferOnFiles opened(directory, files);
    all = opened.take_until(8);
    // New numbers come in, the journal is written anew: what is done is one range.
    for (std::int64_t n = 100; n < 4000; ++n) {
      const BatchPtr batch = batch_of("a", n, 1);
      ASSERT_TRUE(eventually([&] { return opened.buffer->reserve(*batch); }));
      opened.buffer->append({batch, {}, {}});
    }
    EXPECT_EQ(opened.take_until(3900).size(), 3900u);
  }
  {
    BufferOnFiles still(directory, files);
    EXPECT_TRUE(eventually([&] { return still.context.test_log.has("chunks from before"); }));
  }
  files.locked_now = false;
  BufferOnFiles opened(directory, files);
  // Without an index any chunk may have had more in that segment: the others come again too.
  const std::vector<std::int64_t> rest = opened.take_until(GetParam() ? 12 - all.size() : 12);
  all.insert(all.end(), rest.begin(), rest.end());
  const std::set<std::int64_t> every(all.begin(), all.end());
  for (std::int64_t n = 0; n < 12; ++n) EXPECT_TRUE(every.contains(n)) << n;
  if (GetParam()) {
    EXPECT_EQ(all.size(), 12u) << "its index says what is in it: nothing comes twice";
  }
}

/// A chunk with a part in a segment that can't be read is not done when its other parts are.
TEST_P(SegmentsLocked, keep_chunks_that_go_on_in_them_from_being_done) {
  fill(directory, 12, chunks_of(12));
  prepare(1);
  files.locked_now = !GetParam();  // with an index the chunk as a whole waits
  std::set<std::int64_t> all;
  {
    BufferOnFiles opened(directory, files);
    for (const std::int64_t n : opened.take_until(GetParam() ? 12 : 8)) all.insert(n);
  }
  files.locked_now = false;
  if (!GetParam()) {
    BufferOnFiles opened(directory, files);
    for (const std::int64_t n : opened.take_until(12)) all.insert(n);
  }
  EXPECT_EQ(all.size(), 12u);
}

/// What says which events and messages are done, and how it can't be read, once.
struct Unread {
  const char* name;
  const char* suffix;
  bool opens;
  int error;
};

class UnreadRecords : public testing::TestWithParam<Unread> {
 protected:
  struct Files : FileOps {
    int open(const std::string& path, int flags, mode_t mode) override {
      const bool ours = path.ends_with(GetParam().suffix) && (flags & O_ACCMODE) == O_RDONLY;
      if (ours && !GetParam().opens && left > 0 && left-- > 0) return errno = GetParam().error, -1;
      const int descriptor = FileOps::open(path, flags, mode);
      if (ours) ours_is = descriptor;
      return descriptor;
    }
    ssize_t pread(int descriptor, void* to, std::size_t size, off_t offset) override {
      const bool fails = GetParam().opens && descriptor == ours_is;
      if (fails && left > 0 && left-- > 0) return errno = GetParam().error, -1;
      return FileOps::pread(descriptor, to, size, offset);
    }
    int fdatasync(int) override { return 0; }
    std::atomic<int> ours_is{-1};
    std::atomic<int> left{1};
  };
};

TEST_P(UnreadRecords, of_what_is_done_are_waited_for_and_nothing_comes_again) {
  const TemporaryDirectory directory;
  const MessageId id{7, 8};
  ReceiptState state;
  {
    FileBufferFixture buffer(directory, "retain 1h");
    ASSERT_TRUE(buffer.put(batch_of("a", 0, 3), receipt_for(state), id));
    ASSERT_TRUE(eventually([&] { return state.confirmed == 1; }));
    EXPECT_EQ(buffer.take_all(), range(0, 3));
  }
  const bool bare = std::string_view(GetParam().suffix) == ".index";
  if (bare) fs::remove(segments_in(directory.path()).at(0));
  Files files;
  BufferOnFiles buffer(directory, files);
  ASSERT_TRUE(eventually([&] { return buffer.context.test_log.has("nothing is taken before"); }));
  ASSERT_TRUE(eventually([&] { return !buffer.buffer->totals().opening; }));
  EXPECT_EQ(files.left, 0);
  EXPECT_EQ(buffer.counters.events_in.value(), 0u);
  const BatchPtr again = batch_of("a", 0, 3);
  ASSERT_TRUE(eventually([&] { return buffer.buffer->reserve(*again); }));
  buffer.buffer->append({again, receipt_for(state), id});
  EXPECT_EQ(buffer.counters.dropped_for(DropReason::duplicate).value(), 3u);
  EXPECT_EQ(buffer.take(1ms), nullptr);
}

INSTANTIATE_TEST_SUITE_P(, UnreadRecords,
                         testing::Values(Unread{"done_without_descriptors", "done.log", false, EMFILE},
                                         Unread{"done_on_a_bad_disk", "done.log", true, EIO},
                                         Unread{"messages_without_permission", ".index", false, EACCES}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
