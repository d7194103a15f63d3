#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <logboom/event.hpp>
#include <logboom/segment.hpp>

#include "catalog.hpp"

namespace logboom::buf_file {

/// A frame that is not written yet: events of one chunk in the order in which they came. Holds their memory.
struct Draft {
  explicit Draft(ChunkRecordPtr record) : chunk(std::move(record)) {}

  struct Section {
    Tag tag;
    std::uint32_t events = 0;
    std::uint32_t bytes = 0;
  };
  ChunkRecordPtr chunk;
  std::vector<Section> sections;
  std::vector<std::span<const std::uint8_t>> entries;
  std::vector<SlabPtr> blocks;
  std::vector<BatchPtr> batches;
  std::vector<segment::MessagePart> messages;
  std::uint32_t events = 0;
  std::uint32_t bytes = 0;
  /// Where it was written.
  Run run;
};

/// What was staged between two looks of the writer.
struct Epoch {
  std::vector<Draft> drafts;
  std::vector<Receipts> waiting;    // for the sync of these drafts, or of what was written before
  bool promised = false;            // somebody waits for these drafts, here or in the next epoch
  std::vector<MessageId> messages;  // that are safe with the sync
  std::uint64_t memory = 0;
  bool empty() const noexcept { return drafts.empty() && waiting.empty(); }
};

/// Where workers leave events for the thread that writes them.
/// Threads: `add`, `wait_for_sync`, `copy_drafts`, `release` and `kick` any; `take` one.
class Staging {
 public:
  /// A frame does not grow beyond `frame_limit`, unless one batch is larger. `memory` is called under the lock, with
  /// how much is staged after every change: it may only remember that.
  Staging(Catalog& catalog, std::uint64_t frame_limit, std::function<void(std::uint64_t)> memory)
      : catalog_(catalog), frame_limit_(frame_limit), memory_changed_(std::move(memory)) {}

  /// What a batch is part of.
  struct Message {
    segment::MessagePart part{{}, 0};  // has an id, or not
    bool promised = false;             // somebody waits for the sync
  };
  /// Adds the events of `batch` to the frame that is next written for the chunk.
  void add(const ChunkRecordPtr& chunk, const BatchPtr& batch, const Message& message);
  /// Confirmed once everything that was added before is synced.
  void wait_for_sync(Receipts receipts);

  /// Waits for something to write, or a kick; a little longer where nobody waits, so that frames become larger.
  Epoch take();
  /// `take` returns, with or without something.
  void kick();
  /// Copies of the chunk's frames that were not taken yet are added to `drafts`; they share the memory.
  void copy_drafts(const ChunkRecord& chunk, std::vector<Draft>& drafts) const;
  /// The memory of an epoch that was taken is free.
  void release(std::uint64_t memory);
  /// Drafts and memory that were added and are not released.
  std::uint64_t memory() const;

 private:
  Draft& draft_of(const ChunkRecordPtr& chunk, std::uint64_t more);
  void promise(const MessageId& id);
  void copy(Draft& draft, const EventBatch& batch);
  void share(Draft& draft, const BatchPtr& batch);
  bool urgent() const noexcept;
  void changed(std::uint64_t more);

  Catalog& catalog_;
  const std::uint64_t frame_limit_;
  std::function<void(std::uint64_t)> memory_changed_;
  SlabPool pool_{128 * 1024, 96};
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  Epoch epoch_;
  std::uint64_t epoch_number_ = 1;
  std::uint64_t memory_ = 0;
  SlabPtr block_;
  std::size_t used_ = 0;
  const Slab* last_shared_ = nullptr;
  bool kicked_ = false;
};

}  // namespace logboom::buf_file
