#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <logboom/chunk_queue.hpp>

#include "duplicates.hpp"

namespace logboom {

/// Batches with fewer bytes are copied into the buffer's own memory, larger ones hold their receive slabs. Measured at
/// this size, a copy costs half a microsecond (0.01 CPU-s per million events of 341 bytes), and a shared batch keeps a
/// receive slab alive of which 15 parts in 16 are somebody else's.
inline constexpr std::uint64_t copy_below = 16 * 1024;

/// What the batch is counted with while it is reserved: what it will hold at most.
std::uint64_t reservation_of(const EventBatch& batch) noexcept;

/// A chunk in memory. `held` is the memory that is alive because of it.
class HeldChunk final : public QueuedChunk {
 public:
  /// `blocks` makes full-sized blocks. All that is given here outlives the chunk.
  HeldChunk(SlabPool& blocks, Duplicates& duplicates, const TimeSource& time)
      : blocks_(blocks), duplicates_(duplicates), time_(time) {}

  /// Adds all events of the batch. The Tag object is kept, not the batch, where the bytes are copied. `id`: the message
  /// is settled with the chunk, if that is not empty.
  void add(const BatchPtr& batch, const MessageId& id);
  /// Nothing more is added: `chunk` is complete.
  void seal() override;
  void finish(std::optional<DropReason> dropped) noexcept override;

 private:
  void add_copy(const EventBatch& batch);
  void add_shared(const BatchPtr& batch);
  std::uint8_t* room_for(std::size_t size);
  void finish_batch();

  SlabPool& blocks_;
  Duplicates& duplicates_;
  const TimeSource& time_;
  std::vector<MessageId> ids_;
  std::unique_ptr<EventBatch> growing_;
  SlabPtr block_;
  std::size_t used_ = 0;
  const Slab* last_shared_ = nullptr;
};

}  // namespace logboom
