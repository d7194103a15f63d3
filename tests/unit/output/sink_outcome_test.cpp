#include <gtest/gtest.h>

#include "output/dead_letters.hpp"
#include "output/output_test_support.hpp"
#include "output/sink.hpp"

namespace logboom::plugins {
PluginInfo buf_memory();
}

namespace {

using namespace logboom;
using namespace logboom::test;

/// Says the same of every chunk.
class ConstantOutput final : public ChunkOutput {
 public:
  WriteResult write(const Chunk&) override { return result; }
  WriteResult result;
};

/// A store of dead letters that has room, or not.
class Keeper final : public DeadLetters {
 public:
  bool store(const std::string&, const Chunk&, std::string_view) override { return has_room; }
  bool has_room = false;
};

/// A sink of such an output, behind a buffer in memory.
struct ConstantSink {
  explicit ConstantSink(const BufferSettings& settings, DeadLetters* letters = nullptr)
      : sink(make_buffered_sink(output, nullptr, make_output<Buffer>(plugins::buf_memory(), context), settings,
                                SinkContext{"test_out", {}, context.test_log, context.test_metrics, letters})) {}
  void put(Receipts receipts = {}) {
    const BatchPtr batch = batch_of("t", 1, 1);
    ASSERT_TRUE(sink->reserve(*batch));
    sink->append({batch, std::move(receipts)});
  }

  TestContext context{"@type x"};
  ConstantOutput output;
  std::unique_ptr<Sink> sink;
};

/// A receipt whose events must not be lost.
class Careful final : public Receipt::Target {
 public:
  Careful(ReceiptState& state, std::atomic<int>& lost) : state_(state), lost_(lost) {}
  bool accepts_loss() noexcept override {
    ++lost_;
    return false;
  }
  void settled(bool ok) noexcept override { ++(ok ? state_.confirmed : state_.failed); }

 private:
  ReceiptState& state_;
  std::atomic<int>& lost_;
};

TEST(SinkOutcome, one_that_ends_with_others_does_not_wait_for_their_ends_to_begin_its_own) {
  BufferSettings settings;
  settings.flush_interval = 1h;
  settings.retry.wait = 10ms;
  ConstantSink dead(settings);
  dead.output.result = {WriteResult::Status::retry, "down"};
  ConstantSink good(settings);
  for (ConstantSink* each : {&dead, &good}) {
    each->sink->start();
    each->put();
  }
  const auto deadline = std::chrono::steady_clock::now() + 500ms;
  for (ConstantSink* each : {&dead, &good}) each->sink->begin_stop(deadline);
  EXPECT_EQ(dead.sink->stop(deadline), Stopped::left_over);
  EXPECT_EQ(good.sink->stop(deadline), Stopped::clean);
  EXPECT_EQ(good.sink->totals().delivered, 1u);
}

struct Given {
  WriteResult::Status status;
  std::uint64_t invalid;
  bool has_store;
  bool has_room;
  bool confirmed;
};

TEST(SinkOutcome, what_is_given_up_and_kept_nowhere_is_not_confirmed_to_whom_that_matters) {
  using Status = WriteResult::Status;
  for (const Given& c : {Given{Status::refused, 0, true, true, true}, Given{Status::refused, 0, true, false, false},
                         Given{Status::refused, 0, false, false, false}, Given{Status::retry, 0, true, false, false},
                         Given{Status::done, 1, true, true, true}, Given{Status::done, 1, true, false, false},
                         Given{Status::done, 0, true, false, true}}) {
    BufferSettings settings;
    settings.retry.max_times = 0;
    settings.ack_when_written = true;
    Keeper letters;
    letters.has_room = c.has_room;
    ConstantSink test(settings, c.has_store ? &letters : nullptr);
    test.output.result = {c.status, "no", c.invalid};
    test.sink->start();
    ReceiptState careful;
    ReceiptState sender;
    std::atomic<int> lost{0};
    Receipts receipts = receipt_for(sender);
    receipts.add(Receipt(new Careful(careful, lost)));
    test.put(std::move(receipts));
    EXPECT_EQ(test.sink->stop(std::chrono::steady_clock::now() + 10s), Stopped::clean);
    EXPECT_EQ(careful.confirmed, c.confirmed ? 1 : 0);
    EXPECT_EQ(careful.failed, c.confirmed ? 0 : 1);
    EXPECT_EQ(lost, c.confirmed ? 0 : 1);
    EXPECT_EQ(sender.confirmed, 1);
  }
}

}  // namespace
