#include "joiner.hpp"

#include <algorithm>
#include <utility>

namespace logboom::in_syslog {

void Joiner::name_sender(const SyslogMessage& message, std::string_view address) {
  sender_ = std::to_string(message.priority);
  for (const std::string_view part : {address, message.host, message.ident, message.pid}) {
    sender_.push_back('\0');
    sender_.append(part);
  }
}

bool Joiner::take(std::string_view text, const SyslogMessage& message, std::string_view address,
                  const EventTime& arrival, Clock::time_point now, Whole& whole, bool& is_whole) {
  is_whole = false;
  const bool is_part = message.message.size() == part_size;
  if (held_.empty() && !is_part) return false;
  name_sender(message, address);
  const auto found = std::find_if(held_.begin(), held_.end(), [this](const Held& h) { return h.sender == sender_; });
  if (found != held_.end()) {
    found->whole.text.append(message.message);
    ++found->whole.parts;
    found->until = now + timeout_;
    if (is_part && found->whole.text.size() < longest) return true;
    whole = std::move(found->whole);
    held_.erase(found);
    return is_whole = true;
  }
  if (!is_part || held_.size() >= most_held) return false;
  const auto size = static_cast<std::size_t>(message.message.data() + message.message.size() - text.data());
  held_.push_back({sender_, {std::string(text.substr(0, size)), arrival, std::string(address), 1}, now + timeout_});
  return true;
}

bool Joiner::next_due(Clock::time_point now, bool all, Whole& whole) {
  const auto found = std::find_if(held_.begin(), held_.end(), [&](const Held& h) { return all || h.until <= now; });
  if (found == held_.end()) return false;
  whole = std::move(found->whole);
  held_.erase(found);
  return true;
}

void Joiner::save(StateWriter& out) const {
  out.put(held_.size());
  for (const Held& held : held_) {
    out.put(held.sender);
    out.put(held.whole.text);
    out.put(static_cast<std::uint64_t>(held.whole.arrival.sec));
    out.put(held.whole.arrival.nsec);
    out.put(held.whole.address);
    out.put(held.whole.parts);
  }
}

void Joiner::load(StateReader& in, Clock::time_point now) {
  for (std::uint64_t left = in.number(); left != 0 && in.ok(); --left) {
    Held held;
    held.sender = in.text();
    held.whole.text = in.text();
    held.whole.arrival.sec = static_cast<std::int64_t>(in.number());
    held.whole.arrival.nsec = static_cast<std::uint32_t>(in.number());
    held.whole.address = in.text();
    held.whole.parts = in.number();
    held.until = now + timeout_;
    if (in.ok()) held_.push_back(std::move(held));
  }
}

}  // namespace logboom::in_syslog
