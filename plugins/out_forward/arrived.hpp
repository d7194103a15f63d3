#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>

namespace logboom::out_forward {

/// Which portions of chunks that come again were acked: they are not sent again, as not every server knows a message
/// when it comes twice. Threads: any.
class Arrived {
 public:
  void add(const std::string& chunk, std::uint32_t portion) {
    const std::lock_guard lock(mutex_);
    const auto [at, fresh] = portions_.try_emplace(chunk);
    at->second.insert(portion);
    if (fresh) order_.push_back(chunk);
    if (order_.size() <= most) return;
    portions_.erase(order_.front());
    order_.pop_front();
  }
  std::set<std::uint32_t> of(const std::string& chunk) const {
    const std::lock_guard lock(mutex_);
    const auto at = portions_.find(chunk);
    return at == portions_.end() ? std::set<std::uint32_t>() : at->second;
  }
  /// The chunk has arrived as a whole.
  void forget(const std::string& chunk) {
    const std::lock_guard lock(mutex_);
    if (portions_.erase(chunk) != 0) std::erase(order_, chunk);
  }

 private:
  static constexpr std::size_t most = 1024;
  mutable std::mutex mutex_;
  std::map<std::string, std::set<std::uint32_t>> portions_;
  std::deque<std::string> order_;  // the oldest first
};

}  // namespace logboom::out_forward
