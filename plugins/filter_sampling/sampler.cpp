#include "sampler.hpp"

namespace logboom::plugins {

bool Sampler::take(std::string_view name, Clock::time_point now) {
  constexpr auto minute = std::chrono::minutes(1);
  const std::lock_guard lock(mutex_);
  const auto known = places_.find(name);
  if (known != places_.end()) {
    list_.splice(list_.end(), list_, known->second);
  } else {
    if (list_.size() >= most_units_) {
      places_.erase(list_.front().name);
      list_.pop_front();
    }
    list_.push_back({std::string(name), 0, now + minute});
    places_.emplace(list_.back().name, std::prev(list_.end()));
  }
  Unit& unit = list_.back();
  if (minimum_rate_ != 0 && now > unit.reset) {
    unit.reset = now + minute;
    unit.count = 0;
  }
  ++unit.count;
  return unit.count < minimum_rate_ || unit.count % interval_ == 0;
}

}  // namespace logboom::plugins
