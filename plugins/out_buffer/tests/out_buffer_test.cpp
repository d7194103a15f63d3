#include <gtest/gtest.h>

#include <thread>

#include <logboom/testing/context.hpp>

#include "output/output_test_support.hpp"

namespace logboom::plugins {
PluginInfo out_buffer();
}

namespace {

using namespace logboom;
using namespace logboom::test;

struct Back : Reemitter {
  void emit(Delivery delivery) override {
    const std::lock_guard lock(mutex);
    delivered.push_back(std::move(delivery));
  }
  std::size_t size() {
    const std::lock_guard lock(mutex);
    return delivered.size();
  }
  std::mutex mutex;
  std::vector<Delivery> delivered;
};

class OutBufferTest : public ::testing::Test {
 protected:
  OutBufferTest() : context_("match", "buffer", {{"@label", "@L"}}) {
    context_.back = &back_;
    plugin_ = plugins::out_buffer().make(context_.element(), context_);
  }
  ChunkOutput& output() { return dynamic_cast<ChunkOutput&>(*plugin_); }

  Back back_;
  logboom::testing::FakeContext context_;
  std::unique_ptr<Plugin> plugin_;
};

TEST_F(OutBufferTest, is_done_with_a_chunk_when_all_its_events_are_taken) {
  WriteResult result;
  std::thread writer([&] { result = output().write(chunk_of({batch_of("t", 1, 2), batch_of("t", 3, 1)})); });
  EXPECT_TRUE(eventually([&] { return back_.size() == 2; }));
  EXPECT_EQ(back_.delivered[0].batch->events(), 2u);
  for (Delivery& delivery : back_.delivered) delivery.receipts.confirm();
  writer.join();
  EXPECT_EQ(result.status, WriteResult::Status::done);
}

TEST_F(OutBufferTest, tries_again_what_was_not_taken) {
  WriteResult result;
  std::thread writer([&] { result = output().write(chunk_of({batch_of("t", 1, 2), batch_of("t", 3, 1)})); });
  EXPECT_TRUE(eventually([&] { return back_.size() == 2; }));
  back_.delivered[0].receipts.confirm();
  back_.delivered[1].receipts = {};
  writer.join();
  EXPECT_EQ(result.status, WriteResult::Status::retry);
}

TEST_F(OutBufferTest, gives_up_waiting_when_it_is_interrupted) {
  WriteResult result;
  std::thread writer([&] { result = output().write(chunk_of({batch_of("t", 1, 2)})); });
  EXPECT_TRUE(eventually([&] { return back_.size() == 1; }));
  output().interrupt();
  writer.join();
  EXPECT_EQ(result.status, WriteResult::Status::retry);
  back_.delivered.clear();
}

TEST(OutBuffer, needs_a_label) {
  logboom::testing::FakeContext context("match", "buffer");
  EXPECT_THROW(plugins::out_buffer().make(context.element(), context), ConfigError);
}

}  // namespace
