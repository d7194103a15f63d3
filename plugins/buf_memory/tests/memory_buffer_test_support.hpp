#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "output/output_test_support.hpp"

namespace logboom::plugins {
PluginInfo buf_memory();
}

namespace logboom::test {

inline constexpr std::int64_t noon = 1700000000;

/// A started memory buffer, and what a test asks of it.
class MemoryBufferFixture {
 public:
  explicit MemoryBufferFixture(const BufferSettings& settings) : context_("@type x") {
    buffer_ = make_output<Buffer>(plugins::buf_memory(), context_);
    buffer_->start(settings, counters);
  }
  Buffer* operator->() { return buffer_.get(); }
  Buffer& operator*() { return *buffer_; }
  void destroy() { buffer_.reset(); }

  bool put(const BatchPtr& batch, Receipts receipts = {}) {
    if (!buffer_->reserve(*batch)) return false;
    buffer_->append({batch, std::move(receipts)});
    return true;
  }
  const Chunk* take_now() { return buffer_->take(Buffer::Clock::time_point::min(), buffer_->wakes()); }
  void expect_balance() {
    const OutputTotals totals = buffer_->totals();
    EXPECT_EQ(totals.events_in, totals.delivered + totals.dropped + totals.buffered_events);
  }

  OutputCounters counters;

 private:
  TestContext context_;
  std::unique_ptr<Buffer> buffer_;
};

inline BufferSettings immediate_buffer() {
  BufferSettings settings;
  settings.flush_mode = FlushMode::immediate;
  return settings;
}

inline std::vector<std::int64_t> numbers(const Chunk& chunk) {
  std::vector<std::int64_t> out;
  chunk.for_each([&](std::string_view, const Event& event) { out.push_back(number_of(event)); });
  return out;
}

}  // namespace logboom::test
