#include "chunks.hpp"

#include <algorithm>
#include <utility>

namespace logboom::in_gelf {

namespace {

constexpr std::size_t head_size = 12;

}  // namespace

Chunks::Outcome Chunks::add(std::string_view sender, std::string_view datagram, Clock::time_point now,
                            std::string& message) {
  if (datagram.size() < head_size) return Outcome::invalid;
  const auto number = static_cast<unsigned char>(datagram[10]);
  const auto count = static_cast<unsigned char>(datagram[11]);
  if (count == 0 || count > most_parts || number >= count) return Outcome::invalid;
  const std::string_view part = datagram.substr(head_size);
  std::string key(datagram.substr(2, 8));
  key.append(sender);
  Message& here = messages_[key];
  if (here.parts.empty()) {
    here.parts.resize(count);
    here.there.resize(count);
    here.missing = count;
    here.until = now + lifetime;
  }
  if (here.parts.size() != count) return Outcome::invalid;
  if (here.there[number]) return Outcome::duplicate;
  here.there[number] = true;
  here.parts[number] = part;
  here.bytes += part.size();
  bytes_ += part.size();
  if (--here.missing != 0) {
    while (bytes_ > most_bytes) dropped_ += drop_oldest();
    return Outcome::waiting;
  }
  message.clear();
  for (const std::string& each : here.parts) message.append(each);
  bytes_ -= here.bytes;
  messages_.erase(key);
  return Outcome::whole;
}

std::size_t Chunks::drop_oldest() {
  const auto oldest = std::min_element(messages_.begin(), messages_.end(),
                                       [](const auto& a, const auto& b) { return a.second.until < b.second.until; });
  if (oldest == messages_.end()) return 0;
  bytes_ -= oldest->second.bytes;
  messages_.erase(oldest);
  return 1;
}

std::size_t Chunks::expire(Clock::time_point now) {
  std::size_t expired = std::exchange(dropped_, 0);
  for (auto at = messages_.begin(); at != messages_.end();) {
    if (at->second.until > now) {
      ++at;
      continue;
    }
    bytes_ -= at->second.bytes;
    at = messages_.erase(at);
    ++expired;
  }
  return expired;
}

}  // namespace logboom::in_gelf
