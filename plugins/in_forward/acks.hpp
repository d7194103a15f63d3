#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "message_ids.hpp"

namespace logboom::in_forward {

/// The answers that one connection owes, in the order in which they were asked for: each goes out once, when it and all
/// before it are due.
///
/// Docker's client reads the answers for stdout and stderr with one reader and hangs when two arrive together. It never
/// has more than two messages unanswered, so that for such a client answers are kept a millisecond apart; a client that
/// was seen with more is one that can take them as they come.
class Acks {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds spacing{1};
  struct Answer {
    std::string text;
    MessageIds::Name name;  // of the message that it is for
  };

  /// Owes one more answer; returns its token. `name`: of the message that it is for.
  std::uint64_t expect(std::string answer, const MessageIds::Name& name = {});
  /// The message of this token is safe.
  void settle(std::uint64_t token);
  /// The message of this token is not safe: neither it nor what came after it is answered.
  void fail(std::uint64_t token);
  /// The next answer to send now. Nothing: none is due, or `wait` says when to ask again.
  std::optional<Answer> next(Clock::time_point now, std::chrono::microseconds& wait);

  /// Calls `visit(name)` for each message whose answer has not been given out by `next`.
  template <class F>
  void for_each_unanswered(F&& visit) const {
    for (const MessageIds::Name& name : failed_) visit(name);
    for (const Owed& owed : owed_) visit(owed.answer.name);
  }

  bool empty() const noexcept { return owed_.empty(); }
  /// Of the answers that have not been given out.
  std::size_t bytes() const noexcept { return bytes_; }
  std::uint64_t count() const noexcept { return next_token_; }

 private:
  struct Owed {
    Answer answer;
    bool due = false;
  };
  static constexpr std::size_t docker_at_most = 2;

  std::deque<Owed> owed_;
  std::vector<MessageIds::Name> failed_;
  std::size_t bytes_ = 0;
  std::uint64_t next_token_ = 0;
  std::uint64_t first_token_ = 0;
  bool pipelines_ = false;
  Clock::time_point not_before_{};
};

}  // namespace logboom::in_forward
