#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <logboom/buffer.hpp>
#include <logboom/log.hpp>
#include <logboom/record_accessor.hpp>

/// What buffers have in common: which chunk an event belongs to, and when a chunk is due. Where the bytes are is the
/// buffer's own affair.
namespace logboom {

/// Events of a batch that belong to one chunk, in their order.
struct ChunkPart {
  BatchPtr batch;
  std::int64_t slice = 0;  // the start of the time slice; 0 without one
  std::string fields{};    // the values of the record fields that are chunk keys, packed
};

/// What a chunk may grow to.
struct ChunkLimits {
  std::uint64_t bytes = 0;
  std::uint64_t events = 0;
  bool fits(std::uint64_t b, std::uint64_t e) const noexcept { return b <= bytes && e <= events; }
};

using ChunkParts = boost::container::small_vector<ChunkPart, 1>;

/// Cuts batches by the chunk keys of their events, and where they are larger than a chunk: an event that is, by itself,
/// is a part of its own. A batch of one chunk is not copied.
/// Threads: `cut` any.
class ChunkKeys {
 public:
  ChunkKeys() = default;
  explicit ChunkKeys(const BufferSettings& settings);

  /// At least one part, unless the batch is empty. No event is lost, and none is in two parts.
  ChunkParts cut(const BatchPtr& batch) const;

 private:
  ChunkLimits limits_;
  std::optional<TimeSlices> slices_;
  std::vector<RecordAccessor> fields_;
};

/// A chunk in a ChunkQueue. A buffer derives its own, which knows where the events are.
///
/// Threads: what is virtual here runs on one thread at a time, and without the queue's lock but for `seal`. Until it is
/// sealed a chunk changes only in the callback of ChunkQueue::append, under the lock.
class QueuedChunk {
 public:
  virtual ~QueuedChunk() = default;

  /// Nothing more will be added. `chunk.id` is set just before.
  virtual void seal() {}
  /// True where `shrink` wants to be called once the chunk is sealed and has to wait.
  virtual bool can_shrink() const { return false; }
  /// Makes `held` smaller if it can. The chunk is in the queue, and nobody takes it meanwhile.
  virtual void shrink() {}

  struct Loaded {
    bool ready = true;       // false: not now, the chunk comes again later
    std::uint64_t lost = 0;  // events that could not be read; `chunk.events` is smaller by them
  };
  /// Sees to it that `chunk.batches` or `chunk.source` is there, for an output to write.
  virtual Loaded load() { return {}; }
  /// The chunk was not written, and waits for another attempt; or it was sent, and waits to be answered.
  virtual void unload() noexcept {}
  /// The last call: the chunk was written, or dropped and counted for this reason. Receipts are confirmed afterwards.
  virtual void finish(std::optional<DropReason>) noexcept {}

  Chunk chunk;
  /// Confirmed when the chunk is written, or dropped and kept elsewhere.
  Receipts receipts;
  /// What it counts with against total_limit_size, in bytes. Whoever adds to a chunk keeps it right, and `chunk.events`
  /// and `chunk.bytes` too.
  std::uint64_t held = 0;
  /// The place in the order of sealing.
  std::uint64_t sequence = 0;

 private:
  friend class ChunkQueue;
  std::string packed_fields_;
  bool shrinking_ = false;
  bool kept_nowhere_ = false;
  bool is_trial_ = false;
};

/// Open chunks by key, due times, the queue, what is taken and what waits for another attempt, with the limits of a
/// BufferSettings. Its calls mean what Buffer's of the same names do.
///
/// As long as chunks of a key fail, and none of it was written or dropped since, what is appended to the key gathers in
/// one chunk up to its limit: else a sink that is down would make as many chunks as there are intervals. Now and then
/// one of those that are held back so is tried. What is due at once is not held back.
///
/// A buffer appends so:
///     if (!queue.admit(batch, bytes)) return;          // dropped and counted
///     queue.append(delivery, parts, bytes, add_part);
///     delivery.receipts.confirm();                     // what is left there: confirmed in the buffer's own way
///
/// Threads: as Buffer's. Nothing of the buffer's is called under the lock but `make_chunk`, `add` and
/// QueuedChunk::seal. Where a buffer has a lock of its own, it is never held while it calls the queue, or always.
class ChunkQueue {
 public:
  using Clock = Buffer::Clock;
  using ChunkPtr = std::unique_ptr<QueuedChunk>;
  using MakeChunk = std::function<ChunkPtr()>;
  /// Adds the part with this index to the chunk.
  using AddPart = std::function<void(QueuedChunk& chunk, std::size_t part)>;

  ChunkQueue();
  ~ChunkQueue();

  void start(const BufferSettings& settings, OutputCounters& counters, MakeChunk make_chunk);
  void set_on_space(std::function<void()> on_space) { on_space_ = std::move(on_space); }
  /// A sealed chunk that was there before the process was; its id stays. After `start`, in order, on any thread: they
  /// come before those that are appended meanwhile.
  void restore(ChunkPtr chunk);
  /// So many events were there as well, but can't be read: they came in, and are dropped for this reason.
  void restore_lost(std::uint64_t events, DropReason reason);

  /// Counts `bytes`, or says no. Where the overflow action is not `block`, always yes: `admit` will say.
  bool reserve(std::uint64_t bytes) noexcept;
  void release(std::uint64_t bytes) noexcept;
  /// Whether a batch of this size may be appended: yes where it was reserved; else as the overflow action says. A batch
  /// that may not is counted as dropped.
  bool admit(const EventBatch& batch, std::uint64_t bytes);
  /// Puts the parts of the delivery's batch into their chunks. `reserved`: what `reserve`, or `admit`, was told. Takes
  /// the delivery's receipts where they are to be confirmed when the events are written, and leaves the others.
  void append(Delivery& delivery, const ChunkParts& parts, std::uint64_t reserved, const AddPart& add);
  /// The batch was admitted, but is counted as dropped for this reason instead of being appended.
  void append_none(const EventBatch& batch, std::uint64_t reserved, DropReason reason);
  /// While it is paused there is no room, for reasons of the buffer's own (a full disk). Any thread.
  void pause() noexcept;
  void go_on() noexcept;

  std::uint64_t wakes() const noexcept { return wakes_.load(std::memory_order_acquire); }
  const Chunk* take(Clock::time_point until, std::uint64_t seen_wakes);
  void wake();
  void sent(const Chunk& chunk) { chunk_of(chunk).unload(); }
  void done(const Chunk& chunk, std::uint64_t invalid_events);
  void retry(const Chunk& chunk, Clock::time_point at);
  void drop(const Chunk& chunk, DropReason reason);
  void kept_nowhere(const Chunk& chunk) { chunk_of(chunk).kept_nowhere_ = true; }
  /// The chunk that `take` gave.
  QueuedChunk& chunk_of(const Chunk& chunk);

  void flush_now();
  void drain();
  std::uint64_t discard();
  /// So many events of chunks that nobody will take any more are lost: counted as dropped for this reason.
  void lose(std::uint64_t events, DropReason reason);
  bool empty() const;
  OutputTotals totals() const;

 private:
  using Wall = std::chrono::system_clock;

  /// In `due_`, instead of a time: the chunk is due whatever happens; it was due by a time, and is held back as its key
  /// fails.
  static constexpr Clock::time_point at_once = Clock::time_point::min();
  static constexpr Clock::time_point held_back = Clock::time_point::max();

  struct Key {
    std::string_view tag;
    std::int64_t slice = 0;
    std::string_view fields;
    bool operator==(const Key&) const = default;
    /// All of it, to be kept.
    std::string text() const { return cat(tag.size(), " ", slice, " ", tag, fields); }
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      const std::hash<std::string_view> hash;
      return hash(key.tag) ^ hash(key.fields) * 31 ^ static_cast<std::size_t>(key.slice) * 0x9e3779b97f4a7c15U;
    }
  };
  /// Where an open chunk stands among those that are due: by the steady clock, or for a slice by the wall clock.
  struct Open {
    ChunkPtr held;
    std::multimap<Clock::time_point, Key>::iterator due;
    std::multimap<Wall::time_point, Key>::iterator slice_due;
  };
  using OpenMap = std::unordered_map<Key, Open, KeyHash>;
  /// What one append has to do when the lock is gone.
  struct Later {
    bool wake = false;
    std::vector<QueuedChunk*> shrink;
  };

  bool has_room(std::uint64_t held, std::uint64_t more) const noexcept;
  bool try_reserve(std::uint64_t bytes) noexcept;
  void ask_for_room() noexcept;
  void room_again() noexcept;
  bool make_room(std::uint64_t bytes, std::vector<ChunkPtr>& dropped);
  ChunkPtr take_oldest();

  QueuedChunk& put(const Tag& tag, const ChunkPart& part, std::size_t index, const AddPart& add, bool now,
                   Later& later);
  OpenMap::iterator find_open(const Tag& tag, const ChunkPart& part, bool& wake);
  void schedule(Open& open, const Key& key, bool& wake);
  void make_due(Open& open, const Key& key, bool& wake);
  bool would_overflow(const QueuedChunk& held, const EventBatch& batch) const noexcept;
  bool is_full(const QueuedChunk& held) const noexcept;
  bool waits_for_write(const Receipts& receipts) const noexcept;
  void shrink(const std::vector<QueuedChunk*>& chunks);

  ChunkPtr close(OpenMap::iterator at);
  QueuedChunk& seal(OpenMap::iterator at);
  void seal_due(Clock::time_point now);
  void hold_back(Open& open, const Key& key, Clock::time_point now);
  void let_go(OpenMap::iterator at);
  Key key_of(const QueuedChunk& held) const;
  bool holds_back() const { return !due_.empty() && due_.rbegin()->first == held_back; }
  void is_over(const QueuedChunk& held, bool written);
  void seal_all();
  OpenMap::iterator oldest_open();
  ChunkPtr next_due(Clock::time_point now);
  Clock::time_point next_look(Clock::time_point now, Clock::time_point until) const;
  bool load(QueuedChunk& held);

  ChunkPtr take_back(const Chunk& chunk);
  void count_out(const QueuedChunk& held, std::uint64_t delivered, DropReason reason) noexcept;
  void finish(std::vector<ChunkPtr> chunks, std::optional<DropReason> reason) noexcept;

  BufferSettings settings_;
  OutputCounters* counters_ = nullptr;
  MakeChunk make_chunk_;
  std::function<void()> on_space_;
  std::string id_prefix_;

  /// Bytes reserved and held.
  std::atomic<std::uint64_t> held_{0};
  /// Chunks that are sealed and not taken.
  std::atomic<std::uint64_t> queue_length_{0};
  std::atomic<bool> refused_{false};
  std::atomic<bool> paused_{false};
  std::atomic<Clock::rep> paused_since_{0};
  std::atomic<std::uint64_t> wakes_{0};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  unsigned waiting_ = 0;
  Clock::time_point next_look_;
  std::uint64_t sequence_ = 0;
  std::uint64_t buffered_events_ = 0;
  std::uint64_t recovered_ = 0;
  /// Bytes held by chunks, without what is only reserved.
  std::uint64_t held_now_ = 0;
  OpenMap open_;
  std::multimap<Clock::time_point, Key> due_;
  std::multimap<Wall::time_point, Key> slices_due_;
  /// The keys of which a chunk failed, and none was written or given up since.
  std::unordered_set<std::string> failing_;
  Clock::time_point next_trial_;
  std::deque<ChunkPtr> queue_;
  /// So many at its front were restored.
  std::size_t restored_ = 0;
  std::multimap<Clock::time_point, ChunkPtr> retrying_;
  std::unordered_map<const Chunk*, ChunkPtr> taken_;
};

}  // namespace logboom
