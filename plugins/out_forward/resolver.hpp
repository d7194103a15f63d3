#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <logboom/name_lookup.hpp>

namespace logboom::out_forward {

/// The addresses of one name, remembered for as long as it is told. Threads: any; may block as long as the system's
/// resolver does, but for `interrupt`.
class Resolver {
 public:
  using Clock = NameLookup::Clock;
  using LookUp = std::function<std::shared_ptr<NameLookup>(const std::string& host)>;

  /// `expire`: none: what was found counts until `forget`; zero: each time anew. `shuffle`: any of the addresses comes
  /// first, not always the same.
  Resolver(std::string host, std::optional<std::chrono::nanoseconds> expire, bool shuffle,
           LookUp look_up = logboom::look_up)
      : host_(std::move(host)), expire_(expire), shuffle_(shuffle), look_up_(std::move(look_up)) {}

  /// Addresses as numbers, in the order in which they are to be tried. Empty: `why` says why; they are not known by
  /// `until`, perhaps.
  std::vector<std::string> addresses(std::string& why, Clock::time_point until = Clock::time_point::max());
  /// Begins to look the name up, and waits for nothing.
  void prepare();
  void forget();
  /// Nobody waits any more.
  void interrupt() noexcept { interrupted_ = true; }
  bool is_interrupted() const noexcept { return interrupted_; }
  /// What was found may be old: a long-lived connection is to be compared with what counts now.
  bool expires() const noexcept { return expire_.has_value(); }

 private:
  std::shared_ptr<NameLookup> lookup();
  std::vector<std::string> await(const std::shared_ptr<NameLookup>& lookup, std::string& why, Clock::time_point until);

  const std::string host_;
  const std::optional<std::chrono::nanoseconds> expire_;
  const bool shuffle_;
  const LookUp look_up_;
  std::atomic<bool> interrupted_{false};
  std::mutex mutex_;
  std::vector<std::string> found_;
  Clock::time_point when_;
  std::shared_ptr<NameLookup> lookup_;  // that nobody has had the answer of
};

}  // namespace logboom::out_forward
