#include <gtest/gtest.h>

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

/// A sink of such an output, behind a buffer in memory.
struct ConstantSink {
  explicit ConstantSink(const BufferSettings& settings)
      : sink(make_buffered_sink(output, nullptr, make_output<Buffer>(plugins::buf_memory(), context), settings,
                                SinkContext{"test_out", {}, context.test_log, context.test_metrics})) {}
  void put() {
    const BatchPtr batch = batch_of("t", 1, 1);
    ASSERT_TRUE(sink->reserve(*batch));
    sink->append({batch, {}});
  }

  TestContext context{"@type x"};
  ConstantOutput output;
  std::unique_ptr<Sink> sink;
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

}  // namespace
