#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <vector>

#include <logboom/event.hpp>

namespace logboom {

/// Which messages a buffer holds or has held lately, so that one that is sent again because its ack was lost is stored
/// once.
///
/// A message is *pending* from its first arrival until it is as safe as its sender was promised, then *safe*. Of the
/// safe ones the youngest are remembered, bounded by count and age; pending ones always are, as their events are in the
/// buffer and count there. An id costs 36 to 44 bytes; nothing is allocated before the first.
///
/// Cost: a hash look-up a call, amortized; each arrival lets go of at most two ids that are too many or too old.
/// Threads: one at a time: the buffer's lock. Receipts that are returned are confirmed or destroyed outside of it.
class DuplicateWindow {
 public:
  using Clock = std::chrono::steady_clock;

  struct Limits {
    std::size_t count = 100'000;  // 0: nothing is remembered, each message is a first
    std::chrono::nanoseconds age{std::chrono::hours(1)};
  };
  enum class Met : std::uint8_t {
    first,    // not known: to be stored. It is pending now
    pending,  // stored, not yet safe: the receipts were taken over, and come back from `settle`
    safe,     // stored and safe: the caller confirms the receipts
  };

  DuplicateWindow() noexcept : DuplicateWindow(Limits()) {}
  explicit DuplicateWindow(Limits limits) noexcept;

  /// A message arrives. `parts`: in so many parts a first is stored, each of which is settled; 0: it is safe at once.
  /// An empty id is always a first.
  Met meet(const MessageId& id, Receipts& receipts, Clock::time_point now, std::uint32_t parts = 1);
  /// One part is safe. With the last part the message is, and the receipts of those that arrived meanwhile are returned
  /// to be confirmed. Nothing happens where the id is not pending.
  Receipts settle(const MessageId& id, Clock::time_point now);
  /// A part is lost, so that the next message of this id is a first again. Returns the receipts of those that arrived
  /// meanwhile, not to be confirmed.
  Receipts forget(const MessageId& id);
  /// For a start: a message that was stored `at`, the oldest ones first. It is safe where `parts` is 0.
  void restore(const MessageId& id, Clock::time_point at, std::uint32_t parts = 0);

  std::size_t size() const noexcept { return size_; }
  /// Bytes that are held.
  std::size_t memory() const noexcept;

 private:
  using Index = std::uint32_t;
  static constexpr Index none = std::numeric_limits<Index>::max();
  struct Entry {
    MessageId id;
    Index in_bucket;           // the next one in the same bucket, or of those that are free
    Index younger;             // the next one that is safe; itself while it is pending
    std::uint32_t second;      // when it became safe, since `origin_`
    std::uint32_t parts_left;  // 0: safe
  };

  Index find(const MessageId& id) const noexcept;
  Index add(const MessageId& id, std::uint32_t parts);
  void make_safe(Index at, Clock::time_point now) noexcept;
  void remove(Index at) noexcept;
  void let_go(Clock::time_point now) noexcept;
  void grow();
  Receipts take_waiting(Index at);
  std::size_t bucket_of(const MessageId& id) const noexcept { return id.low & (buckets_.size() - 1); }
  std::uint32_t second_of(Clock::time_point at) const noexcept;

  Limits limits_;
  Clock::time_point origin_;
  std::vector<Entry> entries_;
  std::vector<Index> buckets_;  // a power of two
  std::unordered_map<Index, Receipts> waiting_;
  std::size_t size_ = 0;
  std::size_t safe_ = 0;
  Index free_ = none;
  Index oldest_ = none;
  Index youngest_ = none;
};

}  // namespace logboom
