#include "memory_buffer.hpp"

#include <algorithm>
#include <random>

#include "cut.hpp"

namespace logboom {

namespace {

std::string hex16(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; number >>= 4) out[i] = digits[number & 15];
  return out;
}

std::string random_prefix() {
  std::random_device random;
  return hex16(static_cast<std::uint64_t>(random()) << 32 | random());
}

}  // namespace

MemoryBuffer::MemoryBuffer(Options, BuildContext&) : id_prefix_(random_prefix()) {}

MemoryBuffer::~MemoryBuffer() {
  if (counters_ != nullptr) discard();
}

void MemoryBuffer::start(const BufferSettings& settings, OutputCounters& counters) {
  settings_ = settings;
  counters_ = &counters;
  if (settings_.by_time) slices_.emplace(*settings_.timekey, settings_.zone);
}

// A batch that is larger than the whole buffer is let in while nothing else is there; else it would wait for ever.
bool MemoryBuffer::has_room(std::uint64_t held, std::uint64_t more) const noexcept {
  if (held == 0) return true;
  if (held + more > settings_.total_limit) return false;
  return !settings_.queue_limit_length || queue_length_.load() < *settings_.queue_limit_length;
}

bool MemoryBuffer::try_reserve(std::uint64_t bytes) noexcept {
  std::uint64_t held = held_.load();
  do {
    if (!has_room(held, bytes)) return false;
  } while (!held_.compare_exchange_weak(held, held + bytes));
  return true;
}

bool MemoryBuffer::reserve(const EventBatch& batch) noexcept {
  if (settings_.overflow_action != OverflowAction::block) return true;
  const std::uint64_t bytes = reservation_of(batch);
  if (try_reserve(bytes)) return true;
  // In this order: whoever makes room after the second attempt sees the flag.
  refused_.store(true);
  if (try_reserve(bytes)) return true;
  ask_for_room();
  return false;
}

// Chunks that wait for their time are written early rather than that connections stand still for them.
void MemoryBuffer::ask_for_room() noexcept {
  const std::lock_guard lock(mutex_);
  if (waiting_ > 0) wake_.notify_one();
}

void MemoryBuffer::release_reservation(const EventBatch& batch) noexcept {
  if (settings_.overflow_action != OverflowAction::block) return;
  held_.fetch_sub(reservation_of(batch));
  room_again();
}

void MemoryBuffer::room_again() noexcept {
  if (!refused_.load()) return;
  const std::uint64_t enough = settings_.total_limit / 8;
  if (!has_room(held_.load(), enough)) return;
  if (refused_.exchange(false) && on_space_) on_space_();
}

void MemoryBuffer::append(Delivery delivery) {
  const EventBatch& batch = *delivery.batch;
  const bool blocks = settings_.overflow_action == OverflowAction::block;
  const std::uint64_t reserved = blocks ? reservation_of(batch) : 0;
  std::vector<SlicePart> parts;
  if (slices_ && batch.events() > 0) {
    TimeSlices slices = *slices_;
    parts = cut_by_slice(delivery.batch, slices);
  }
  std::vector<HeldPtr> dropped;
  bool wake_needed = false;
  std::unique_lock lock(mutex_);
  counters_->events_in.add(batch.events());
  counters_->bytes_in.add(batch.bytes());
  if (!blocks && !make_room(reservation_of(batch), dropped)) {
    counters_->dropped_for(DropReason::overflow).add(batch.events());
    lock.unlock();
    forget(std::move(dropped), true);
    return;
  }
  const std::uint64_t before = held_now_;
  const auto receipts = [&](HeldChunk& held, bool last) {
    if (!settings_.ack_when_written || delivery.receipts.empty()) return;
    held.receipts.take(last ? std::move(delivery.receipts) : delivery.receipts.share());
  };
  if (!slices_ && batch.events() > 0) receipts(put(delivery.batch, 0, wake_needed), true);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    receipts(put(parts[i].batch, parts[i].slice, wake_needed), i + 1 == parts.size());
  }
  held_.fetch_add(held_now_ - before - reserved);
  wake_needed = wake_needed && waiting_ > 0;
  lock.unlock();
  if (wake_needed) wake_.notify_one();
  delivery.receipts.confirm();
  forget(std::move(dropped), true);
}

bool MemoryBuffer::make_room(std::uint64_t bytes, std::vector<HeldPtr>& dropped) {
  while (!has_room(held_.load(), bytes)) {
    if (settings_.overflow_action != OverflowAction::drop_oldest_chunk) return false;
    HeldPtr oldest = take_oldest();
    if (oldest == nullptr) return false;
    count_out(*oldest, 0, DropReason::overflow);
    dropped.push_back(std::move(oldest));
  }
  return true;
}

MemoryBuffer::HeldPtr MemoryBuffer::take_oldest() {
  HeldPtr oldest;
  if (!retrying_.empty()) {
    oldest = std::move(retrying_.begin()->second);
    retrying_.erase(retrying_.begin());
    queue_length_.fetch_sub(1);
  } else if (!queue_.empty()) {
    oldest = std::move(queue_.front());
    queue_.pop_front();
    queue_length_.fetch_sub(1);
  } else if (!open_.empty()) {
    oldest = close(oldest_open());
  }
  return oldest;
}

HeldChunk& MemoryBuffer::put(const BatchPtr& batch, std::int64_t slice, bool& wake_needed) {
  const Key key{settings_.by_tag ? batch->tag().text() : std::string_view(), slice};
  auto at = open_.find(key);
  if (at != open_.end() && would_overflow(*at->second.held, *batch)) {
    seal(at);
    wake_needed = true;
    at = open_.end();
  }
  if (at == open_.end()) at = open_chunk(batch->tag(), slice, wake_needed);
  HeldChunk& held = *at->second.held;
  const std::uint64_t before = held.held;
  held.add(batch);
  held_now_ += held.held - before;
  buffered_events_ += batch->events();
  if (is_full(held)) {
    seal(at);
    wake_needed = true;
  }
  return held;
}

MemoryBuffer::OpenMap::iterator MemoryBuffer::open_chunk(const Tag& tag, std::int64_t slice, bool& wake_needed) {
  auto held = std::make_unique<HeldChunk>(blocks_);
  Key key{{}, slice};
  if (settings_.by_tag) {
    held->chunk.tag = tag;
    key.tag = held->chunk.tag->text();
  }
  if (settings_.by_time) held->chunk.timekey = slice;
  const auto at = open_.emplace(key, Open{std::move(held), due_.end(), slices_due_.end()}).first;
  schedule(at->second, key, wake_needed);
  return at;
}

void MemoryBuffer::schedule(Open& open, const Key& key, bool& wake_needed) {
  if (settings_.flush_mode == FlushMode::lazy) {
    if (!settings_.by_time) return;
    // Late events open a chunk when their slice is over already; it gathers others for as long as any chunk does.
    const auto slice_end = Wall::time_point(std::chrono::seconds(key.slice) + *settings_.timekey);
    const auto wait = std::chrono::duration_cast<Wall::duration>(settings_.timekey_wait);
    open.slice_due = slices_due_.emplace(std::max(slice_end, Wall::now()) + wait, key);
    wake_needed = true;
    return;
  }
  auto at = Clock::time_point::min();
  if (settings_.flush_mode == FlushMode::interval) at = Clock::now() + settings_.flush_interval;
  open.due = due_.emplace(at, key);
  wake_needed = wake_needed || at < next_look_;
}

bool MemoryBuffer::would_overflow(const HeldChunk& held, const EventBatch& batch) const noexcept {
  if (held.chunk.bytes + batch.bytes() > settings_.chunk_limit) return true;
  return settings_.chunk_limit_records && held.chunk.events + batch.events() > *settings_.chunk_limit_records;
}

bool MemoryBuffer::is_full(const HeldChunk& held) const noexcept {
  if (held.chunk.bytes >= settings_.chunk_limit) return true;
  return settings_.chunk_limit_records && held.chunk.events >= *settings_.chunk_limit_records;
}

void MemoryBuffer::count_out(const HeldChunk& held, std::uint64_t delivered, DropReason reason) noexcept {
  buffered_events_ -= held.chunk.events;
  held_now_ -= held.held;
  held_.fetch_sub(held.held);
  if (delivered > 0) counters_->delivered.add(delivered);
  if (delivered < held.chunk.events) counters_->dropped_for(reason).add(held.chunk.events - delivered);
}

void MemoryBuffer::forget(std::vector<HeldPtr> chunks, bool confirm) noexcept {
  if (chunks.empty()) return;
  for (HeldPtr& held : chunks) {
    if (confirm) held->receipts.confirm();
    held.reset();
  }
  room_again();
}

OutputTotals MemoryBuffer::totals() const {
  const std::lock_guard lock(mutex_);
  OutputTotals totals;
  totals.events_in = counters_->events_in.value();
  totals.delivered = counters_->delivered.value();
  for (const Counter& counter : counters_->dropped) totals.dropped += counter.value();
  totals.buffered_events = buffered_events_;
  totals.buffered_bytes = held_now_;
  return totals;
}

bool MemoryBuffer::empty() const {
  const std::lock_guard lock(mutex_);
  return buffered_events_ == 0;
}

}  // namespace logboom
