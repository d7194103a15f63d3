#include <logboom/duplicate_window.hpp>

#include <algorithm>
#include <utility>

namespace logboom {

namespace {

constexpr std::size_t first_size = 64;
constexpr int most_let_go = 2;
// Times before the window was made can be told, too.
constexpr std::chrono::hours before{24 * 365};

}  // namespace

DuplicateWindow::DuplicateWindow(Limits limits) noexcept : limits_(limits), origin_(Clock::now() - before) {}

DuplicateWindow::Met DuplicateWindow::meet(const MessageId& id, Receipts& receipts, Clock::time_point now,
                                           std::uint32_t parts) {
  if (!id || limits_.count == 0) return Met::first;
  let_go(now);
  Index at = find(id);
  if (at != none && entries_[at].parts_left != 0) {
    if (!receipts.empty()) waiting_[at].take(std::exchange(receipts, {}));
    return Met::pending;
  }
  if (at != none) return Met::safe;
  at = add(id, parts);
  if (parts == 0) make_safe(at, now);
  return Met::first;
}

Receipts DuplicateWindow::settle(const MessageId& id, Clock::time_point now) {
  const Index at = id ? find(id) : none;
  if (at == none || entries_[at].parts_left == 0 || --entries_[at].parts_left != 0) return {};
  make_safe(at, now);
  return take_waiting(at);
}

Receipts DuplicateWindow::forget(const MessageId& id) {
  const Index at = id ? find(id) : none;
  if (at == none || entries_[at].parts_left == 0) return {};
  Receipts receipts = take_waiting(at);
  remove(at);
  return receipts;
}

void DuplicateWindow::restore(const MessageId& id, Clock::time_point at, std::uint32_t parts) {
  if (!id || limits_.count == 0 || find(id) != none) return;
  const Index made = add(id, parts);
  if (parts == 0) make_safe(made, at);
  if (safe_ > limits_.count) let_go(at);
}

std::size_t DuplicateWindow::memory() const noexcept {
  return entries_.capacity() * sizeof(Entry) + buckets_.capacity() * sizeof(Index) +
         waiting_.size() * (sizeof(Receipts) + 4 * sizeof(void*));
}

DuplicateWindow::Index DuplicateWindow::find(const MessageId& id) const noexcept {
  if (buckets_.empty()) return none;
  Index at = buckets_[bucket_of(id)];
  while (at != none && !(entries_[at].id == id)) at = entries_[at].in_bucket;
  return at;
}

DuplicateWindow::Index DuplicateWindow::add(const MessageId& id, std::uint32_t parts) {
  if (free_ == none && entries_.size() == buckets_.size()) grow();
  Index at = free_;
  if (at != none) {
    free_ = entries_[at].in_bucket;
  } else {
    at = static_cast<Index>(entries_.size());
    entries_.emplace_back();
  }
  Index& bucket = buckets_[bucket_of(id)];
  entries_[at] = {id, bucket, at, 0, parts};
  bucket = at;
  ++size_;
  return at;
}

void DuplicateWindow::make_safe(Index at, Clock::time_point now) noexcept {
  Entry& entry = entries_[at];
  entry.second = second_of(now);
  entry.younger = none;
  (oldest_ == none ? oldest_ : entries_[youngest_].younger) = at;
  youngest_ = at;
  ++safe_;
}

void DuplicateWindow::remove(Index at) noexcept {
  Entry& entry = entries_[at];
  Index* link = &buckets_[bucket_of(entry.id)];
  while (*link != at) link = &entries_[*link].in_bucket;
  *link = entry.in_bucket;
  entry.in_bucket = free_;
  free_ = at;
  --size_;
}

/// One arrival adds one at most, so that two are enough for the number never to stay above the limit.
void DuplicateWindow::let_go(Clock::time_point now) noexcept {
  const auto age = std::chrono::ceil<std::chrono::seconds>(limits_.age).count();
  const std::int64_t too_old = static_cast<std::int64_t>(second_of(now)) - age;
  for (int i = 0; i < most_let_go && oldest_ != none; ++i) {
    const Index at = oldest_;
    if (safe_ < limits_.count && entries_[at].second >= too_old) return;
    oldest_ = entries_[at].younger;
    --safe_;
    remove(at);
  }
}

void DuplicateWindow::grow() {
  const std::size_t size = std::max(first_size, buckets_.size() * 2);
  entries_.reserve(size);
  buckets_.assign(size, none);
  for (Index at = 0; at < entries_.size(); ++at) {
    Index& bucket = buckets_[bucket_of(entries_[at].id)];
    entries_[at].in_bucket = bucket;
    bucket = at;
  }
}

Receipts DuplicateWindow::take_waiting(Index at) {
  const auto found = waiting_.find(at);
  if (found == waiting_.end()) return {};
  Receipts receipts = std::move(found->second);
  waiting_.erase(found);
  return receipts;
}

std::uint32_t DuplicateWindow::second_of(Clock::time_point at) const noexcept {
  const auto since = std::chrono::floor<std::chrono::seconds>(at - origin_).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(since, 0, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace logboom
