#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <logboom/session_state.hpp>

namespace logboom::in_syslog {

enum class FrameType : std::uint8_t {
  automatic,    // each message by its beginning: `70 <30>…` is counted, anything else ends at the delimiter, and so
                // does what would be beyond 16 MiB and the limit
  traditional,  // a delimiter ends each message
  octet_count,  // https://www.rfc-editor.org/rfc/rfc6587#section-3.4.1
};

/// Finds the messages in a stream (RFC 6587). A message that stands whole in what is fed is a view of it; one that
/// straddles two feeds is put together here. Memory is held by what was received, and up to `limit`.
///
/// A connection whose first bytes end in NUL, without a line end before it, ends its messages so (as Python's
/// SysLogHandler does), where the delimiter is a line end; with others a NUL is a byte like any other.
class Framer {
 public:
  struct Limits {
    FrameType type = FrameType::automatic;
    std::string delimiter = "\n";
    std::size_t longest = 0;  // what is beyond it of a message is left out
  };
  explicit Framer(const Limits& limits) : limits_(limits), delimiter_(limits.delimiter) {}

  /// Calls `message(text, cut)` for each whole message, `cut` saying that it was longer than the limit. False where a
  /// count was expected and none came: nothing can be found in this stream any more.
  template <class Message>
  bool feed(std::string_view bytes, Message&& message);
  /// The stream is over. Calls `message` for what no delimiter ends; returns true where a counted message is not whole,
  /// which is left out.
  template <class Message>
  bool finish(Message&& message);

  /// How many beginnings since the last call looked like a count of so many bytes that they were taken for text.
  std::uint64_t take_odd_counts() noexcept { return std::exchange(odd_counts_, 0); }

  /// Where it is in the stream, for a framer in another process that goes on with it.
  void save(StateWriter& out) const;
  void load(StateReader& in);

 private:
  enum class State : std::uint8_t { head, line, counted };
  enum class Head : std::uint8_t { line, counted, more, broken };

  void look_at_end(std::string_view bytes);
  static std::string_view without_leading_ends(std::string_view bytes) noexcept;
  Head look_at_head(std::string_view head, std::size_t& used) noexcept;
  bool take_head(std::string_view& bytes);
  void keep(std::string_view bytes);
  /// The part of `bytes` that belongs to the message; sets `whole` where it ends there, and moves `bytes` behind it.
  std::string_view take(std::string_view& bytes, bool& whole);
  std::string_view take_line(std::string_view& bytes, bool& whole);

  template <class Message>
  void give(std::string_view text, Message&& message) {
    const bool cut = cut_ || text.size() > limits_.longest;
    message(text.substr(0, limits_.longest), cut);
  }
  void reset() noexcept {
    state_ = State::head;
    begun_.clear();
    if (begun_.capacity() > 65536) begun_ = {};
    cut_ = false;
  }

  const Limits& limits_;
  std::string delimiter_;
  bool end_is_known_ = false;
  State state_ = State::head;
  std::uint64_t left_ = 0;  // of a counted message
  std::string begun_;       // what was received of the message, or of its head
  bool cut_ = false;
  std::uint64_t odd_counts_ = 0;
};

template <class Message>
bool Framer::feed(std::string_view bytes, Message&& message) {
  if (!end_is_known_) look_at_end(bytes);
  while (!bytes.empty()) {
    if (state_ == State::head) {
      if (!take_head(bytes)) return false;
      if (state_ == State::head) return true;
    }
    bool whole = false;
    const bool stands_here = begun_.empty() && !cut_;
    const std::string_view part = take(bytes, whole);
    if (whole && stands_here) {
      give(part, message);
      state_ = State::head;
      continue;
    }
    keep(part);
    if (!whole) return true;
    if (state_ == State::line && begun_.ends_with(delimiter_)) begun_.resize(begun_.size() - delimiter_.size());
    give(begun_, message);
    reset();
  }
  return true;
}

template <class Message>
bool Framer::finish(Message&& message) {
  const bool lost = state_ == State::counted;
  if (!lost && !begun_.empty()) give(begun_, message);
  reset();
  return lost;
}

}  // namespace logboom::in_syslog
