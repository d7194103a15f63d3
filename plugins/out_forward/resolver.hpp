#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace logboom::out_forward {

/// The addresses of one name, remembered for as long as it is told. Threads: any; may block as long as the system's
/// resolver does.
class Resolver {
 public:
  using Clock = std::chrono::steady_clock;

  /// `expire`: none: what was found counts until `forget`; zero: each time anew. `shuffle`: any of the addresses comes
  /// first, not always the same.
  Resolver(std::string host, std::optional<std::chrono::nanoseconds> expire, bool shuffle)
      : host_(std::move(host)), expire_(expire), shuffle_(shuffle) {}

  /// Addresses as numbers, in the order in which they are to be tried. Empty: `why` says why.
  std::vector<std::string> addresses(std::string& why);
  void forget();
  /// What was found may be old: a long-lived connection is to be compared with what counts now.
  bool expires() const noexcept { return expire_.has_value(); }

 private:
  std::string host_;
  std::optional<std::chrono::nanoseconds> expire_;
  bool shuffle_;
  std::mutex mutex_;
  std::vector<std::string> found_;
  Clock::time_point when_;
};

}  // namespace logboom::out_forward
