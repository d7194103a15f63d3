#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include <logboom/inquiry.hpp>

#include "net/address.hpp"

namespace logboom::net {

/// The names of peers, looked up beside whatever happens, and remembered for five minutes. Threads: one at a time.
class HostNames {
 public:
  using Clock = std::chrono::steady_clock;
  /// As `host_name`. It may run for longer than this object lives: what it uses it has to own.
  using LookUp = std::function<std::string(const SocketAddress& from, const std::string& otherwise)>;

  /// How many names are looked up at a time.
  static constexpr int most_at_once = 16;

  /// `patience`: for how long `find` may wait at most, and then not again before fifty times as long has passed.
  explicit HostNames(std::chrono::milliseconds patience, LookUp look_up = host_name);

  /// The name that belongs to the address; nothing where it is not known yet. The address itself where it has none, or
  /// where too many others are being looked up.
  std::optional<std::string> find(const SocketAddress& from, const std::string& address);

 private:
  struct Answer {
    std::string host;
    std::string why;
  };
  struct Name {
    std::string host;  // empty: not known yet
    Clock::time_point until{};
    std::shared_ptr<Inquiry<Answer>> asked;
  };
  Name* name_of(const std::string& address);
  std::shared_ptr<Inquiry<Answer>> ask(const SocketAddress& from, const std::string& address);
  bool wait(Inquiry<Answer>& asked, Clock::time_point now);

  const std::chrono::nanoseconds patience_;
  const LookUp look_up_;
  std::unordered_map<std::string, Name> names_;  // by address
  std::shared_ptr<std::atomic<int>> running_ = std::make_shared<std::atomic<int>>(0);
  std::chrono::nanoseconds left_;  // of the patience
  Clock::time_point counted_ = Clock::now();
};

}  // namespace logboom::net
