#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include <logboom/testing.hpp>

#include "pipeline/ledger.hpp"

namespace logboom {
namespace {

namespace fs = std::filesystem;

/// A sink of which a test says what it has counted.
class CountedSink final : public Sink {
 public:
  bool reserve(const EventBatch&) noexcept override { return true; }
  void unreserve(const EventBatch&) noexcept override {}
  void append(Delivery) override {}
  void refuse(Delivery) override {}
  void set_on_space(std::function<void()>) override {}
  void start() override {}
  void drain(std::function<void()> done) override { done(); }
  Stopped stop(std::chrono::steady_clock::time_point) override { return Stopped::clean; }
  OutputTotals totals() const override { return counts; }

  OutputTotals counts;
};

OutputTotals counts(std::uint64_t in, std::uint64_t delivered, std::uint64_t buffered, std::uint64_t recovered = 0) {
  OutputTotals totals;
  totals.events_in = in;
  totals.delivered = delivered;
  totals.buffered_events = buffered;
  totals.recovered = recovered;
  return totals;
}

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() { fs::create_directories(root); }
  ~LedgerTest() override { fs::remove_all(root); }

  /// One run of a process that ends orderly or not; returns what its ledger said before.
  LedgerState run(const OutputTotals& totals, bool ends_orderly, std::uint64_t routed) {
    CountedSink sink;
    sink.counts = totals;
    Ledger ledger(root, log);
    const auto entry = ledger.enter("out", sink);
    ledger.start({});
    if (routed != 0) ledger.carry("in", "tag", routed, [] {});
    LedgerState state = ledger.read();
    ledger.workers_end();
    if (ends_orderly) {
      ledger.finish();
    } else {
      write_ledger(ledger_path(root), state, false);
    }
    return state;
  }

  const std::string root = fs::temp_directory_path() / cat("ledger_test.", ::getpid());
  testing::RecordingLog log;
};

TEST_F(LedgerTest, goes_on_with_what_the_last_run_has_counted) {
  run(counts(10, 10, 0), true, 10);
  const LedgerState state = run(counts(5, 3, 2), true, 5);
  EXPECT_EQ(state.sources.at("in").total()[Term::in], 15);
  EXPECT_EQ(state.outputs.at("out").in, 15);
  EXPECT_EQ(state.outputs.at("out").delivered, 13);
  EXPECT_EQ(state.outputs.at("out").buffered, 2);
  EXPECT_TRUE(state.balances());
  EXPECT_TRUE(state.gaps.empty());
}

TEST_F(LedgerTest, does_not_count_twice_what_a_buffer_has_kept) {
  run(counts(10, 4, 6), true, 10);
  const LedgerState state = run(counts(6, 6, 0, 6), true, 0);
  EXPECT_EQ(state.outputs.at("out").in, 10);
  EXPECT_EQ(state.outputs.at("out").delivered, 10);
  EXPECT_TRUE(state.balances());
  EXPECT_TRUE(state.gaps.empty());
}

TEST_F(LedgerTest, calls_what_is_not_found_after_a_crash_a_gap) {
  run(counts(10, 4, 6), false, 10);
  const LedgerState state = run(counts(2, 2, 0, 2), false, 0);
  EXPECT_EQ(state.outputs.at("out").gap, 4);
  ASSERT_EQ(state.gaps.size(), 1u);
  EXPECT_EQ(state.gaps[0].at_most, 4);
  EXPECT_TRUE(state.balances());
  const LedgerState later = run(counts(1, 1, 0), true, 1);
  EXPECT_EQ(later.outputs.at("out").gap, 4);
  EXPECT_TRUE(later.balances());
}

TEST_F(LedgerTest, counts_what_is_found_after_a_crash_beyond_the_checkpoint) {
  run(counts(10, 4, 6), false, 10);
  const LedgerState state = run(counts(9, 0, 9, 9), false, 0);
  EXPECT_EQ(state.outputs.at("out").in, 13);
  EXPECT_EQ(state.outputs.at("out").found, 3);
  EXPECT_EQ(state.outputs.at("out").gap, 0);
  EXPECT_TRUE(state.balances());
}

OutputTotals with_before(OutputTotals totals, std::uint64_t delivered, std::uint64_t dropped) {
  totals.before.emplace();
  totals.before->buffer = 7;
  totals.before->delivered = delivered;
  totals.before->dropped[static_cast<std::size_t>(DropReason::refused)] = dropped;
  return totals;
}

TEST_F(LedgerTest, counts_what_came_and_went_behind_the_checkpoint_as_the_buffer_says) {
  run(with_before(counts(10, 4, 6), 100, 0), false, 10);
  // After the checkpoint: the 6 were delivered, 5 came and were refused, and 7 came and are there.
  const LedgerState state = run(with_before(counts(7, 2, 5, 7), 110, 5), false, 0);
  const LedgerOutput& out = state.outputs.at("out");
  EXPECT_EQ(out.in, 22);
  EXPECT_EQ(out.delivered, 12);
  EXPECT_EQ(out.buffered, 5);
  EXPECT_EQ(out.dropped[static_cast<std::size_t>(DropReason::refused)], 5);
  EXPECT_EQ(out.found, 12);
  EXPECT_EQ(out.gap, 0);
  EXPECT_TRUE(state.balances());
  // Nothing behind the checkpoint; of the 5 one is not there.
  const LedgerState later = run(with_before(counts(4, 0, 4, 4), 112, 5), false, 0);
  EXPECT_EQ(later.outputs.at("out").in, 22);
  EXPECT_EQ(later.outputs.at("out").delivered, 12);
  EXPECT_EQ(later.outputs.at("out").gap, 1);
  EXPECT_TRUE(later.balances());
}

TEST_F(LedgerTest, believes_the_counts_of_a_buffer_that_it_has_not_seen_if_that_is_younger_than_the_checkpoint) {
  run(counts(0, 0, 0), false, 0);
  OutputTotals young = with_before(counts(2, 0, 2, 2), 8, 0);
  young.before->since_ms = std::numeric_limits<std::int64_t>::max();
  const LedgerState state = run(young, false, 0);
  EXPECT_EQ(state.outputs.at("out").in, 10);
  EXPECT_EQ(state.outputs.at("out").delivered, 8);
  EXPECT_EQ(state.outputs.at("out").found, 10);
  EXPECT_TRUE(state.balances());
}

TEST_F(LedgerTest, does_not_believe_the_counts_of_another_buffer) {
  run(with_before(counts(10, 4, 6), 100, 0), false, 10);
  OutputTotals other = with_before(counts(6, 0, 6, 6), 1000, 5);
  other.before->buffer = 8;
  const LedgerState state = run(other, false, 0);
  EXPECT_EQ(state.outputs.at("out").in, 10);
  EXPECT_EQ(state.outputs.at("out").delivered, 4);
  EXPECT_TRUE(state.balances());
}

TEST_F(LedgerTest, calls_nothing_a_gap_before_the_buffer_is_open) {
  run(counts(10, 4, 6), false, 10);
  OutputTotals totals = counts(2, 0, 2, 2);
  totals.opening = true;
  const LedgerState early = run(totals, false, 0);
  EXPECT_EQ(early.outputs.at("out").buffered, 6);
  EXPECT_EQ(early.outputs.at("out").gap, 0);
  EXPECT_TRUE(early.balances());
  const LedgerState state = run(counts(5, 0, 5, 5), false, 0);
  EXPECT_EQ(state.outputs.at("out").buffered, 5);
  EXPECT_EQ(state.outputs.at("out").gap, 1);
  EXPECT_TRUE(state.balances());
}

TEST_F(LedgerTest, counts_what_was_on_its_way_at_a_crash_as_a_gap_of_its_source) {
  LedgerState before;
  before.written = before.since = 1;
  Amounts& amounts = before.sources["in"].tags["tag"];
  amounts[Term::in] = 10;
  amounts[Term::routed] = 7;
  amounts[Term::held] = 2;
  amounts[Term::parked] = 1;
  before.outputs["out"].in = before.outputs["out"].delivered = 7;
  write_ledger(ledger_path(root), before, true);
  const LedgerState state = run(counts(0, 0, 0), true, 0);
  EXPECT_EQ(state.sources.at("in").gap, 3);
  EXPECT_EQ(state.sources.at("in").total().in_flight(), 0);
  EXPECT_EQ(state.gaps.at(0).at_most, 3);
  EXPECT_TRUE(state.balances());
}

TEST_F(LedgerTest, keeps_what_an_output_that_is_gone_has_left_on_disk) {
  run(counts(10, 4, 6), true, 10);
  Ledger ledger(root, log);
  ledger.start({});
  const LedgerState state = ledger.read();
  EXPECT_EQ(state.outputs.at("out").buffered, 6);
  EXPECT_TRUE(state.balances());
}

TEST_F(LedgerTest, adds_up_sinks_of_one_id_that_follow_one_another) {
  CountedSink first;
  CountedSink second;
  Ledger ledger(root, log);
  auto entry = ledger.enter("out", first);
  first.counts = counts(10, 4, 6);
  entry.reset();
  entry = ledger.enter("out", second);
  second.counts = counts(8, 7, 1, 6);
  ledger.carry("in", "tag", 12, [] {});
  const LedgerState state = ledger.read();
  EXPECT_EQ(state.outputs.at("out").in, 12);
  EXPECT_EQ(state.outputs.at("out").delivered, 11);
  EXPECT_EQ(state.outputs.at("out").buffered, 1);
  EXPECT_TRUE(state.balances());
}

TEST_F(LedgerTest, says_what_does_not_balance) {
  EXPECT_FALSE(run(counts(10, 9, 0), true, 10).balances());
  EXPECT_FALSE(run(counts(5, 5, 0), true, 9).balances());
}

TEST_F(LedgerTest, puts_a_file_aside_that_it_can_not_use) {
  std::ofstream(ledger_path(root)) << "no ledger";
  const LedgerState state = run(counts(5, 5, 0), true, 5);
  EXPECT_EQ(state.outputs.at("out").in, 5);
  EXPECT_EQ(log.count("begins anew"), 1u);
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(root))
    files += entry.path().string().find("ledger.") != std::string::npos;
  EXPECT_EQ(files, 1u);
}

TEST_F(LedgerTest, as_json_says_the_same_again) {
  run(counts(10, 4, 6), false, 10);
  LedgerState state = run(counts(9, 0, 9, 9), false, 3);
  state.sources["in"].tags["\\xff"][Term::in] = 0;
  EXPECT_EQ(to_json(ledger_from_json(to_json(state))), to_json(state));
}

}  // namespace
}  // namespace logboom
