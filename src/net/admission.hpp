#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include <logboom/address_limiter.hpp>
#include <logboom/limits.hpp>
#include <logboom/log.hpp>
#include <logboom/metrics.hpp>

namespace logboom::net {

class Worker;
struct PeerName;

/// Who may connect to one listener, and who has to go: counts its connections, in all and by address, knows which of
/// them have yet to show who they are, and says what it refuses, one line an address a minute.
///
/// Threads: any. Lifetime: tickets keep it; the counters outlive it.
class Admission : public std::enable_shared_from_this<Admission> {
 public:
  using Ticket = std::shared_ptr<const void>;

  /// `counter`: the counter of a reason; `name`: the input's, for the log.
  Admission(const LimitOptions& limits, const std::function<Counter&(std::string_view reason)>& counter, Log& log,
            std::string name);

  /// One more connection, which counts until the last copy of `ticket` is gone. False: it is not to be.
  bool admit(const PeerName& peer, Ticket& ticket);
  /// The resident counts as half-open until the ticket is gone. Where there are too many, the oldest is evicted.
  Ticket half_open(Worker& worker, std::uint64_t resident, const PeerName& peer);
  std::size_t half_open_count() const;
  /// Evicts the oldest half-open ones, where there are any, to make room.
  void evict(std::size_t count);

  void idle(const PeerName& peer);
  void too_large(const PeerName& peer);
  void no_memory(const PeerName& peer);

 private:
  struct HalfOpen {
    Worker* worker = nullptr;
    std::string address;
    std::string peer;
  };
  struct Kind {
    explicit Kind(Counter& of) : counter(of) {}
    Counter& counter;
    AddressLimiter limiter{std::chrono::minutes(1)};
  };

  void release(const std::string& address);
  void forget(std::uint64_t resident);
  void evict_beyond(std::size_t most);
  void note(Kind& kind, const std::string& address, const std::string& peer, std::string_view words);

  const LimitOptions limits_;
  Log& log_;
  std::string name_;
  Kind too_many_;
  Kind too_many_of_address_;
  Kind evicted_;
  Kind idle_;
  Kind too_large_;
  Kind no_memory_;
  mutable std::mutex mutex_;
  std::size_t count_ = 0;
  std::unordered_map<std::string, std::uint32_t> by_address_;
  std::map<std::uint64_t, HalfOpen> half_open_;  // the oldest first
};

}  // namespace logboom::net
