#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include <logboom/time.hpp>

/// Plugins that hold events back, to join them with later ones.
///
/// An event that is held has left its batch: its sender's ack does not wait for it (Docker sends the second part of a
/// line only after the first one's ack), it is in memory only, and it is counted as held until it is released.
namespace logboom {

/// Where a holder gives back what it held while no batch of its stream is there.
class ReleaseSink {
 public:
  virtual ~ReleaseSink() = default;
  virtual unsigned worker() const noexcept = 0;
  /// An event that `held` events have become: it goes on behind the filter, or into the rules that the output emits to.
  virtual void release(std::string_view tag, const EventTime& time, std::string_view record, std::uint64_t held) = 0;
  /// The same, into the rules of a label that the plugin named to BuildContext::label.
  virtual void release_to(std::string_view label, std::string_view tag, const EventTime& time, std::string_view record,
                          std::uint64_t held) = 0;
  /// The same, to `@ERROR`.
  virtual void fail(std::string_view tag, const EventTime& time, std::string_view record, std::uint64_t held,
                    std::string_view reason) = 0;
};

/// Threads: each call is about what is held on one worker, and runs on that worker; `flush` also when workers have
/// ended.
class Holder {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~Holder() = default;
  /// When `expire` will have something to do; none: not before more events come.
  virtual std::optional<Clock::time_point> next_expiry(unsigned worker) const = 0;
  /// Gives back what was held for long enough.
  virtual void expire(Clock::time_point now, ReleaseSink& sink) = 0;
  /// Gives back everything: at the end, and where a reload removes or changes the plugin.
  virtual void flush(ReleaseSink& sink) = 0;
};

}  // namespace logboom
