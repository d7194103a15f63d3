#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/session_state.hpp>
#include <logboom/syslog.hpp>
#include <logboom/time.hpp>

namespace logboom::in_syslog {

/// Joins messages that Docker cut: one of exactly `part_size` bytes is continued by the next of the same sender. What a
/// sender is: address, priority (Docker's two streams have two), host, name and process id.
class Joiner {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t part_size = 16384;
  static constexpr std::size_t longest = std::size_t{16} << 20;  // of a joined message
  static constexpr std::size_t most_held = 1024;

  struct Whole {
    std::string text;  // the first part as it came, with the bodies of the others behind it
    EventTime arrival;
    std::string address;
    std::uint64_t parts = 0;
  };

  explicit Joiner(Clock::duration timeout) : timeout_(timeout) {}

  /// True where the message is taken: it is held, or `whole` is complete with it (then `is_whole`).
  bool take(std::string_view text, const SyslogMessage& message, std::string_view address, const EventTime& arrival,
            Clock::time_point now, Whole& whole, bool& is_whole);
  /// One that has waited for too long, or any, if `all`; false where there is none.
  bool next_due(Clock::time_point now, bool all, Whole& whole);
  /// What is held, for a joiner in another process.
  void save(StateWriter& out) const;
  void load(StateReader& in, Clock::time_point now);
  bool empty() const noexcept { return held_.empty(); }
  Clock::duration timeout() const noexcept { return timeout_; }

 private:
  struct Held {
    std::string sender;
    Whole whole;
    Clock::time_point until;
  };
  void name_sender(const SyslogMessage& message, std::string_view address);

  Clock::duration timeout_;
  std::vector<Held> held_;
  std::string sender_;
};

}  // namespace logboom::in_syslog
