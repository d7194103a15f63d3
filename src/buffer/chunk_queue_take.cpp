#include <algorithm>

#include <logboom/chunk_queue.hpp>

namespace logboom {

namespace {

using namespace std::chrono_literals;

/// A slice's end is looked for at least so often, as the wall clock may be set.
constexpr auto wall_clock_look = 10s;
/// A pause that lasts longer makes chunks due that could wait: they may hold what there is no room for.
constexpr auto long_pause = 1s;
/// When a chunk that could not be loaded comes again.
constexpr auto load_again = 1s;
/// How often one of the chunks that are held back is tried: it may be only others that fail.
constexpr auto trial_interval = 10s;

std::string chunk_id(const std::string& prefix, std::uint64_t sequence) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id = prefix;
  for (int shift = 60; shift >= 0; shift -= 4) id.push_back(digits[sequence >> shift & 15]);
  return id;
}

}  // namespace

ChunkQueue::ChunkPtr ChunkQueue::close(OpenMap::iterator at) {
  Open& open = at->second;
  if (open.due != due_.end()) due_.erase(open.due);
  if (open.slice_due != slices_due_.end()) slices_due_.erase(open.slice_due);
  ChunkPtr held = std::move(open.held);
  open_.erase(at);
  held->sequence = ++sequence_;
  held->chunk.id = chunk_id(id_prefix_, held->sequence);
  held->seal();
  return held;
}

QueuedChunk& ChunkQueue::seal(OpenMap::iterator at) {
  queue_.push_back(close(at));
  queue_length_.fetch_add(1);
  return *queue_.back();
}

void ChunkQueue::seal_due(Clock::time_point now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto at = open_.find(due_.begin()->second);
    if (due_.begin()->first != at_once && !failing_.empty() && failing_.contains(at->first.text())) {
      hold_back(at->second, at->first, now);
    } else {
      seal(at);
    }
  }
  if (holds_back() && now >= next_trial_) {
    seal(open_.find(due_.lower_bound(held_back)->second)).is_trial_ = true;
    next_trial_ = now + trial_interval;
  }
  if (slices_due_.empty()) return;
  const auto wall = settings_.time->wall();
  while (!slices_due_.empty() && slices_due_.begin()->first <= wall) seal(open_.find(slices_due_.begin()->second));
}

void ChunkQueue::hold_back(Open& open, const Key& key, Clock::time_point now) {
  if (!holds_back()) next_trial_ = now + trial_interval;
  due_.erase(open.due);
  open.due = due_.emplace(held_back, key);
}

void ChunkQueue::let_go(OpenMap::iterator at) {
  Open& open = at->second;
  open.held->is_trial_ = true;
  if (open.due == due_.end() || open.due->first != held_back) return;
  due_.erase(open.due);
  open.due = due_.emplace(at_once, at->first);
}

/// Of a chunk that was there before the process what is known of it.
ChunkQueue::Key ChunkQueue::key_of(const QueuedChunk& held) const {
  const Chunk& chunk = held.chunk;
  return {chunk.tag ? chunk.tag->text() : std::string_view(), chunk.timekey.value_or(0), held.packed_fields_};
}

/// The end of one that had failed, which may not be the output's doing, lets the next one of its key go, or another;
/// where that is written at the first attempt the output works again, and all that are held back follow.
void ChunkQueue::is_over(const QueuedChunk& held, bool written) {
  if (failing_.empty()) return;
  const Key key = key_of(held);
  const bool works = written && held.chunk.attempts == 0;
  if (works && (held.is_trial_ || failing_.contains(key.text()))) {
    failing_.clear();
    while (holds_back()) let_go(open_.find(due_.lower_bound(held_back)->second));
  } else {
    if (failing_.erase(key.text()) == 0) return;
    const auto at = open_.find(key);
    if (at == open_.end()) {
      next_trial_ = Clock::time_point::min();
    } else {
      let_go(at);
    }
  }
  wake_.notify_all();
}

void ChunkQueue::seal_all() {
  while (!open_.empty()) seal(oldest_open());
}

ChunkQueue::OpenMap::iterator ChunkQueue::oldest_open() {
  if (!due_.empty()) return open_.find(due_.begin()->second);
  if (!slices_due_.empty()) return open_.find(slices_due_.begin()->second);
  return open_.begin();
}

ChunkQueue::ChunkPtr ChunkQueue::next_due(Clock::time_point now) {
  if (settings_.ordered && !taken_.empty()) return nullptr;
  const bool retry_due = !retrying_.empty() && retrying_.begin()->first <= now;
  ChunkPtr held;
  if (retry_due) {
    held = std::move(retrying_.begin()->second);
    retrying_.erase(retrying_.begin());
  } else if (settings_.ordered && !retrying_.empty()) {
    return nullptr;
  } else {
    seal_due(now);
    // A pause is soon over, but where the disk is full.
    const bool pauses = paused_.load() && now < Clock::time_point(Clock::duration(paused_since_.load())) + long_pause;
    const bool room_wanted = refused_.load() && !pauses && taken_.empty() && retrying_.empty();
    if (queue_.empty() && room_wanted && !open_.empty()) seal(oldest_open());
    if (queue_.empty() || queue_.front()->shrinking_) return nullptr;
    held = std::move(queue_.front());
    queue_.pop_front();
    if (restored_ > 0) --restored_;
  }
  queue_length_.fetch_sub(1);
  return held;
}

Buffer::Clock::time_point ChunkQueue::next_look(Clock::time_point now, Clock::time_point until) const {
  Clock::time_point at = until;
  if (paused_.load() && refused_.load()) at = std::min(at, now + long_pause);
  if (!due_.empty()) at = std::min(at, due_.begin()->first);
  if (!retrying_.empty()) at = std::min(at, retrying_.begin()->first);
  if (holds_back()) at = std::min(at, next_trial_);
  if (!slices_due_.empty()) {
    const auto wait = slices_due_.begin()->first - settings_.time->wall();
    at = std::min(at, now + std::clamp<Clock::duration>(wait, 1ms, wall_clock_look));
  }
  return at;
}

const Chunk* ChunkQueue::take(Clock::time_point until, std::uint64_t seen_wakes) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto now = settings_.time->now();
    if (ChunkPtr next = next_due(now)) {
      QueuedChunk& held = *next;
      taken_.emplace(&held.chunk, std::move(next));
      lock.unlock();
      if (settings_.queue_limit_length) room_again();
      if (load(held)) return &held.chunk;
      lock.lock();
      continue;
    }
    if (now >= until || wakes() != seen_wakes) return nullptr;
    next_look_ = settings_.ordered && !taken_.empty() ? until : next_look(now, until);
    ++waiting_;
    wake_.wait_until(lock, next_look_);
    --waiting_;
  }
}

/// False where the chunk is not for an output: it comes again later, or nothing is left of it.
bool ChunkQueue::load(QueuedChunk& held) {
  const QueuedChunk::Loaded loaded = held.load();
  if (loaded.lost != 0) {
    held.kept_nowhere_ = true;
    const std::lock_guard lock(mutex_);
    buffered_events_ -= loaded.lost;
    counters_->dropped_for(DropReason::damaged).add(loaded.lost);
  }
  if (!loaded.ready) {
    held.unload();
    const std::lock_guard lock(mutex_);
    retrying_.emplace(settings_.time->now() + load_again, take_back(held.chunk));
    queue_length_.fetch_add(1);
    return false;
  }
  if (loaded.lost == 0 || held.chunk.events != 0) return true;
  done(held.chunk, 0);
  return false;
}

void ChunkQueue::wake() {
  const std::lock_guard lock(mutex_);
  wakes_.fetch_add(1, std::memory_order_release);
  wake_.notify_all();
}

QueuedChunk& ChunkQueue::chunk_of(const Chunk& chunk) {
  const std::lock_guard lock(mutex_);
  return *taken_.find(&chunk)->second;
}

ChunkQueue::ChunkPtr ChunkQueue::take_back(const Chunk& chunk) {
  const auto at = taken_.find(&chunk);
  ChunkPtr held = std::move(at->second);
  taken_.erase(at);
  if (settings_.ordered && waiting_ > 0) wake_.notify_one();
  return held;
}

void ChunkQueue::done(const Chunk& chunk, std::uint64_t invalid_events) {
  std::vector<ChunkPtr> chunks;
  {
    const std::lock_guard lock(mutex_);
    chunks.push_back(take_back(chunk));
    is_over(*chunks.front(), true);
    count_out(*chunks.front(), chunk.events - std::min(invalid_events, chunk.events), DropReason::invalid);
  }
  finish(std::move(chunks), std::nullopt);
}

void ChunkQueue::drop(const Chunk& chunk, DropReason reason) {
  std::vector<ChunkPtr> chunks;
  {
    const std::lock_guard lock(mutex_);
    chunks.push_back(take_back(chunk));
    is_over(*chunks.front(), false);
    count_out(*chunks.front(), 0, reason);
  }
  finish(std::move(chunks), reason);
}

void ChunkQueue::retry(const Chunk& chunk, Clock::time_point at) {
  QueuedChunk& taken = chunk_of(chunk);
  const std::uint64_t before = taken.held;
  taken.unload();
  if (taken.can_shrink()) taken.shrink();
  const std::lock_guard lock(mutex_);
  ChunkPtr held = take_back(chunk);
  held_now_ -= before - held->held;
  held_.fetch_sub(before - held->held);
  ++held->chunk.attempts;
  failing_.insert(key_of(*held).text());
  if (!held->chunk.failing_since) held->chunk.failing_since = settings_.time->now();
  retrying_.emplace(at, std::move(held));
  queue_length_.fetch_add(1);
  counters_->retries.add();
  if (waiting_ > 0) wake_.notify_one();
}

void ChunkQueue::flush_now() {
  const std::lock_guard lock(mutex_);
  seal_all();
  std::multimap<Clock::time_point, ChunkPtr> now;
  for (auto& [at, held] : retrying_) now.emplace(Clock::time_point::min(), std::move(held));
  retrying_ = std::move(now);
  wake_.notify_all();
}

void ChunkQueue::drain() {
  {
    const std::lock_guard lock(mutex_);
    settings_.flush_mode = FlushMode::immediate;
  }
  flush_now();
}

std::uint64_t ChunkQueue::discard() {
  std::vector<ChunkPtr> chunks;
  std::uint64_t events = 0;
  {
    const std::lock_guard lock(mutex_);
    while (ChunkPtr held = take_oldest()) {
      events += held->chunk.events;
      count_out(*held, 0, DropReason::shutdown);
      chunks.push_back(std::move(held));
    }
  }
  finish(std::move(chunks), DropReason::shutdown);
  return events;
}

void ChunkQueue::lose(std::uint64_t events, DropReason reason) {
  const std::lock_guard lock(mutex_);
  buffered_events_ -= events;
  counters_->dropped_for(reason).add(events);
}

}  // namespace logboom
