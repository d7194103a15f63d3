#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace logboom {

/// A unix socket that carries lines, with time limits on everything. Threads: one.
class LineSocket {
 public:
  using Clock = std::chrono::steady_clock;

  /// Owns the socket.
  explicit LineSocket(int socket) noexcept : socket_(socket) {}
  LineSocket(LineSocket&& other) noexcept;
  LineSocket& operator=(LineSocket&& other) = delete;
  ~LineSocket();

  /// Listens at the path, for its owner only; what was there is replaced. Throws std::system_error.
  static LineSocket listen(const std::string& path);
  /// Throws std::system_error.
  static LineSocket connect(const std::string& path);

  int fd() const noexcept { return socket_; }
  /// The next line, without its end. Nothing at the deadline, at the end, after an error, or where the line is longer
  /// than `limit`.
  std::optional<std::string> read_line(std::size_t limit, Clock::time_point deadline);
  /// How much has been read of a line that is not whole.
  std::size_t waiting() const noexcept { return read_.size(); }
  /// False where the line could not be sent by then.
  bool write_line(std::string_view line, Clock::time_point deadline);
  /// Nothing more comes.
  bool has_ended() const noexcept { return ended_; }
  /// The other side has hung up, and takes nothing any more.
  bool is_over() const;

 private:
  bool wait_for(short events, Clock::time_point deadline) const;

  int socket_;
  std::string read_;
  bool ended_ = false;
};

}  // namespace logboom
