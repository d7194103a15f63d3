#include <algorithm>
#include <random>

#include <logboom/chunk_queue.hpp>

#include "buffer/packed_fields.hpp"

namespace logboom {

namespace {

std::string random_prefix() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device random;
  std::string out;
  for (int half = 0; half < 2; ++half) {
    std::uint32_t number = random();
    for (int i = 0; i < 8; ++i, number >>= 4) out.push_back(digits[number & 15]);
  }
  return out;
}

}  // namespace

ChunkQueue::ChunkQueue() : id_prefix_(random_prefix()) {}

ChunkQueue::~ChunkQueue() = default;

void ChunkQueue::start(const BufferSettings& settings, OutputCounters& counters, MakeChunk make_chunk) {
  settings_ = settings;
  counters_ = &counters;
  make_chunk_ = std::move(make_chunk);
}

void ChunkQueue::restore(ChunkPtr chunk) {
  const std::lock_guard lock(mutex_);
  chunk->sequence = ++sequence_;
  recovered_ += chunk->chunk.events;
  counters_->events_in.add(chunk->chunk.events);
  counters_->bytes_in.add(chunk->chunk.bytes);
  buffered_events_ += chunk->chunk.events;
  held_now_ += chunk->held;
  held_.fetch_add(chunk->held);
  queue_.insert(queue_.begin() + static_cast<std::ptrdiff_t>(restored_++), std::move(chunk));
  queue_length_.fetch_add(1);
  if (waiting_ > 0) wake_.notify_one();
}

void ChunkQueue::restore_lost(std::uint64_t events, DropReason reason) {
  const std::lock_guard lock(mutex_);
  recovered_ += events;
  counters_->events_in.add(events);
  counters_->dropped_for(reason).add(events);
}

// A batch that is larger than the whole buffer is let in while nothing else is there; else it would wait for ever.
bool ChunkQueue::has_room(std::uint64_t held, std::uint64_t more) const noexcept {
  if (paused_.load()) return false;
  if (held == 0) return true;
  if (held + more > settings_.total_limit) return false;
  return !settings_.queue_limit_length || queue_length_.load() < *settings_.queue_limit_length;
}

bool ChunkQueue::try_reserve(std::uint64_t bytes) noexcept {
  std::uint64_t held = held_.load();
  do {
    if (!has_room(held, bytes)) return false;
  } while (!held_.compare_exchange_weak(held, held + bytes));
  return true;
}

bool ChunkQueue::reserve(std::uint64_t bytes) noexcept {
  if (settings_.overflow_action != OverflowAction::block) return true;
  if (try_reserve(bytes)) return true;
  // In this order: whoever makes room after the second attempt sees the flag.
  refused_.store(true);
  if (try_reserve(bytes)) return true;
  ask_for_room();
  return false;
}

// Chunks that wait for their time are written early rather than that connections stand still for them.
void ChunkQueue::ask_for_room() noexcept {
  const std::lock_guard lock(mutex_);
  if (waiting_ > 0) wake_.notify_one();
}

void ChunkQueue::release(std::uint64_t bytes) noexcept {
  if (settings_.overflow_action != OverflowAction::block) return;
  held_.fetch_sub(bytes);
  room_again();
}

void ChunkQueue::pause() noexcept {
  // In this order: whoever sees the pause sees when it began.
  if (!paused_.load()) paused_since_.store(settings_.time->now().time_since_epoch().count());
  paused_.store(true);
}

void ChunkQueue::go_on() noexcept {
  paused_.store(false);
  room_again();
}

void ChunkQueue::room_again() noexcept {
  if (!refused_.load()) return;
  const std::uint64_t enough = settings_.total_limit / 8;
  if (!has_room(held_.load(), enough)) return;
  if (refused_.exchange(false) && on_space_) on_space_();
}

bool ChunkQueue::admit(const EventBatch& batch, std::uint64_t bytes) {
  if (settings_.overflow_action == OverflowAction::block || try_reserve(bytes)) return true;
  std::vector<ChunkPtr> dropped;
  bool fits = false;
  {
    const std::lock_guard lock(mutex_);
    fits = make_room(bytes, dropped);
    if (!fits) {
      counters_->events_in.add(batch.events());
      counters_->bytes_in.add(batch.bytes());
      counters_->dropped_for(DropReason::overflow).add(batch.events());
    }
  }
  finish(std::move(dropped), DropReason::overflow);
  return fits;
}

bool ChunkQueue::make_room(std::uint64_t bytes, std::vector<ChunkPtr>& dropped) {
  while (!try_reserve(bytes)) {
    if (settings_.overflow_action != OverflowAction::drop_oldest_chunk || paused_.load()) return false;
    ChunkPtr oldest = take_oldest();
    if (oldest == nullptr) return false;
    is_over(*oldest, false);
    count_out(*oldest, 0, DropReason::overflow);
    dropped.push_back(std::move(oldest));
  }
  return true;
}

ChunkQueue::ChunkPtr ChunkQueue::take_oldest() {
  ChunkPtr oldest;
  const auto queued = std::find_if(queue_.begin(), queue_.end(), [](const ChunkPtr& c) { return !c->shrinking_; });
  if (!retrying_.empty()) {
    oldest = std::move(retrying_.begin()->second);
    retrying_.erase(retrying_.begin());
    queue_length_.fetch_sub(1);
  } else if (queued != queue_.end()) {
    oldest = std::move(*queued);
    if (queued - queue_.begin() < static_cast<std::ptrdiff_t>(restored_)) --restored_;
    queue_.erase(queued);
    queue_length_.fetch_sub(1);
  } else if (!open_.empty()) {
    oldest = close(oldest_open());
  }
  return oldest;
}

bool ChunkQueue::waits_for_write(const Receipts& receipts) const noexcept {
  if (receipts.empty() || receipts.level == AckLevel::memory) return false;
  return receipts.level == AckLevel::delivered || settings_.ack_when_written;
}

void ChunkQueue::append(Delivery& delivery, const ChunkParts& parts, std::uint64_t reserved, const AddPart& add) {
  const EventBatch& batch = *delivery.batch;
  const bool now = !delivery.receipts.empty() && delivery.receipts.level == AckLevel::delivered;
  const bool waits = waits_for_write(delivery.receipts);
  Later later;
  {
    const std::lock_guard lock(mutex_);
    counters_->events_in.add(batch.events());
    counters_->bytes_in.add(batch.bytes());
    const std::uint64_t before = held_now_;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      QueuedChunk& held = put(batch.tag(), parts[i], i, add, now, later);
      if (!waits) continue;
      const bool last = i + 1 == parts.size();
      held.receipts.take(last ? std::move(delivery.receipts) : delivery.receipts.share());
    }
    held_.fetch_add(held_now_ - before - reserved);
    later.wake = later.wake && waiting_ > 0;
  }
  if (later.wake) wake_.notify_one();
  if (!later.shrink.empty()) shrink(later.shrink);
}

void ChunkQueue::append_none(const EventBatch& batch, std::uint64_t reserved, DropReason reason) {
  {
    const std::lock_guard lock(mutex_);
    counters_->events_in.add(batch.events());
    counters_->bytes_in.add(batch.bytes());
    counters_->dropped_for(reason).add(batch.events());
    held_.fetch_sub(reserved);
  }
  room_again();
}

QueuedChunk& ChunkQueue::put(const Tag& tag, const ChunkPart& part, std::size_t index, const AddPart& add, bool now,
                             Later& later) {
  const Key key{settings_.by_tag ? tag.text() : std::string_view(), part.slice, part.fields};
  auto at = open_.find(key);
  const auto seal_later = [&] {
    QueuedChunk& sealed = seal(at);
    later.wake = true;
    const bool waits_for_others = queue_.size() > settings_.flush_threads;
    if (!waits_for_others || !sealed.can_shrink()) return;
    sealed.shrinking_ = true;
    later.shrink.push_back(&sealed);
  };
  if (at != open_.end() && would_overflow(*at->second.held, *part.batch)) {
    seal_later();
    at = open_.end();
  }
  if (at == open_.end()) at = find_open(tag, part, later.wake);
  QueuedChunk& held = *at->second.held;
  const std::uint64_t held_before = held.held;
  const std::uint64_t events_before = held.chunk.events;
  add(held, index);
  held_now_ += held.held - held_before;
  buffered_events_ += held.chunk.events - events_before;
  if (is_full(held)) {
    seal_later();
  } else if (now) {
    make_due(at->second, at->first, later.wake);
  }
  return held;
}

ChunkQueue::OpenMap::iterator ChunkQueue::find_open(const Tag& tag, const ChunkPart& part, bool& wake) {
  ChunkPtr held = make_chunk_();
  Key key{{}, part.slice, {}};
  if (settings_.by_tag) {
    held->chunk.tag = tag;
    key.tag = held->chunk.tag->text();
  }
  if (settings_.by_time) held->chunk.timekey = part.slice;
  held->packed_fields_ = part.fields;
  key.fields = held->packed_fields_;
  std::string_view rest = key.fields;
  for (const std::string& name : settings_.fields)
    held->chunk.fields.push_back({name, std::string(unpack_field(rest))});
  const auto at = open_.emplace(key, Open{std::move(held), due_.end(), slices_due_.end()}).first;
  schedule(at->second, key, wake);
  return at;
}

void ChunkQueue::schedule(Open& open, const Key& key, bool& wake) {
  if (settings_.flush_mode == FlushMode::lazy) {
    if (!settings_.by_time) return;
    // Late events open a chunk when their slice is over already; it gathers others for as long as any chunk does.
    const auto slice_end = Wall::time_point(std::chrono::seconds(key.slice) + *settings_.timekey);
    const auto wait = std::chrono::duration_cast<Wall::duration>(settings_.timekey_wait);
    open.slice_due = slices_due_.emplace(std::max(slice_end, settings_.time->wall()) + wait, key);
    wake = true;
    return;
  }
  auto at = at_once;
  if (settings_.flush_mode == FlushMode::interval) at = settings_.time->now() + settings_.flush_interval;
  open.due = due_.emplace(at, key);
  wake = wake || at < next_look_;
}

/// Somebody waits for the chunk to be written.
void ChunkQueue::make_due(Open& open, const Key& key, bool& wake) {
  wake = true;
  if (open.due != due_.end()) {
    if (open.due->first == at_once) return;
    due_.erase(open.due);
  }
  open.due = due_.emplace(at_once, key);
}

bool ChunkQueue::would_overflow(const QueuedChunk& held, const EventBatch& batch) const noexcept {
  if (held.chunk.bytes + batch.bytes() > settings_.chunk_limit) return true;
  return settings_.chunk_limit_records && held.chunk.events + batch.events() > *settings_.chunk_limit_records;
}

bool ChunkQueue::is_full(const QueuedChunk& held) const noexcept {
  if (held.chunk.bytes >= settings_.chunk_limit) return true;
  return settings_.chunk_limit_records && held.chunk.events >= *settings_.chunk_limit_records;
}

void ChunkQueue::shrink(const std::vector<QueuedChunk*>& chunks) {
  for (QueuedChunk* held : chunks) {
    const std::uint64_t before = held->held;
    held->shrink();
    const std::lock_guard lock(mutex_);
    held->shrinking_ = false;
    held_now_ -= before - held->held;
    held_.fetch_sub(before - held->held);
    if (waiting_ > 0) wake_.notify_one();
  }
  room_again();
}

void ChunkQueue::count_out(const QueuedChunk& held, std::uint64_t delivered, DropReason reason) noexcept {
  buffered_events_ -= held.chunk.events;
  held_now_ -= held.held;
  held_.fetch_sub(held.held);
  if (delivered > 0) counters_->delivered.add(delivered);
  if (delivered < held.chunk.events) counters_->dropped_for(reason).add(held.chunk.events - delivered);
}

void ChunkQueue::finish(std::vector<ChunkPtr> chunks, std::optional<DropReason> reason) noexcept {
  if (chunks.empty()) return;
  for (ChunkPtr& held : chunks) {
    held->finish(reason);
    if (held->kept_nowhere_ || reason == DropReason::overflow) {
      held->receipts.lose();
    } else if (reason != DropReason::shutdown) {
      held->receipts.confirm();
    }
    held.reset();
  }
  room_again();
}

OutputTotals ChunkQueue::totals() const {
  const std::lock_guard lock(mutex_);
  OutputTotals totals;
  totals.events_in = counters_->events_in.value();
  totals.delivered = counters_->delivered.value();
  for (const Counter& counter : counters_->dropped) totals.dropped += counter.value();
  totals.buffered_events = buffered_events_;
  totals.buffered_bytes = held_now_;
  totals.recovered = recovered_;
  return totals;
}

bool ChunkQueue::empty() const {
  const std::lock_guard lock(mutex_);
  return buffered_events_ == 0;
}

}  // namespace logboom
