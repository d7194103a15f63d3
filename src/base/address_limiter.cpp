#include <logboom/address_limiter.hpp>

#include <utility>

namespace logboom {

bool AddressLimiter::due(const std::string& address, std::uint64_t& suppressed, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  Turn& turn = turn_of(address, now);
  if (now < turn.next) {
    ++turn.kept_back;
    return false;
  }
  turn.next = now + interval_;
  suppressed = std::exchange(turn.kept_back, 0);
  return true;
}

/// Those whose next message would be due anyway are forgotten where there is no more room.
AddressLimiter::Turn& AddressLimiter::turn_of(const std::string& address, Clock::time_point now) {
  if (const auto found = turns_.find(address); found != turns_.end()) return found->second;
  if (turns_.size() >= most_) {
    std::erase_if(turns_, [this, now](const auto& each) {
      if (now < each.second.next) return false;
      others_.kept_back += each.second.kept_back;
      return true;
    });
  }
  return turns_.size() < most_ ? turns_[address] : others_;
}

}  // namespace logboom
