#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <logboom/buffer.hpp>

#include "held_chunk.hpp"

namespace logboom {

/// Keeps chunks in memory. One lock with short critical sections; room is reserved without it.
class MemoryBuffer final : public Buffer {
 public:
  using Options = BufferOptions;

  MemoryBuffer(Options options, BuildContext& context);
  ~MemoryBuffer() override;

  void start(const BufferSettings& settings, OutputCounters& counters) override;
  void set_on_space(std::function<void()> on_space) override { on_space_ = std::move(on_space); }
  bool reserve(const EventBatch& batch) noexcept override;
  void release_reservation(const EventBatch& batch) noexcept override;
  void append(Delivery delivery) override;
  std::uint64_t wakes() const noexcept override { return wakes_.load(std::memory_order_acquire); }
  const Chunk* take(Clock::time_point until, std::uint64_t seen_wakes) override;
  void wake() override;
  void done(const Chunk& chunk, std::uint64_t invalid_events) override;
  void retry(const Chunk& chunk, Clock::time_point at) override;
  void drop(const Chunk& chunk, DropReason reason) override;
  void flush_now() override;
  void drain() override;
  std::uint64_t discard() override;
  bool empty() const override;
  OutputTotals totals() const override;

 private:
  using HeldPtr = std::unique_ptr<HeldChunk>;
  using Wall = std::chrono::system_clock;

  struct Key {
    std::string_view tag;
    std::int64_t slice = 0;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::string_view>()(key.tag) ^ static_cast<std::size_t>(key.slice) * 0x9e3779b97f4a7c15U;
    }
  };
  /// Where an open chunk stands among those that are due: by the steady clock, or for a slice by the wall clock.
  struct Open {
    HeldPtr held;
    std::multimap<Clock::time_point, Key>::iterator due;
    std::multimap<Wall::time_point, Key>::iterator slice_due;
  };
  using OpenMap = std::unordered_map<Key, Open, KeyHash>;

  bool has_room(std::uint64_t held, std::uint64_t more) const noexcept;
  bool try_reserve(std::uint64_t bytes) noexcept;
  void ask_for_room() noexcept;
  void room_again() noexcept;

  bool make_room(std::uint64_t bytes, std::vector<HeldPtr>& dropped);
  HeldPtr take_oldest();
  HeldChunk& put(const BatchPtr& batch, std::int64_t slice, bool& wake_needed);
  OpenMap::iterator open_chunk(const Tag& tag, std::int64_t slice, bool& wake_needed);
  void schedule(Open& open, const Key& key, bool& wake_needed);
  bool would_overflow(const HeldChunk& held, const EventBatch& batch) const noexcept;
  bool is_full(const HeldChunk& held) const noexcept;

  HeldPtr close(OpenMap::iterator at);
  void seal(OpenMap::iterator at);
  void seal_due(Clock::time_point now);
  void seal_all();
  OpenMap::iterator oldest_open();
  HeldPtr next_due(Clock::time_point now);
  Clock::time_point next_look(Clock::time_point now, Clock::time_point until) const;

  HeldPtr take_back(const Chunk& chunk);
  void count_out(const HeldChunk& held, std::uint64_t delivered, DropReason reason) noexcept;
  void forget(std::vector<HeldPtr> chunks, bool confirm) noexcept;

  BufferSettings settings_;
  std::optional<TimeSlices> slices_;
  OutputCounters* counters_ = nullptr;
  std::function<void()> on_space_;
  std::string id_prefix_;
  SlabPool blocks_{128 * 1024, 8};

  /// Bytes reserved and held.
  std::atomic<std::uint64_t> held_{0};
  /// Chunks that are sealed and not taken.
  std::atomic<std::uint64_t> queue_length_{0};
  std::atomic<bool> refused_{false};
  std::atomic<std::uint64_t> wakes_{0};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  unsigned waiting_ = 0;
  Clock::time_point next_look_;
  std::uint64_t sequence_ = 0;
  std::uint64_t buffered_events_ = 0;
  /// Bytes held by chunks, without what is only reserved.
  std::uint64_t held_now_ = 0;
  OpenMap open_;
  std::multimap<Clock::time_point, Key> due_;
  std::multimap<Wall::time_point, Key> slices_due_;
  std::deque<HeldPtr> queue_;
  std::multimap<Clock::time_point, HeldPtr> retrying_;
  std::unordered_map<const Chunk*, HeldPtr> taken_;
};

}  // namespace logboom
