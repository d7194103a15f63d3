#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace logboom::plugins {

/// Takes one of so many events of each unit, over all workers. With a minimum rate the first events of each minute are
/// taken too. Of too many units the one that was quiet for longest is forgotten.
///
/// Threads: any.
class Sampler {
 public:
  using Clock = std::chrono::steady_clock;

  /// `minimum_rate`: a minute, 0: none.
  Sampler(std::uint64_t interval, std::uint64_t minimum_rate, std::size_t most_units = 100'000)
      : interval_(interval), minimum_rate_(minimum_rate), most_units_(most_units) {}
  /// One more event: true where it is taken.
  bool take(std::string_view unit, Clock::time_point now);

 private:
  struct Unit {
    std::string name;
    std::uint64_t count = 0;
    Clock::time_point reset;
  };
  using List = std::list<Unit>;

  std::uint64_t interval_;
  std::uint64_t minimum_rate_;
  std::size_t most_units_;
  std::mutex mutex_;
  List list_;  // the one that had an event last is at the end
  std::unordered_map<std::string_view, List::iterator> places_;
};

}  // namespace logboom::plugins
