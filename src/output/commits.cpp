#include "output/commits.hpp"

#include <algorithm>
#include <utility>

namespace logboom {

void PendingCommits::open(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

void PendingCommits::expect(const std::string& key) {
  const std::lock_guard lock(mutex_);
  entries_[key] = Entry{};
}

void PendingCommits::settle(const std::string& key, WriteResult result) {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.is_settled) return;
  at->second.is_settled = true;
  at->second.result = std::move(result);
  if (at->second.chunk != nullptr && wake_) wake_();
}

void PendingCommits::written(const Chunk& chunk, bool pending, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (!pending) {
    entries_.erase(Commit::key_of(chunk));
    return;
  }
  Entry& entry = entries_[Commit::key_of(chunk)];
  entry.chunk = &chunk;
  entry.overdue = now + std::chrono::duration_cast<Clock::duration>(timeout_);
  // Other threads wait for chunks without knowing when this one is overdue.
  if (wake_) wake_();
}

std::vector<PendingCommits::Settled> PendingCommits::take(Clock::time_point now) {
  std::vector<Settled> taken;
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    Entry& entry = at->second;
    if (entry.chunk == nullptr || (!entry.is_settled && entry.overdue > now)) {
      ++at;
      continue;
    }
    if (!entry.is_settled) entry.result = {WriteResult::Status::retry, "it was not committed in time", 0};
    taken.push_back({entry.chunk, std::move(entry.result)});
    at = entries_.erase(at);
  }
  return taken;
}

PendingCommits::Clock::time_point PendingCommits::next_overdue() const {
  const std::lock_guard lock(mutex_);
  auto next = Clock::time_point::max();
  for (const auto& [id, entry] : entries_) next = std::min(next, entry.overdue);
  return next;
}

std::vector<const Chunk*> PendingCommits::close() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
  std::vector<const Chunk*> left;
  for (const auto& [id, entry] : entries_) {
    if (entry.chunk != nullptr) left.push_back(entry.chunk);
  }
  entries_.clear();
  return left;
}

}  // namespace logboom
