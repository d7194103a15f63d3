#include "done_set.hpp"

#include <algorithm>
#include <iterator>

namespace logboom::buf_file {

void DoneSet::add(std::uint64_t first, std::uint64_t last) {
  if (first > last) return;
  const std::lock_guard lock(mutex_);
  auto at = ranges_.upper_bound(first);
  if (at != ranges_.begin()) {
    const auto before = std::prev(at);
    if (before->second >= last) return;
    if (before->second + 1 >= first) {
      first = before->first;
      at = before;
    }
  }
  while (at != ranges_.end() && (at->first <= last || at->first - 1 == last)) {
    last = std::max(last, at->second);
    at = ranges_.erase(at);
  }
  ranges_.emplace_hint(at, first, last);
}

void DoneSet::remove(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto behind = ranges_.upper_bound(number);
  if (behind == ranges_.begin()) return;
  const auto at = std::prev(behind);
  const auto [first, last] = *at;
  if (last < number) return;
  ranges_.erase(at);
  if (first < number) ranges_.emplace(first, number - 1);
  if (number < last) ranges_.emplace(number + 1, last);
}

bool DoneSet::contains(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto behind = ranges_.upper_bound(number);
  return behind != ranges_.begin() && std::prev(behind)->second >= number;
}

std::vector<DoneSet::Range> DoneSet::ranges() const {
  const std::lock_guard lock(mutex_);
  return {ranges_.begin(), ranges_.end()};
}

std::uint64_t DoneSet::last() const {
  const std::lock_guard lock(mutex_);
  return ranges_.empty() ? 0 : std::prev(ranges_.end())->second;
}

}  // namespace logboom::buf_file
