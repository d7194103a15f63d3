#include "framer.hpp"

#include <algorithm>

#include <logboom/ascii.hpp>

namespace logboom::in_syslog {

namespace {

constexpr std::size_t most_digits = 10;
constexpr std::uint64_t most_counted = std::uint64_t{16} << 20;

bool is_end(char c) noexcept { return c == '\n' || c == '\r' || c == '\0'; }

}  // namespace

void Framer::look_at_end(std::string_view bytes) {
  end_is_known_ = true;
  if (limits_.type != FrameType::octet_count && delimiter_ == "\n" && bytes.ends_with('\0') &&
      bytes.find('\n') == std::string_view::npos) {
    delimiter_ = std::string(1, '\0');
  }
}

/// What stands between messages: a line end behind a counted one, an empty line, the NUL of a sender.
std::string_view Framer::without_leading_ends(std::string_view bytes) noexcept {
  while (!bytes.empty() && is_end(bytes[0])) bytes.remove_prefix(1);
  return bytes;
}

Framer::Head Framer::look_at_head(std::string_view head, std::size_t& used) noexcept {
  used = 0;
  if (limits_.type == FrameType::traditional) return Head::line;
  const Head otherwise = limits_.type == FrameType::octet_count ? Head::broken : Head::line;
  if (head[0] < '1' || head[0] > '9') return otherwise;
  std::uint64_t count = 0;
  std::size_t n = 0;
  while (n < head.size() && is_digit(head[n])) count = count * 10 + static_cast<std::uint64_t>(head[n++] - '0');
  if (n > most_digits) return otherwise;
  if (n == head.size()) return Head::more;
  if (head[n] != ' ') return otherwise;
  if (limits_.type == FrameType::automatic) {
    if (n + 1 == head.size()) return Head::more;
    if (head[n + 1] != '<') return Head::line;
    if (count > std::max<std::uint64_t>(most_counted, limits_.longest)) {
      ++odd_counts_;
      return Head::line;
    }
  }
  used = n + 1;
  left_ = count;
  return Head::counted;
}

/// Decides what the message is; stays at State::head where the bytes are not enough for that.
bool Framer::take_head(std::string_view& bytes) {
  if (begun_.empty() && limits_.delimiter == "\n") bytes = without_leading_ends(bytes);
  for (;;) {
    const bool from_begun = !begun_.empty();
    if (from_begun && !bytes.empty()) {
      begun_.push_back(bytes[0]);
      bytes.remove_prefix(1);
    }
    const std::string_view head = from_begun ? std::string_view(begun_) : bytes.substr(0, most_digits + 3);
    if (head.empty()) return true;
    std::size_t used = 0;
    switch (look_at_head(head, used)) {
      case Head::broken: return false;
      case Head::more:
        if (!from_begun) {
          begun_ = head;
          bytes = {};
        }
        if (bytes.empty()) return true;
        continue;
      case Head::line: {
        state_ = State::line;
        // It ended behind digits: a delimiter begins with neither digit nor blank.
        if (!from_begun) return true;
        if (!begun_.ends_with(delimiter_)) return true;
        begun_.resize(begun_.size() - delimiter_.size());
        bytes = {bytes.data() - delimiter_.size(), bytes.size() + delimiter_.size()};
        return true;
      }
      case Head::counted:
        state_ = State::counted;
        if (from_begun) {
          begun_.erase(0, used);
          left_ -= std::min<std::uint64_t>(left_, begun_.size());
        } else {
          bytes.remove_prefix(used);
        }
        return true;
    }
  }
}

void Framer::keep(std::string_view bytes) {
  const std::size_t room = limits_.longest + delimiter_.size() - std::min(limits_.longest, begun_.size());
  if (bytes.size() > room) cut_ = true;
  begun_.append(bytes.substr(0, room));
}

void Framer::save(StateWriter& out) const {
  out.put(delimiter_);
  out.put((end_is_known_ ? 1U : 0U) | (cut_ ? 2U : 0U));
  out.put(static_cast<std::uint64_t>(state_));
  out.put(left_);
  out.put(begun_);
}

/// A delimiter that is configured anew holds from the next message on, where the sender's own was not seen.
void Framer::load(StateReader& in) {
  const std::string_view delimiter = in.text();
  const std::uint64_t flags = in.number();
  end_is_known_ = (flags & 1) != 0;
  cut_ = (flags & 2) != 0;
  const std::uint64_t state = in.number();
  state_ = state > 2 ? State::head : static_cast<State>(state);
  left_ = in.number();
  begun_ = in.text();
  if (limits_.delimiter == "\n" && delimiter.size() == 1) delimiter_ = delimiter;
}

std::string_view Framer::take(std::string_view& bytes, bool& whole) {
  if (state_ == State::line) return take_line(bytes, whole);
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  const std::string_view part = bytes.substr(0, size);
  left_ -= size;
  whole = left_ == 0;
  bytes.remove_prefix(size);
  return part;
}

std::string_view Framer::take_line(std::string_view& bytes, bool& whole) {
  const std::string_view all = bytes;
  if (delimiter_.size() > 1 && !begun_.empty()) {  // it may have begun in what was received before
    for (std::size_t i = 1; i < delimiter_.size() && i <= all.size(); ++i) {
      const std::size_t before = delimiter_.size() - i;
      if (begun_.size() < before || !begun_.ends_with(std::string_view(delimiter_).substr(0, before))) continue;
      if (all.substr(0, i) != std::string_view(delimiter_).substr(before)) continue;
      whole = true;
      bytes.remove_prefix(i);
      return all.substr(0, i);
    }
  }
  const std::size_t end = all.find(delimiter_);
  whole = end != std::string_view::npos;
  bytes.remove_prefix(whole ? end + delimiter_.size() : all.size());
  return all.substr(0, end);
}

}  // namespace logboom::in_syslog
