#include <algorithm>

#include "memory_buffer.hpp"

namespace logboom {

namespace {

using namespace std::chrono_literals;

/// A slice's end is looked for at least so often, as the wall clock may be set.
constexpr auto wall_clock_look = 10s;

std::string chunk_id(const std::string& prefix, std::uint64_t sequence) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id = prefix;
  for (int shift = 60; shift >= 0; shift -= 4) id.push_back(digits[sequence >> shift & 15]);
  return id;
}

}  // namespace

MemoryBuffer::HeldPtr MemoryBuffer::close(OpenMap::iterator at) {
  Open& open = at->second;
  if (open.due != due_.end()) due_.erase(open.due);
  if (open.slice_due != slices_due_.end()) slices_due_.erase(open.slice_due);
  HeldPtr held = std::move(open.held);
  open_.erase(at);
  held->seal();
  held->sequence = ++sequence_;
  held->chunk.id = chunk_id(id_prefix_, held->sequence);
  return held;
}

void MemoryBuffer::seal(OpenMap::iterator at) {
  queue_.push_back(close(at));
  queue_length_.fetch_add(1);
}

void MemoryBuffer::seal_due(Clock::time_point now) {
  while (!due_.empty() && due_.begin()->first <= now) seal(open_.find(due_.begin()->second));
  if (slices_due_.empty()) return;
  const auto wall = Wall::now();
  while (!slices_due_.empty() && slices_due_.begin()->first <= wall) seal(open_.find(slices_due_.begin()->second));
}

void MemoryBuffer::seal_all() {
  while (!open_.empty()) seal(oldest_open());
}

MemoryBuffer::OpenMap::iterator MemoryBuffer::oldest_open() {
  if (!due_.empty()) return open_.find(due_.begin()->second);
  if (!slices_due_.empty()) return open_.find(slices_due_.begin()->second);
  return open_.begin();
}

MemoryBuffer::HeldPtr MemoryBuffer::next_due(Clock::time_point now) {
  if (settings_.ordered && !taken_.empty()) return nullptr;
  const bool retry_due = !retrying_.empty() && retrying_.begin()->first <= now;
  HeldPtr held;
  if (retry_due) {
    held = std::move(retrying_.begin()->second);
    retrying_.erase(retrying_.begin());
  } else if (settings_.ordered && !retrying_.empty()) {
    return nullptr;
  } else {
    seal_due(now);
    const bool room_wanted = refused_.load() && taken_.empty() && retrying_.empty();
    if (queue_.empty() && room_wanted && !open_.empty()) seal(oldest_open());
    if (queue_.empty()) return nullptr;
    held = std::move(queue_.front());
    queue_.pop_front();
  }
  queue_length_.fetch_sub(1);
  return held;
}

Buffer::Clock::time_point MemoryBuffer::next_look(Clock::time_point now, Clock::time_point until) const {
  Clock::time_point at = until;
  if (!due_.empty()) at = std::min(at, due_.begin()->first);
  if (!retrying_.empty()) at = std::min(at, retrying_.begin()->first);
  if (!slices_due_.empty()) {
    const auto wait = slices_due_.begin()->first - Wall::now();
    at = std::min(at, now + std::clamp<Clock::duration>(wait, 1ms, wall_clock_look));
  }
  return at;
}

const Chunk* MemoryBuffer::take(Clock::time_point until, std::uint64_t seen_wakes) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto now = Clock::now();
    if (HeldPtr held = next_due(now)) {
      const Chunk* chunk = &held->chunk;
      taken_.emplace(chunk, std::move(held));
      lock.unlock();
      if (settings_.queue_limit_length) room_again();
      return chunk;
    }
    if (now >= until || wakes() != seen_wakes) return nullptr;
    next_look_ = settings_.ordered && !taken_.empty() ? until : next_look(now, until);
    ++waiting_;
    wake_.wait_until(lock, next_look_);
    --waiting_;
  }
}

void MemoryBuffer::wake() {
  const std::lock_guard lock(mutex_);
  wakes_.fetch_add(1, std::memory_order_release);
  wake_.notify_all();
}

MemoryBuffer::HeldPtr MemoryBuffer::take_back(const Chunk& chunk) {
  const auto at = taken_.find(&chunk);
  HeldPtr held = std::move(at->second);
  taken_.erase(at);
  if (settings_.ordered && waiting_ > 0) wake_.notify_one();
  return held;
}

void MemoryBuffer::done(const Chunk& chunk, std::uint64_t invalid_events) {
  std::vector<HeldPtr> chunks;
  {
    const std::lock_guard lock(mutex_);
    chunks.push_back(take_back(chunk));
    count_out(*chunks.front(), chunk.events - std::min(invalid_events, chunk.events), DropReason::invalid);
  }
  forget(std::move(chunks), true);
}

void MemoryBuffer::drop(const Chunk& chunk, DropReason reason) {
  std::vector<HeldPtr> chunks;
  {
    const std::lock_guard lock(mutex_);
    chunks.push_back(take_back(chunk));
    count_out(*chunks.front(), 0, reason);
  }
  forget(std::move(chunks), reason != DropReason::shutdown);
}

void MemoryBuffer::retry(const Chunk& chunk, Clock::time_point at) {
  const std::lock_guard lock(mutex_);
  HeldPtr held = take_back(chunk);
  ++held->chunk.attempts;
  if (!held->chunk.failing_since) held->chunk.failing_since = Clock::now();
  retrying_.emplace(at, std::move(held));
  queue_length_.fetch_add(1);
  counters_->retries.add();
  if (waiting_ > 0) wake_.notify_one();
}

void MemoryBuffer::flush_now() {
  const std::lock_guard lock(mutex_);
  seal_all();
  std::multimap<Clock::time_point, HeldPtr> now;
  for (auto& [at, held] : retrying_) now.emplace(Clock::time_point::min(), std::move(held));
  retrying_ = std::move(now);
  wake_.notify_all();
}

void MemoryBuffer::drain() {
  {
    const std::lock_guard lock(mutex_);
    settings_.flush_mode = FlushMode::immediate;
  }
  flush_now();
}

std::uint64_t MemoryBuffer::discard() {
  std::vector<HeldPtr> chunks;
  std::uint64_t events = 0;
  {
    const std::lock_guard lock(mutex_);
    while (HeldPtr held = take_oldest()) {
      events += held->chunk.events;
      count_out(*held, 0, DropReason::shutdown);
      chunks.push_back(std::move(held));
    }
  }
  forget(std::move(chunks), false);
  return events;
}

namespace plugins {

PluginInfo buf_memory() {
  return describe_plugin<MemoryBuffer>(PluginKind::buffer, "memory", "Keeps events in memory until they are written.");
}

}  // namespace plugins

}  // namespace logboom
