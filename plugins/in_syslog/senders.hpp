#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <logboom/log.hpp>
#include <logboom/metrics.hpp>
#include <logboom/networks.hpp>

namespace logboom::in_syslog {

/// Who may send. Threads: any, once it is made.
class Senders {
 public:
  /// Networks, addresses and names. Names that have no address are returned, and allow nobody. Throws
  /// std::invalid_argument for what is no network.
  std::vector<std::string> allow(const std::vector<std::string>& senders);
  bool everybody() const noexcept { return everybody_; }
  bool allows(const std::string& address) const { return everybody_ || networks_.contains(address); }

 private:
  Networks networks_;
  bool everybody_ = true;
};

/// Says in the log who was refused: one line for each sender a minute. Threads: any.
class Refusals {
 public:
  using Clock = std::chrono::steady_clock;
  Refusals(Counter& counter, Log& log) : counter_(counter), log_(log) {}
  void add(const std::string& address, Clock::time_point now = Clock::now());

 private:
  struct Said {
    Clock::time_point next;
    std::uint64_t since = 0;
  };
  Counter& counter_;
  Log& log_;
  std::mutex mutex_;
  std::unordered_map<std::string, Said> said_;
};

}  // namespace logboom::in_syslog
