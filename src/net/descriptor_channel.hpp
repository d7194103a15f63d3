#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/bind.hpp"
#include "net/hand_over.hpp"

namespace logboom::net {

/// Carries short texts and descriptors between two processes, each message whole. Threads: one.
class DescriptorChannel {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t longest_text = 64 * 1024;
  static constexpr std::size_t most_descriptors = 250;

  struct Message {
    std::string text;
    std::vector<Fd> descriptors;
  };

  /// Owns its end of the socket.
  explicit DescriptorChannel(Fd socket) : socket_(std::move(socket)) {}
  /// Two ends. Throws std::system_error.
  static std::pair<Fd, Fd> make();

  int fd() const noexcept { return socket_.get(); }
  /// False where nobody takes it by then. Texts that are too long are cut.
  bool send(std::string_view text, std::span<const int> descriptors, Clock::time_point deadline);
  bool send(std::string_view text, Clock::time_point deadline) { return send(text, {}, deadline); }
  /// Nothing at the deadline, or where the other end is closed.
  std::optional<Message> receive(Clock::time_point deadline);

  enum class Pace : std::uint8_t {
    answered,  // for any number: what is on its way is limited
    at_once,   // for a few: nobody waits for the other side
  };
  /// False where the other side does not take it by then.
  bool send_legacy(const Legacy& legacy, Pace pace, Clock::time_point deadline);
  /// Throws std::runtime_error.
  Legacy receive_legacy(Clock::time_point deadline);

 private:
  bool wait_for(short events, Clock::time_point deadline) const;

  Fd socket_;
};

/// A file in memory with this text. Throws std::system_error.
Fd file_of(std::string_view text);
/// All that the file holds. Throws std::runtime_error.
std::string text_of(int file);

}  // namespace logboom::net
