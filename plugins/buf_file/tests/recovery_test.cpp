#include <algorithm>
#include <random>

#include "../chunk_reader.hpp"
#include "file_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;
using testing::ElementsAre;

/// What `Recovery` finds in a directory, without the threads of a buffer.
struct Recovered {
  explicit Recovered(const fs::path& directory) : path(directory) {
    StoreSettings settings;
    settings.id = "test";
    settings.directory = directory.string();
    const OutputCounters counters;
    Journal journal(files, directory.string(), 0644, log, "test", counters);
    Recovery recovery(settings, files, catalog, journal, log, false);
    recovery.prepare();
    recovery.run([this](Recovery::Found chunk) { found.push_back(std::move(chunk)); }, std::atomic<bool>(false));
    counts = recovery.counts();
    messages = recovery.whole_messages();
  }
  std::vector<std::int64_t> numbers() {
    std::vector<std::int64_t> all;
    for (const Recovery::Found& each : found) {
      Chunk chunk;
      const std::string directory = path.string();
      ChunkReader(FileOps::system(), directory, each.chunk->number)
          .load(catalog.runs_of(*each.chunk),
                [&chunk](const BatchPtr& batch) { return chunk.batches.push_back(batch), true; });
      for (const std::int64_t n : numbers_of(chunk)) all.push_back(n);
      events += each.events;
    }
    return all;
  }

  struct : FileOps {
    int fdatasync(int) override { return 0; }
  } files;
  fs::path path;
  TestLog log;
  Catalog catalog;
  std::vector<Recovery::Found> found;
  Recovery::Counts counts;
  std::vector<SegmentIndex::Message> messages;
  std::uint64_t events = 0;
};

/// A segment as a crash leaves it: of these batches, each synced and so in a frame of its own.
struct Crashed {
  explicit Crashed(std::int64_t batches) {
    FileBufferFixture buffer(directory, "sync always");
    ReceiptState state;
    for (std::int64_t n = 0; n < batches; ++n) {
      EXPECT_TRUE(buffer.put(batch_of("app.web", n, 1, noon, 0, 10), receipt_for(state),
                             MessageId{5, static_cast<std::uint64_t>(n + 1)}));
      EXPECT_TRUE(eventually([&] { return state.confirmed == n + 1; }));
    }
    file = segments_in(directory.path()).at(0);
    bytes = content_of(file);
  }
  TemporaryDirectory directory;
  fs::path file;
  std::string bytes;
};

std::vector<std::size_t> frame_ends(const std::string& bytes) {
  std::vector<std::size_t> ends;
  segment::Frame frame;
  std::size_t at = segment::file_head_size;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  while (segment::parse_frame({data + at, bytes.size() - at}, at, std::nullopt, frame) == segment::Parse::ok) {
    at += frame.size();
    ends.push_back(at);
  }
  return ends;
}

TEST(BufferRecovery, every_prefix_of_a_segment_keeps_each_committed_batch_whatever_follows) {
  const Crashed crashed(3);
  const std::vector<std::size_t> ends = frame_ends(crashed.bytes);
  ASSERT_EQ(ends.size(), 3u);
  std::mt19937 random(3);
  std::string garbage(333, '\0');
  for (char& c : garbage) c = static_cast<char>(random());
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / crashed.file.filename();
  for (std::size_t size = 0; size <= crashed.bytes.size(); ++size) {
    const auto whole = std::count_if(ends.begin(), ends.end(), [size](std::size_t end) { return end <= size; });
    for (const std::string& suffix : {std::string(), std::string(333, '\0'), garbage}) {
      fs::remove(directory.path() / segment::file_name(1, ".index"));
      fs::remove(directory.path() / "done.log");
      write_content(file, crashed.bytes.substr(0, size) + suffix);
      Recovered recovered(directory.path());
      ASSERT_EQ(recovered.numbers(), range(0, whole)) << "cut at " << size << " with " << suffix.size();
      ASSERT_EQ(recovered.events, static_cast<std::uint64_t>(whole));
      ASSERT_EQ(recovered.messages.size(), static_cast<std::size_t>(whole));
      ASSERT_EQ(recovered.counts.damaged_segments, 0u);
      const std::uint64_t torn = size + suffix.size() - fs::file_size(file);
      ASSERT_EQ(recovered.counts.torn_bytes, torn);
      ASSERT_EQ(recovered.log.has(cat("the last ", torn, " bytes of ", file.string())), torn > 0);
    }
  }
}

TEST(BufferRecovery, of_a_damaged_segment_what_is_intact_is_read_and_the_file_is_put_aside) {
  const Crashed crashed(4);
  const std::vector<std::size_t> ends = frame_ends(crashed.bytes);
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / crashed.file.filename();
  std::string bytes = crashed.bytes;
  bytes[ends[1] - 3] = '!';
  write_content(file, bytes);
  {
    Recovered recovered(directory.path());
    EXPECT_THAT(recovered.numbers(), ElementsAre(0, 2, 3));
    EXPECT_EQ(recovered.counts.lost_events, 1u);
    EXPECT_TRUE(recovered.log.has("3 events were read from it")) << recovered.log.text();
  }
  EXPECT_EQ(content_of(directory.path() / "quarantine" / file.filename()), bytes);
  Recovered again(directory.path());
  EXPECT_THAT(again.numbers(), ElementsAre(0, 2, 3));
  EXPECT_EQ(again.counts.damaged_segments, 0u) << "said once";
}

TEST(BufferRecovery, events_that_are_lost_came_in_and_are_counted_once_as_damaged) {
  const Crashed crashed(4);
  const std::vector<std::size_t> ends = frame_ends(crashed.bytes);
  const TemporaryDirectory directory;
  std::string bytes = crashed.bytes;
  bytes[ends[1] - 3] = '!';
  write_content(directory.path() / crashed.file.filename(), bytes);
  {
    FileBufferFixture buffer(directory);
    ASSERT_TRUE(eventually([&] { return !buffer->totals().opening; }));
    EXPECT_EQ(buffer.counters.events_in.value(), 4u);
    EXPECT_EQ(buffer->totals().recovered, 4u);
    EXPECT_EQ(buffer.counters.dropped_for(DropReason::damaged).value(), 1u);
    buffer.expect_balance();
  }
  FileBufferFixture again(directory);
  EXPECT_THAT(again.take_all(), ElementsAre(0, 2, 3));
  EXPECT_EQ(again.counters.dropped_for(DropReason::damaged).value(), 0u);
  again.expect_balance();
}

TEST(BufferRecovery, damage_to_what_was_delivered_loses_nothing) {
  const TemporaryDirectory directory;
  BufferSettings settings = at_once();
  settings.chunk_limit_records = 1;
  {
    FileBufferFixture buffer(directory, "sync always", settings);
    ReceiptState state;
    for (std::int64_t n = 0; n < 3; ++n) {
      ASSERT_TRUE(buffer.put(batch_of("a", n, 1), receipt_for(state)));
      ASSERT_TRUE(eventually([&] { return state.confirmed == n + 1; }));
    }
    const Chunk* chunk = buffer.take();
    ASSERT_NE(chunk, nullptr);
    buffer->done(*chunk, 0);
  }
  const fs::path file = segments_in(directory.path()).at(0);
  fs::remove(fs::path(file).replace_extension(".index"));
  std::string bytes = content_of(file);
  const std::size_t end = frame_ends(bytes).at(0);
  bytes[end - 1] = static_cast<char>(bytes[end - 1] ^ 1);
  write_content(file, bytes);
  FileBufferFixture buffer(directory);
  EXPECT_THAT(buffer.take_all(), ElementsAre(1, 2));
  EXPECT_EQ(buffer.counters.dropped_for(DropReason::damaged).value(), 0u);
  buffer.expect_balance();
}

TEST(BufferRecovery, random_damage_never_brings_what_was_not_written) {
  const Crashed crashed(12);
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / crashed.file.filename();
  std::mt19937 random(9);
  for (int round = 0; round < 300; ++round) {
    fs::remove_all(directory.path());
    fs::create_directory(directory.path());
    std::string bytes = crashed.bytes;
    const std::size_t hits = 1 + random() % 5;
    for (std::size_t i = 0; i < hits; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 2 == 0) bytes.resize(random() % bytes.size());
    write_content(file, bytes);
    Recovered recovered(directory.path());
    const std::vector<std::int64_t> all = recovered.numbers();
    ASSERT_EQ(recovered.events, all.size());
    ASSERT_TRUE(std::is_sorted(all.begin(), all.end()));
    ASSERT_TRUE(all.empty() || (all.front() >= 0 && all.back() < 12));
    ASSERT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
  }
}

TEST(BufferRecovery, damage_behind_an_index_is_found_when_the_chunk_is_read) {
  const TemporaryDirectory directory;
  {
    FileBufferFixture buffer(directory, "sync always");
    ReceiptState state;
    for (std::int64_t n = 0; n < 3; ++n) {
      ASSERT_TRUE(buffer.put(batch_of("a", n, 1), receipt_for(state)));
      ASSERT_TRUE(eventually([&] { return state.confirmed == n + 1; }));
    }
  }
  const fs::path file = segments_in(directory.path()).at(0);
  std::string bytes = content_of(file);
  const std::vector<std::size_t> ends = frame_ends(bytes);
  ASSERT_EQ(ends.size(), 3u);
  bytes[ends[1] - 1] = static_cast<char>(bytes[ends[1] - 1] ^ 1);
  write_content(file, bytes);
  FileBufferFixture buffer(directory);
  EXPECT_THAT(buffer.take_all(), ElementsAre(0, 2));
  EXPECT_EQ(buffer.counters.dropped_for(DropReason::damaged).value(), 1u);
  EXPECT_TRUE(buffer.context.test_log.has("1 of 3 events of chunk"));
  buffer.expect_balance();
}

TEST(BufferRecovery, a_chunk_in_several_segments_is_one_chunk) {
  const TemporaryDirectory directory;
  BufferSettings settings = at_once();
  settings.flush_mode = FlushMode::lazy;
  {
    FileBufferFixture buffer(directory, "segment_size 64k", settings);
    for (std::int64_t n = 0; n < 20; ++n) ASSERT_TRUE(buffer.put(batch_of("a", n, 1, noon, 0, 20000)));
  }
  ASSERT_GT(segments_in(directory.path()).size(), 3u);
  FileBufferFixture buffer(directory, "", settings);
  const Chunk* chunk = buffer.take();
  ASSERT_NE(chunk, nullptr);
  EXPECT_EQ(numbers_of(*chunk), range(0, 20));
}

TEST(BufferRecovery, chunks_are_delivered_once_where_the_process_is_killed_again_and_again) {
  std::mt19937 random(4);
  std::vector<TemporaryDirectory> directories(12);
  std::set<std::int64_t> delivered;
  std::int64_t next = 0;
  for (std::size_t run = 0; run + 1 < directories.size(); ++run) {
    FileBufferFixture buffer(directories[run], "segment_size 64k");
    ReceiptState state;
    const auto more = static_cast<std::int64_t>(1 + random() % 8);
    for (std::int64_t i = 0; i < more; ++i)
      ASSERT_TRUE(buffer.put(batch_of("a", next++, 1, noon, 0, random() % 30000), receipt_for(state)));
    ASSERT_TRUE(eventually([&] { return state.confirmed == more; }));
    for (auto i = random() % 6; i > 0; --i) {
      const Chunk* chunk = buffer.take(20ms);
      if (chunk == nullptr) break;
      for (const std::int64_t n : numbers_of(*chunk)) ASSERT_TRUE(delivered.insert(n).second) << n;
      buffer->done(*chunk, 0);
    }
    ASSERT_TRUE(eventually([&] { return !buffer->totals().opening; })) << "before that what is done may come again";
    copy_files(directories[run].path(), directories[run + 1].path());
  }
  FileBufferFixture last(directories.back());
  for (const std::int64_t n : last.take_all()) ASSERT_TRUE(delivered.insert(n).second) << n;
  EXPECT_EQ(delivered.size(), static_cast<std::size_t>(next));
}

/// A chunk of which the first segment and the last have an event each, of the same size, and those between have none.
void fill_around(const TemporaryDirectory& directory, const BufferSettings& settings) {
  FileBufferFixture buffer(directory, "segment_size 64k", settings);
  ReceiptState state;
  for (std::int64_t n = 0; n < 10; ++n) {
    const bool edge = n == 0 || n == 9;
    ASSERT_TRUE(buffer.put(batch_of(edge ? "edges" : "middle", n, 1, noon, 0, edge ? 10 : 20000), receipt_for(state)));
    ASSERT_TRUE(eventually([&] { return state.confirmed == n + 1; }));
  }
  buffer.close();
  const std::vector<fs::path> segments = segments_in(directory.path());
  ASSERT_GT(segments.size(), 2u);
  fs::remove(fs::path(segments.back()).replace_extension(".index"));
}

BufferSettings by_tag() {
  BufferSettings settings = at_once();
  settings.flush_mode = FlushMode::lazy;
  settings.by_tag = true;
  return settings;
}

TEST(BufferRecovery, a_chunk_is_not_done_before_all_is_read_that_may_have_more_of_it) {
  struct : FileOps {
    int open(const std::string& path, int flags, mode_t mode) override {
      if (path == slow && (flags & O_ACCMODE) == O_RDWR) eventually([this] { return go_on.load(); }, 20s);
      return FileOps::open(path, flags, mode);
    }
    int fdatasync(int) override { return 0; }
    std::string slow;
    std::atomic<bool> go_on{false};
  } files;
  const TemporaryDirectory directory;
  const TemporaryDirectory crashed;
  fill_around(directory, by_tag());
  files.slow = segments_in(directory.path()).back().string();
  {
    BufferOnFiles buffer(directory, files, by_tag());
    const Chunk* chunk = buffer.take();
    ASSERT_NE(chunk, nullptr) << "while the last segment is read";
    EXPECT_THAT(numbers_of(*chunk), ElementsAre(0));
    buffer.buffer->done(*chunk, 0);
    copy_files(directory.path(), crashed.path());
    files.go_on = true;
    EXPECT_EQ(buffer.take_until(9), range(1, 10));
    EXPECT_TRUE(eventually([&] { return segments_in(directory.path()).empty(); })) << "all is done";
  }
  DoneSet done;
  TestLog log;
  const OutputCounters counters;
  Journal(files, crashed, 0644, log, "test", counters).open(done);
  EXPECT_THAT(done.ranges(), testing::IsEmpty());
  BufferOnFiles after(crashed, files, by_tag());
  EXPECT_EQ(after.take_until(10), range(0, 10));
}

TEST(BufferRecovery, parts_of_a_chunk_have_ids_of_their_own_the_same_after_each_restart) {
  const TemporaryDirectory directory;
  fill_around(directory, by_tag());
  std::vector<std::set<std::string>> ids(2);
  for (std::set<std::string>& found : ids) {
    FileBufferFixture buffer(directory, "", by_tag());
    for (int i = 0; i < 3; ++i) {
      const Chunk* chunk = buffer.take();
      ASSERT_NE(chunk, nullptr);
      if (chunk->tag->text() == "edges") {
        EXPECT_EQ(chunk->events, 1u);
        found.insert(chunk->id);
      }
      buffer->retry(*chunk, Buffer::Clock::now() + 1h);
    }
  }
  EXPECT_EQ(ids[0].size(), 2u);
  EXPECT_EQ(ids[0], ids[1]);
}

}  // namespace
