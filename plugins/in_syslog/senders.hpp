#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <logboom/log.hpp>
#include <logboom/metrics.hpp>
#include <logboom/networks.hpp>

namespace logboom::in_syslog {

/// Who may send: networks, addresses, names, and `*.example.net` for all names below one.
/// Threads: any, once `allow` was called.
class Senders {
 public:
  using Clock = std::chrono::steady_clock;
  /// Adds a name's addresses. Throws std::invalid_argument where it has none.
  using Resolve = std::function<void(const std::string& name, Networks& into)>;

  Senders() : Senders([](const std::string& name, Networks& into) { into.add_host(name); }) {}
  explicit Senders(Resolve resolve) : resolve_(std::move(resolve)) {}

  /// Throws std::invalid_argument for what is none of these. Names are not looked up yet.
  void allow(const std::vector<std::string>& senders);
  /// Looks the names up: one that has no address at present keeps those that it had, and is returned.
  std::vector<std::string> look_up();

  bool everybody() const noexcept { return everybody_; }
  bool has_names() const noexcept { return !names_.empty(); }
  /// `allows` must be told the hosts' names.
  bool has_wildcards() const noexcept { return !endings_.empty(); }
  /// `host`: what the address is called by the name servers. It counts only where that name leads back to the address:
  /// anybody may call his own address what he likes.
  bool allows(const std::string& address, const std::string& host) const;

 private:
  struct Name {
    std::string name;
    std::shared_ptr<const Networks> addresses;
  };
  struct Verdict {
    Clock::time_point until;
    bool good = false;
  };
  bool matches_wildcard(const std::string& host) const;
  bool leads_back(const std::string& host, const std::string& address) const;

  Resolve resolve_;
  Networks networks_;
  std::vector<std::string> endings_;  // ".example.net"
  bool everybody_ = true;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  // for what follows
  std::vector<Name> names_;
  mutable std::unordered_map<std::string, Verdict> verdicts_;  // by address and host
};

/// Looks the names up anew at intervals, on a thread of its own, and says in the log which have no address.
class NameWatch {
 public:
  NameWatch(Senders& senders, std::chrono::nanoseconds interval, Log& log);
  ~NameWatch();
  NameWatch(const NameWatch&) = delete;
  NameWatch& operator=(const NameWatch&) = delete;

 private:
  void run();

  Senders& senders_;
  std::chrono::nanoseconds interval_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
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
