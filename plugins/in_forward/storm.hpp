#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <unordered_map>

#include <logboom/log.hpp>

namespace logboom::in_forward {

/// Notices containers whose log driver opens a connection for every line or two: Docker's client does that once its
/// `fluentd-request-ack` has been confused by stdout and stderr both being busy.
///
/// Threads: any.
class StormWatch {
 public:
  using Clock = std::chrono::steady_clock;

  explicit StormWatch(Log& log) noexcept : log_(log) {}

  /// A connection that used acks ended after few messages. `container` says whose it was.
  void short_connection(const std::string& container, Clock::time_point now);

 private:
  struct Seen {
    Clock::time_point since;
    unsigned count = 0;
    Clock::time_point quiet_until{};
  };
  static constexpr unsigned storm_count = 20;
  static constexpr std::chrono::seconds window{10};
  static constexpr std::chrono::seconds warn_interval{60};
  static constexpr std::size_t most_containers = 4096;

  Log& log_;
  std::mutex mutex_;
  std::unordered_map<std::string, Seen> seen_;
};

}  // namespace logboom::in_forward
