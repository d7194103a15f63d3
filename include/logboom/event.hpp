#pragma once

#include <atomic>
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include <logboom/bytes.hpp>
#include <logboom/msgpack.hpp>
#include <logboom/receipt.hpp>
#include <logboom/tag.hpp>
#include <logboom/time.hpp>

namespace logboom {

/// A view of one msgpack map. Valid as long as the batch that it came from is held.
class Record {
 public:
  Record() = default;
  explicit Record(msgpack::Value map) noexcept : map_(map) {}

  const msgpack::Value& value() const noexcept { return map_; }
  std::uint32_t size() const noexcept { return map_.count(); }
  /// The value of the last pair whose key is this text; empty where there is none.
  msgpack::Value find(std::string_view key) const noexcept;
  /// Calls `visit(key, value)` for each pair, in order.
  template <class F>
  void for_each(F&& visit) const {
    const std::uint8_t* at = map_.children();
    for (std::uint32_t i = 0; i < map_.count(); ++i) {
      const std::uint8_t* key_end = msgpack::skip(at, map_.end());
      const std::uint8_t* value_end = msgpack::skip(key_end, map_.end());
      visit(msgpack::Value(at, key_end), msgpack::Value(key_end, value_end));
      at = value_end;
    }
  }

 private:
  msgpack::Value map_;
};

/// One event: a view, valid as long as its batch is held.
struct Event {
  EventTime time;
  Record record;
  msgpack::Value entry;  // the bytes of `[time, record]`
};

/// A contiguous run of whole entries `[time, record]`, as the forward protocol's PackedForward has them: a two-element
/// array of any header width, a time that is an integer or an EventTime, a map.
struct Span {
  const std::uint8_t* data = nullptr;
  std::uint32_t size = 0;
  std::uint32_t events = 0;
};

/// Reads the entries of a span one after another. The span's bytes must be what `Span` promises.
class EntryCursor {
 public:
  explicit EntryCursor(const Span& span) noexcept
      : at_(span.data), end_(span.data + span.size), single_(span.events == 1) {}
  bool next(Event& event) noexcept;

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool single_;
};

/// Reads the time of an entry: `p` stands on it and is moved behind it. False where it is neither integer nor
/// EventTime.
bool read_time(const std::uint8_t*& p, const std::uint8_t* end, EventTime& time) noexcept;

/// One tag and the entries that arrived together, as spans over slabs. Const once it is shared: `BatchPtr`.
class EventBatch {
 public:
  explicit EventBatch(Tag tag) noexcept : tag_(std::move(tag)) {}
  EventBatch(const EventBatch&) = delete;
  EventBatch& operator=(const EventBatch&) = delete;

  /// Adds a run of whole entries that stand in `slab`. A span directly behind the last one becomes part of it.
  void add(const Span& span, const SlabPtr& slab);

  /// Of the spans from `first` on, those that stand in `slab`: their bytes are copied to `target` from `used` on if
  /// they are fewer than `limit`, and the slab is let go. `target` must have room for `limit` bytes.
  void move_out(std::size_t first, const SlabPtr& slab, std::size_t limit, const SlabPtr& target, std::size_t& used);

  /// Holds all the memory of `other`, so that spans of it can be added by `add_held`.
  void hold(const EventBatch& other);
  void hold(const SlabPtr& slab) { slabs_.push_back(slab); }
  void add_held(const Span& span);
  void add_held(std::span<const Span> spans);

  const Tag& tag() const noexcept { return tag_; }
  std::span<const Span> spans() const noexcept { return {spans_.data(), spans_.size()}; }
  std::span<const SlabPtr> slabs() const noexcept { return {slabs_.data(), slabs_.size()}; }
  std::uint64_t events() const noexcept { return events_; }
  std::uint64_t bytes() const noexcept { return bytes_; }

  template <class F>
  void for_each(F&& visit) const {
    Event event;
    for (const Span& span : spans_) {
      EntryCursor cursor(span);
      while (cursor.next(event)) visit(static_cast<const Event&>(event));
    }
  }

 private:
  friend class BatchPtr;
  Tag tag_;
  boost::container::small_vector<Span, 2> spans_;
  boost::container::small_vector<SlabPtr, 1> slabs_;
  std::uint64_t events_ = 0;
  std::uint64_t bytes_ = 0;
  mutable std::atomic<std::uint32_t> references_{0};
};

/// A shared batch: nobody changes it any more.
class BatchPtr {
 public:
  BatchPtr() = default;
  explicit BatchPtr(std::unique_ptr<EventBatch> batch) noexcept : batch_(batch.release()) {
    if (batch_ != nullptr) retain();
  }
  BatchPtr(const BatchPtr& other) noexcept : batch_(other.batch_) {
    if (batch_ != nullptr) retain();
  }
  BatchPtr(BatchPtr&& other) noexcept : batch_(std::exchange(other.batch_, nullptr)) {}
  BatchPtr& operator=(BatchPtr other) noexcept {
    std::swap(batch_, other.batch_);
    return *this;
  }
  ~BatchPtr() {
    if (batch_ != nullptr && batch_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete batch_;
  }

  const EventBatch& operator*() const noexcept { return *batch_; }
  const EventBatch* operator->() const noexcept { return batch_; }
  explicit operator bool() const noexcept { return batch_ != nullptr; }

 private:
  void retain() const noexcept { batch_->references_.fetch_add(1, std::memory_order_relaxed); }
  const EventBatch* batch_ = nullptr;
};

/// Which message a batch is: a 128-bit hash over the source's identity and the id that the sender gave it (and the
/// batch's ordinal, where one message becomes several batches). Empty: not known, and never a duplicate of another.
struct MessageId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  explicit operator bool() const noexcept { return (high | low) != 0; }
  bool operator==(const MessageId&) const = default;
};

/// A batch on its way, with what has to be answered once it is safe. A batch that has an id holds the events of exactly
/// that message, or what filters made of them.
struct Delivery {
  BatchPtr batch;
  Receipts receipts;
  MessageId id{};
};

}  // namespace logboom

template <>
struct std::hash<logboom::MessageId> {
  /// The id is a hash already.
  std::size_t operator()(const logboom::MessageId& id) const noexcept {
    return static_cast<std::size_t>(id.high ^ id.low);
  }
};
