#pragma once

#include <logboom/chunk_queue.hpp>

#include "duplicates.hpp"
#include "held_chunk.hpp"

namespace logboom {

/// Keeps chunks in memory. One lock with short critical sections; room is reserved without it. Messages with an id take
/// another one, for the window of ids.
class MemoryBuffer final : public Buffer {
 public:
  using Options = BufferOptions;

  MemoryBuffer(Options, BuildContext&) {}
  ~MemoryBuffer() override;

  void start(const BufferSettings& settings, OutputCounters& counters) override;
  void set_on_space(std::function<void()> on_space) override { queue_.set_on_space(std::move(on_space)); }
  bool reserve(const EventBatch& batch) noexcept override { return queue_.reserve(reservation_of(batch)); }
  void release_reservation(const EventBatch& batch) noexcept override { queue_.release(reservation_of(batch)); }
  void append(Delivery delivery) override;
  std::uint64_t wakes() const noexcept override { return queue_.wakes(); }
  const Chunk* take(Clock::time_point until, std::uint64_t seen) override { return queue_.take(until, seen); }
  void wake() override { queue_.wake(); }
  void sent(const Chunk& chunk) override { queue_.sent(chunk); }
  void done(const Chunk& chunk, std::uint64_t invalid_events) override { queue_.done(chunk, invalid_events); }
  void retry(const Chunk& chunk, Clock::time_point at) override { queue_.retry(chunk, at); }
  void drop(const Chunk& chunk, DropReason reason) override { queue_.drop(chunk, reason); }
  void kept_nowhere(const Chunk& chunk) override { queue_.kept_nowhere(chunk); }
  void flush_now() override { queue_.flush_now(); }
  void drain() override { queue_.drain(); }
  std::uint64_t discard() override { return queue_.discard(); }
  bool empty() const override { return queue_.empty(); }
  OutputTotals totals() const override { return queue_.totals(); }

 private:
  bool is_first(Delivery& delivery, const ChunkParts& parts, bool waits);

  bool started_ = false;
  BufferSettings settings_;
  Duplicates duplicates_;
  ChunkKeys keys_;
  SlabPool blocks_{128 * 1024, 8};
  ChunkQueue queue_;
};

}  // namespace logboom
