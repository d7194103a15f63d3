#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace logboom::bench {

// Owns a file descriptor; -1 is none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

// host is a numeric address; path is set for a unix socket.
struct Address {
  std::string host;
  std::uint16_t port = 0;
  std::string path;
};

// "127.0.0.1:24224", "[::1]:24224", "unix:/path" or "/path". Throws std::invalid_argument.
Address parse_address(std::string_view text);

// A connected, non-blocking socket with Nagle's algorithm off, as Go's net package leaves it.
// sndbuf 0 keeps the kernel's own sizing. Throws std::system_error.
Fd connect_to(const Address& to, int sndbuf = 0);

// A non-blocking listening socket. Throws std::system_error.
Fd listen_on(const Address& at);

// Nanoseconds of CLOCK_MONOTONIC.
std::int64_t now_ns();
// Sleeps until `deadline` of the same clock; an interrupted sleep ends early.
void sleep_until_ns(std::int64_t deadline);
// CPU seconds that this process has used.
double cpu_seconds();
// Raises RLIMIT_NOFILE to its hard limit.
void raise_file_limit();

[[noreturn]] void throw_errno(const std::string& what);

}  // namespace logboom::bench
