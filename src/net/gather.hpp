#pragma once

#include <chrono>
#include <cstddef>

namespace logboom::net {

/// Decides after each round of reads whether readiness should gather before the next one. Docker writes one message per
/// `write` on one connection per container, so that under load each look finds a little in many sockets: waiting up to
/// a millisecond then saves most of the system calls. When little comes nothing waits.
class Gather {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::microseconds longest_wait{1000};

  /// `reads` sockets were read in a round that ended at `now`, with `bytes` in all. Returns how long to leave the lane
  /// alone; zero: not at all.
  std::chrono::microseconds after_round(std::size_t reads, std::size_t bytes, Clock::time_point now) noexcept;

 private:
  Clock::time_point last_{};
  double reads_per_ms_ = 0;
  bool waiting_ = false;
};

}  // namespace logboom::net
