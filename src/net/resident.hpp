#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logboom::net {

struct Handover;

/// What lives on a worker: a connection, a socket of datagrams, or a task. All calls are the worker's.
class Resident {
 public:
  virtual ~Resident() = default;
  virtual std::uint64_t id() const noexcept = 0;
  virtual void open() = 0;
  /// Readiness of its descriptor; returns the bytes that were read.
  virtual std::size_t on_ready(std::uint32_t events) = 0;
  virtual void on_settled(std::uint64_t token, bool confirmed) = 0;
  virtual void on_timer() = 0;
  /// Takes what is there, then ends as soon as nothing is owed.
  virtual void shut_down() = 0;
  /// Ends now, whatever is owed.
  virtual void cut() = 0;
  /// True where a reload has left it without an input, or another input does its work now: it is to shut down.
  virtual bool outlived() const noexcept = 0;
  /// There are too many that have yet to show who they are: ends now, unless it has done so meanwhile.
  virtual void evict() {}
  /// Now and then: the time to end what has been idle for too long.
  virtual void on_sweep(std::chrono::steady_clock::time_point now) { static_cast<void>(now); }
  /// Takes nothing in for now, save the rest of a message that it is in the middle of; or goes on. A process that is
  /// about to take over may not come to it.
  virtual void freeze(bool on) { static_cast<void>(on); }
  /// While it is frozen: nothing is owed to anybody, and no message is half read.
  virtual bool quiet() const { return true; }
  /// Ends; leaves what the next process can go on with, and does the rest as `shut_down`.
  virtual void hand_over(Handover& to) {
    static_cast<void>(to);
    shut_down();
  }
  /// One of its calls threw; this is the reason.
  virtual void failed(std::string_view why) = 0;
};

}  // namespace logboom::net
