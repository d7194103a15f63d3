#include "file_buffer_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;
using Fixture = FileBufferFixture;

Receipts receipt(ReceiptState& state, AckLevel level) {
  Receipts receipts = receipt_for(state);
  receipts.level = level;
  return receipts;
}

TEST(FileBufferAcks, come_when_the_events_are_synced) {
  const TemporaryDirectory directory;
  Fixture buffer(directory, "sync_interval 1h");
  ReceiptState disk;
  ReceiptState memory;
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 1), receipt(memory, AckLevel::memory)));
  EXPECT_EQ(memory.confirmed, 1);
  const int syncs = buffer.files.syncs;
  ASSERT_TRUE(buffer.put(batch_of("a", 1, 1), receipt(disk, AckLevel::by_output)));
  ASSERT_TRUE(eventually([&] { return disk.confirmed == 1; }));
  EXPECT_GT(buffer.files.syncs, syncs);
  const TemporaryDirectory crashed;
  copy_files(directory.path(), crashed.path());
  Fixture after(crashed);
  EXPECT_THAT(after.take_all(), testing::UnorderedElementsAre(0, 1));
}

TEST(FileBufferAcks, come_when_the_output_has_written_them_where_that_is_asked_for) {
  const TemporaryDirectory directory;
  BufferSettings settings = at_once();
  settings.flush_mode = FlushMode::lazy;
  Fixture buffer(directory, "", settings);
  ReceiptState state;
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 1), receipt(state, AckLevel::delivered)));
  const Chunk* chunk = buffer.take();
  ASSERT_NE(chunk, nullptr) << "it is due at once";
  EXPECT_EQ(state.confirmed, 0);
  buffer->done(*chunk, 0);
  EXPECT_EQ(state.confirmed, 1);
}

TEST(FileBufferAcks, many_share_one_sync) {
  const TemporaryDirectory directory;
  Fixture buffer(directory);
  buffer.files.sync_takes = 20ms;
  ReceiptState state;
  std::vector<std::thread> workers;
  for (int t = 0; t < 2; ++t) {
    workers.emplace_back([&, t] {
      for (std::int64_t n = 0; n < 100; ++n)
        EXPECT_TRUE(buffer.put(batch_of("a", t * 100 + n, 1), receipt(state, AckLevel::disk)));
    });
  }
  for (std::thread& worker : workers) worker.join();
  ASSERT_TRUE(eventually([&] { return state.confirmed == 200; }));
  EXPECT_LT(buffer.files.syncs, 100);
}

TEST(FileBufferAcks, a_full_disk_holds_senders_back_and_loses_nothing) {
  const TemporaryDirectory directory;
  Fixture buffer(directory);
  ReceiptState written;
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 1), receipt(written, AckLevel::disk)));
  ASSERT_TRUE(eventually([&] { return written.confirmed == 1; }));
  buffer.files.write_error = ENOSPC;
  ReceiptState state;
  std::int64_t n = 1;
  const auto next = [&] { return batch_of("a", n, 1, noon, 0, 100000); };
  for (BatchPtr batch = next(); buffer->reserve(*batch); batch = next()) {
    buffer->append({batch, receipt(state, AckLevel::disk), {}});
    ASSERT_LT(++n, 1000) << "memory is bounded";
  }
  EXPECT_GT(n, 100);
  EXPECT_TRUE(eventually([&] { return buffer.context.test_log.has("No space left on device"); }));
  EXPECT_EQ(state.confirmed + state.failed, 0);
  std::atomic<bool> space{false};
  buffer->set_on_space([&] { space = true; });
  ASSERT_FALSE(buffer->reserve(*next()));
  buffer.files.write_error = 0;
  EXPECT_TRUE(eventually([&] { return state.confirmed == n - 1; }));
  EXPECT_TRUE(eventually([&] { return space.load(); }));
  EXPECT_EQ(buffer.take_all(), range(0, n));
}

TEST(FileBufferAcks, short_writes_are_gone_on_with) {
  const TemporaryDirectory directory;
  Fixture buffer(directory);
  buffer.files.short_writes = true;
  for (std::int64_t n = 0; n < 20; ++n) ASSERT_TRUE(buffer.put(batch_of("a", n, 1)));
  EXPECT_EQ(buffer.take_all(), range(0, 20));
  EXPECT_EQ(buffer->totals().dropped, 0u);
}

TEST(FileBufferAcks, an_error_in_one_file_is_left_behind_with_it) {
  const TemporaryDirectory directory;
  Fixture buffer(directory);
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 1)));
  ASSERT_TRUE(eventually([&] { return segments_in(directory.path()).size() == 1; }));
  ReceiptState state;
  buffer.files.write_error = EIO;
  ASSERT_TRUE(buffer.put(batch_of("a", 1, 1), receipt(state, AckLevel::disk)));
  ASSERT_TRUE(eventually([&] { return buffer.context.test_log.has("Input/output error"); }));
  buffer.files.write_error = 0;
  EXPECT_TRUE(eventually([&] { return state.confirmed == 1; }));
  EXPECT_EQ(buffer.take_all(), range(0, 2));
}

TEST(FileBufferAcks, after_a_failed_sync_everything_is_written_again_before_it_is_acknowledged) {
  const TemporaryDirectory directory;
  Fixture buffer(directory, "sync_interval 1h");
  for (std::int64_t n = 0; n < 5; ++n) ASSERT_TRUE(buffer.put(batch_of("a", n, 1)));
  ReceiptState state;
  buffer.files.syncs_that_fail = 2;
  ASSERT_TRUE(buffer.put(batch_of("a", 5, 1), receipt(state, AckLevel::disk)));
  ASSERT_TRUE(eventually([&] { return state.confirmed == 1; }));
  EXPECT_EQ(buffer.files.syncs_that_fail, 0);
  EXPECT_TRUE(buffer.context.test_log.has("the sync of segment.0000000000000001.log failed"));
  const TemporaryDirectory crashed;
  copy_files(directory.path(), crashed.path());
  // What the first file had not synced may be lost: the second one has it.
  if (const fs::path first = crashed.path() / segment::file_name(1); fs::exists(first))
    fs::resize_file(first, segment::file_head_size);
  Fixture after(crashed);
  EXPECT_THAT(after.take_all(), testing::UnorderedElementsAreArray(range(0, 6)));
  EXPECT_THAT(buffer.take_all(), testing::UnorderedElementsAreArray(range(0, 6)));
  const TemporaryDirectory whole;
  copy_files(directory.path(), whole.path());
}

TEST(FileBufferAcks, after_a_failed_sync_a_chunk_has_its_events_in_the_order_in_which_they_came) {
  const TemporaryDirectory directory;
  BufferSettings settings = at_once();
  settings.flush_mode = FlushMode::lazy;
  Fixture buffer(directory, "sync_interval 1h", settings);
  ASSERT_TRUE(eventually([&] { return !buffer->totals().opening; }));
  ReceiptState state;
  buffer.files.syncs_that_fail = 1;
  buffer.files.hold_syncs = true;
  for (std::int64_t n = 0; n < 6; ++n) {
    // What somebody waits for is kept in memory until it is synced, the rest is not.
    const unsigned before = buffer.files.writes;
    ASSERT_TRUE(buffer.put(batch_of("a", n, 1), n % 2 == 0 ? receipt(state, AckLevel::disk) : Receipts()));
    ASSERT_TRUE(eventually([&] { return buffer.files.writes > before; }));
    ASSERT_TRUE(n != 0 || eventually([&] { return buffer.files.held_syncs == 1; }));
  }
  buffer.files.hold_syncs = false;
  ASSERT_TRUE(eventually([&] { return state.confirmed == 3; }));
  EXPECT_TRUE(buffer.context.test_log.has("the sync of segment.0000000000000001.log failed"));
  buffer->flush_now();
  EXPECT_EQ(buffer.take_all(), range(0, 6));
  buffer.close();
  EXPECT_EQ(buffer.files.syncs_that_fail, 0);
}

TEST(FileBufferAcks, what_was_written_twice_is_found_once) {
  const TemporaryDirectory directory;
  const TemporaryDirectory crashed;
  {
    Fixture buffer(directory, "sync_interval 1h");
    ReceiptState state;
    buffer.files.syncs_that_fail = 1;
    for (std::int64_t n = 0; n < 5; ++n)
      ASSERT_TRUE(buffer.put(batch_of("a", n, 1), receipt(state, AckLevel::disk),
                             MessageId{1, static_cast<std::uint64_t>(n + 1)}));
    ASSERT_TRUE(eventually([&] { return state.confirmed == 5; }));
    copy_files(directory.path(), crashed.path());
  }
  Fixture after(crashed);
  EXPECT_THAT(after.take_all(), testing::UnorderedElementsAreArray(range(0, 5)));
}

TEST(FileBufferAcks, what_can_not_be_written_before_the_end_is_not_acknowledged) {
  const TemporaryDirectory directory;
  Fixture buffer(directory);
  ReceiptState state;
  ReceiptState written;
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 1), receipt(written, AckLevel::disk)));
  ASSERT_TRUE(eventually([&] { return written.confirmed == 1; }));
  buffer.files.write_error = ENOSPC;
  ASSERT_TRUE(buffer.put(batch_of("a", 1, 1), receipt(state, AckLevel::disk)));
  EXPECT_EQ(buffer->discard(), 1u);
  EXPECT_EQ(buffer.counters.dropped_for(DropReason::shutdown).value(), 1u);
  EXPECT_EQ(buffer->totals().buffered_events, 1u);
  buffer.expect_balance();
  buffer.close();
  EXPECT_EQ(state.confirmed, 0);
  EXPECT_EQ(state.failed, 1);
  EXPECT_TRUE(buffer.context.test_log.has("1 events can't be written"));
}

TEST(FileBufferMessages, one_that_is_sent_again_is_acknowledged_and_stored_once_also_after_a_restart) {
  const TemporaryDirectory directory;
  const MessageId id{7, 8};
  ReceiptState state;
  {
    Fixture buffer(directory);
    ASSERT_TRUE(buffer.put(batch_of("a", 0, 3), receipt(state, AckLevel::disk), id));
    ASSERT_TRUE(buffer.put(batch_of("a", 0, 3), receipt(state, AckLevel::disk), id));
    ASSERT_TRUE(eventually([&] { return state.confirmed == 2; }));
    EXPECT_EQ(buffer.counters.dropped_for(DropReason::duplicate).value(), 3u);
    buffer.expect_balance();
  }
  {
    Fixture buffer(directory);
    ASSERT_TRUE(buffer.put(batch_of("a", 0, 3), receipt(state, AckLevel::disk), id));
    EXPECT_EQ(state.confirmed, 3);
    EXPECT_EQ(buffer.take_all(), range(0, 3)) << "delivered, and its file removed";
  }
  Fixture buffer(directory);
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 3), receipt(state, AckLevel::disk), id));
  EXPECT_EQ(state.confirmed, 4);
  EXPECT_EQ(buffer->totals().buffered_events, 0u);
}

TEST(FileBufferMessages, a_message_of_which_a_part_is_missing_is_stored_when_it_comes_again) {
  const TemporaryDirectory directory;
  const TemporaryDirectory crashed;
  BufferSettings settings = at_once();
  settings.fields = {"n"};
  settings.flush_mode = FlushMode::lazy;
  const MessageId id{7, 8};
  ReceiptState state;
  {
    Fixture buffer(directory, "", settings);
    ASSERT_TRUE(buffer.put(batch_of("a", 0, 3), receipt(state, AckLevel::disk), id));
    ASSERT_TRUE(eventually([&] { return state.confirmed == 1; }));
    copy_files(directory.path(), crashed.path());
  }
  const fs::path file = segments_in(crashed.path()).at(0);
  fs::resize_file(file, fs::file_size(file) - 1);
  Fixture buffer(crashed, "", settings);
  ASSERT_TRUE(buffer.put(batch_of("a", 0, 3), receipt(state, AckLevel::disk), id));
  buffer->flush_now();
  const std::vector<std::int64_t> all = buffer.take_all();
  const std::set<std::int64_t> different(all.begin(), all.end());
  EXPECT_EQ(different, (std::set<std::int64_t>{0, 1, 2}));
}

}  // namespace
