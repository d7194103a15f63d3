#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace logboom::in_gelf {

/// Puts messages together that came in several datagrams: `1e 0f`, eight bytes of id, number, count, and a part.
/// Format: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html#GELFviaUDP
class Chunks {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t most_parts = 128;
  static constexpr std::size_t most_bytes = std::size_t{32} << 20;  // of all that is not whole
  static constexpr std::chrono::seconds lifetime{5};

  static bool is_chunk(std::string_view datagram) noexcept { return datagram.starts_with("\x1e\x0f"); }

  enum class Outcome : std::uint8_t { whole, waiting, invalid, duplicate };
  /// `message` is set where it is whole. `sender` tells ids of different senders apart.
  Outcome add(std::string_view sender, std::string_view datagram, Clock::time_point now, std::string& message);
  /// Forgets messages that were not whole in time; returns how many.
  std::size_t expire(Clock::time_point now);
  std::size_t waiting() const noexcept { return messages_.size(); }

 private:
  struct Message {
    std::vector<std::string> parts;
    std::vector<bool> there;
    std::size_t missing = 0;
    std::size_t bytes = 0;
    Clock::time_point until;
  };
  std::size_t drop_oldest();

  std::unordered_map<std::string, Message> messages_;
  std::size_t bytes_ = 0;
  std::size_t dropped_ = 0;  // for room, since the last call of `expire`
};

}  // namespace logboom::in_gelf
