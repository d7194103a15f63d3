#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace logboom::out_forward {

/// To which server a chunk was sent whose connection ended before its ack: there it may be known already, so that it
/// goes there first when it comes again, once. Threads: any.
class Affinity {
 public:
  void remember(const std::string& chunk, const std::string& server) {
    const std::lock_guard lock(mutex_);
    if (servers_.try_emplace(chunk, server).second) order_.push_back(chunk);
    if (order_.size() <= most) return;
    servers_.erase(order_.front());
    order_.pop_front();
  }
  /// Empty where there is none, or it was told before.
  std::string take(const std::string& chunk) {
    const std::lock_guard lock(mutex_);
    const auto found = servers_.find(chunk);
    return found == servers_.end() ? std::string() : std::exchange(found->second, {});
  }

 private:
  static constexpr std::size_t most = 4096;
  std::mutex mutex_;
  std::map<std::string, std::string> servers_;  // empty once it was told
  std::deque<std::string> order_;               // the oldest first
};

}  // namespace logboom::out_forward
