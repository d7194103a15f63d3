#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace logboom::plugins::throttle {

struct Limits {
  std::int64_t period_s = 60;
  std::int64_t bucket_limit = 6000;
  std::int64_t reset_rate_s = 100;  // -1: no wait for the rate to drop
  std::int64_t warning_delay_s = 10;
  std::int64_t gc_timeout_s = 120;  // a group without events for longer is forgotten
  std::size_t most_groups = 100'000;
};

/// Counts events by group, over all workers. A group's bucket is filled anew at the start of each period; one that ran
/// over stays shut until a period starts at which its rate is below the reset rate. Where there are too many groups the
/// one that was quiet for longest is forgotten.
///
/// Threads: any.
class Buckets {
 public:
  using Clock = std::chrono::system_clock;
  enum class Verdict : std::uint8_t { within, beyond };
  /// What there is to say, if anything, and the rate in events a second.
  enum class Note : std::uint8_t { none, exceeded, back_down };
  struct Answer {
    Verdict verdict;
    Note note = Note::none;
    std::int64_t rate = 0;
  };

  explicit Buckets(const Limits& limits) : limits_(limits) {}
  /// One more event of this group.
  Answer count(std::string_view group, Clock::time_point now);
  std::size_t groups() const;

 private:
  struct Group {
    std::string name;
    std::int64_t rate_count = 0;
    Clock::time_point rate_since;
    std::int64_t rate = 0;
    std::int64_t in_bucket = 0;
    bool shut = false;
    Clock::time_point bucket_since;
    Clock::time_point last_warning;
    bool warned = false;
  };
  using List = std::list<Group>;

  Group& touch(std::string_view name, Clock::time_point now);
  void forget_quiet(Clock::time_point now);
  std::int64_t period_of(Clock::time_point at) const noexcept;
  Answer beyond(Group& group, Clock::time_point now) const;
  static std::int64_t rate_of(const Group& group, Clock::time_point now) noexcept;

  Limits limits_;
  mutable std::mutex mutex_;
  List list_;  // the one that had an event last is at the end
  std::unordered_map<std::string_view, List::iterator> places_;
};

}  // namespace logboom::plugins::throttle
