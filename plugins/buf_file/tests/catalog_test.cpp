#include <random>
#include <set>

#include "../chunk_reader.hpp"
#include "file_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(DoneSet, is_a_set_of_numbers) {
  std::mt19937 random(2);
  DoneSet done;
  std::set<std::uint64_t> model;
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t first = 1 + random() % 500;
    const std::uint64_t last = first + random() % 3;
    done.add(first, last);
    for (std::uint64_t n = first; n <= last; ++n) model.insert(n);
    const std::uint64_t asked = random() % 510;
    ASSERT_EQ(done.contains(asked), model.contains(asked)) << asked;
    ASSERT_EQ(done.last(), *model.rbegin());
  }
  std::uint64_t before = 0;
  for (const auto& [first, last] : done.ranges()) {
    ASSERT_TRUE(before == 0 || first > before + 1) << "neighbours are one range";
    before = last;
  }
}

TEST(Catalog, a_segment_is_removable_when_no_chunk_needs_it_and_it_does_not_grow) {
  Catalog catalog;
  catalog.add_segment(1, 100, 1000, true);
  const ChunkRecordPtr chunk = catalog.make(7);
  ASSERT_TRUE(catalog.expect(*chunk));
  catalog.written(*chunk, buf_file::Run{1, 64, 36});
  catalog.seal(1);
  EXPECT_THAT(catalog.take_removable(9999, 1000), IsEmpty());
  EXPECT_TRUE(catalog.finish(*chunk));
  EXPECT_THAT(catalog.take_removable(500, 1000), IsEmpty()) << "it is too young";
  EXPECT_EQ(catalog.take_removable(500, 50).size(), 1u) << "but there is no room for it";
  EXPECT_EQ(catalog.segments(), 0u);
  EXPECT_EQ(catalog.runs(), 0u);
}

TEST(Catalog, many_runs_of_few_bytes_are_joined) {
  constexpr std::size_t wanted = 64;
  Catalog catalog(wanted);
  catalog.add_segment(1, 1 << 30, 1000, false);
  const ChunkRecordPtr chunks[] = {catalog.make(1), catalog.make(2)};
  for (std::uint32_t i = 0; i < 10000; ++i) catalog.found(*chunks[i % 2], buf_file::Run{1, 64 + i * 10000, 10000});
  EXPECT_LE(catalog.runs(), wanted * 3 + 2);
  EXPECT_EQ(catalog.runs_of(*chunks[1]).back().offset + catalog.runs_of(*chunks[1]).back().size, 64u + 10000 * 10000);
}

TEST(Catalog, joined_runs_bring_the_chunks_own_events) {
  const TemporaryDirectory directory;
  BufferSettings settings = at_once();
  settings.by_tag = true;
  settings.flush_mode = FlushMode::lazy;
  {
    FileBufferFixture buffer(directory, "sync always", settings);
    for (std::int64_t n = 0; n < 20; ++n) {
      ReceiptState state;
      ASSERT_TRUE(buffer.put(batch_of(n % 2 == 0 ? "even" : "odd", n, 1), receipt_for(state)));
      ASSERT_TRUE(eventually([&] { return state.confirmed == 1; }));
    }
  }
  const segment::File file = segment::list_files(directory).at(0);
  const std::string bytes = content_of(file.path);
  segment::Frame frame;
  constexpr std::size_t start = segment::file_head_size;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data()) + start;
  ASSERT_EQ(segment::parse_frame({data, bytes.size() - start}, start, std::nullopt, frame), segment::Parse::ok);
  const buf_file::Run everything{static_cast<std::uint32_t>(file.sequence), start,
                                 static_cast<std::uint32_t>(bytes.size() - start)};
  Chunk chunk;
  const std::string path = directory;
  ChunkReader reader(FileOps::system(), path, frame.chunk);
  const ReadResult result =
      reader.load({everything}, [&chunk](const BatchPtr& batch) { return chunk.batches.push_back(batch), true; });
  EXPECT_EQ(result.events, 10u);
  EXPECT_EQ(numbers_of(chunk).at(9), 18);
}

TEST(Journal, what_is_done_is_read_again_and_torn_or_damaged_records_are_passed_over) {
  const TemporaryDirectory directory;
  TestLog log;
  {
    const OutputCounters counters;
    DoneSet done;
    Journal journal(FileOps::system(), directory, 0644, log, "test", counters);
    EXPECT_THAT(journal.open(done), testing::Optional(IsEmpty()));
    journal.tend(true);
    for (std::uint64_t n = 10; n < 20; n += 2) journal.done(n);
    journal.keep({{{{1, 2}, 3}, 5000}, {{{3, 4}, 1}, 10}}, 100, 10);
  }
  const fs::path file = directory.path() / "done.log";
  std::string bytes = content_of(file);
  ASSERT_EQ(bytes.size(), 7u * 40);
  bytes[85] = static_cast<char>(bytes[85] + 1);
  write_content(file, bytes + "torn");
  const OutputCounters counters;
  DoneSet done;
  Journal journal(FileOps::system(), directory, 0644, log, "test", counters);
  const auto messages = journal.open(done).value();
  ASSERT_EQ(messages.size(), 1u) << "the other one was too old";
  EXPECT_EQ(messages[0].part.message, (MessageId{1, 2}));
  EXPECT_EQ(messages[0].part.parts, 3u);
  EXPECT_EQ(messages[0].written_ms, 5000);
  EXPECT_TRUE(done.contains(10));
  EXPECT_FALSE(done.contains(12)) << "its record is damaged";
  EXPECT_TRUE(done.contains(18));
}

TEST(Journal, counts_go_on_over_runs_with_each_chunk_that_is_done) {
  const TemporaryDirectory directory;
  TestLog log;
  std::uint32_t buffer = 0;
  for (std::uint64_t run = 0; run < 3; ++run) {
    OutputCounters counters;
    DoneSet done;
    Journal journal(FileOps::system(), directory, 0644, log, "test", counters);
    journal.open(done);
    EXPECT_EQ(journal.before().delivered, 30 * run);
    EXPECT_EQ(journal.before().dropped.at(static_cast<std::size_t>(DropReason::invalid)), 2 * run);
    EXPECT_EQ(journal.before().dropped.at(static_cast<std::size_t>(DropReason::duplicate)), 5 * run)
        << "no chunk comes of these";
    if (run == 0) buffer = journal.before().buffer;
    EXPECT_EQ(journal.before().buffer, buffer);
    for (std::uint64_t n = 1; n <= 3; ++n) {
      counters.delivered.add(10);
      if (n == 2) counters.dropped_for(DropReason::invalid).add(2);
      journal.done(run * 10 + n);
    }
    counters.dropped_for(DropReason::duplicate).add(5);
    journal.count();
    counters.delivered.add(100);  // lost with the process, before the journal is told
  }
}

TEST(SegmentIndex, comes_back_as_it_was_and_no_damage_gets_through) {
  SegmentIndex index;
  index.nonce = 1;
  index.size = 2;
  index.written_ms = 3;
  index.entries = {{4, 5, 6, 7, 8}, {9, 10, 11, 12, 13}};
  index.messages = {{{{14, 15}, 16}, 17}};
  const std::string bytes = encode(index);
  const auto read = decode_index(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(decode_index(bytes.substr(0, i)));
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    const bool padding = i >= 12 && i < 16;
    EXPECT_EQ(decode_index(changed).has_value(), padding) << i;
  }
}

}  // namespace
