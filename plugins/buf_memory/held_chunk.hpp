#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <logboom/chunk_queue.hpp>
#include <logboom/out_buffer.hpp>

#include "duplicates.hpp"

namespace logboom {

/// Batches with fewer bytes are copied into the buffer's own memory, larger ones hold their receive slabs. Measured at
/// this size, a copy costs half a microsecond (0.01 CPU-s per million events of 341 bytes), and a shared batch keeps a
/// receive slab alive of which 15 parts in 16 are somebody else's.
inline constexpr std::uint64_t copy_below = 16 * 1024;

/// What the batch is counted with while it is reserved: what it will hold at most.
std::uint64_t reservation_of(const EventBatch& batch) noexcept;

/// A chunk in memory. `held` is the memory that is alive because of it.
class HeldChunk final : public QueuedChunk, private ChunkSource {
 public:
  /// `blocks` makes full-sized blocks. All that is given here outlives the chunk.
  HeldChunk(SlabPool& blocks, Duplicates& duplicates, const BufferSettings& settings)
      : blocks_(blocks), duplicates_(duplicates), settings_(settings) {}

  /// Adds all events of the batch. The Tag object is kept, not the batch, where the bytes are copied. `id`: the message
  /// is settled with the chunk, if that is not empty.
  void add(const BatchPtr& batch, const MessageId& id);
  void seal() override;
  bool can_shrink() const override;
  void shrink() override;
  Loaded load() override;
  void unload() noexcept override;
  void finish(std::optional<DropReason> dropped) noexcept override;

 private:
  /// What is left of a batch while its bytes are compressed.
  struct Outline {
    Tag tag;
    std::uint32_t bytes;
    std::uint32_t events;
  };

  void add_copy(const EventBatch& batch);
  void add_shared(const BatchPtr& batch);
  std::uint8_t* room_for(std::size_t size);
  void finish_batch();
  void compress();
  std::vector<BatchPtr> unpack() const;
  /// Of a chunk that is compressed and was let go.
  void read(const Visit& visit) const override;

  SlabPool& blocks_;
  Duplicates& duplicates_;
  const BufferSettings& settings_;
  std::vector<MessageId> ids_;
  std::unique_ptr<EventBatch> growing_;
  SlabPtr block_;
  std::size_t used_ = 0;
  const Slab* last_shared_ = nullptr;
  bool tried_ = false;             // to compress it
  std::vector<Outline> outlines_;  // of all batches, once the chunk is compressed
  OutBuffer packed_;               // their bytes, one behind the other
};

}  // namespace logboom
