#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace logboom {

/// For the log: lets the first of a stream of messages about one address through, then one an interval, and counts
/// those between. Knows at most `most` addresses; those beyond share one turn, so that a flood of addresses is no flood
/// of lines.
///
/// Threads: any.
class AddressLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  explicit AddressLimiter(std::chrono::seconds interval, std::size_t most = 256) noexcept
      : interval_(interval), most_(most) {}
  /// True when a message about this address is due; `suppressed` then says how many were kept back since its last one.
  bool due(const std::string& address, std::uint64_t& suppressed, Clock::time_point now = Clock::now());

 private:
  struct Turn {
    Clock::time_point next{};
    std::uint64_t kept_back = 0;
  };
  Turn& turn_of(const std::string& address, Clock::time_point now);

  std::chrono::seconds interval_;
  std::size_t most_;
  std::mutex mutex_;
  std::unordered_map<std::string, Turn> turns_;
  Turn others_;
};

}  // namespace logboom
