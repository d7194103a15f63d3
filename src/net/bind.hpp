#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "net/address.hpp"

/// Sockets that are bound to an address of ours.
namespace logboom::net {

/// An open descriptor until somebody takes it over.
class Fd {
 public:
  explicit Fd(int fd = -1) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.take()) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  int get() const noexcept { return fd_; }
  int take() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// What the system says of an error number.
std::string reason(int error);
/// Switches a boolean option of a socket on.
void enable(int fd, int level, int option);
SocketAddress local_address(int fd);

/// Somebody has bound the address already.
class AddressInUse : public std::runtime_error {
 public:
  /// `what`: "can't listen on …: Address already in use"; `advice`: what to do about it.
  AddressInUse(const std::string& what, const std::string& advice) : runtime_error(what + advice), bare_(what) {}
  const std::string& bare() const noexcept { return bare_; }

 private:
  std::string bare_;
};

/// While it is on, sockets of this user that share their ports too may be bound beside this one.
void share_port(int fd, bool on);
/// A socket of type SOCK_STREAM (listening) or SOCK_DGRAM. Throws std::runtime_error that says what to do about it.
/// `beside`: also where sockets are in the way that share their ports just now.
Fd bind_port(const std::string& bind, std::uint16_t port, int type, int backlog = 0, bool beside = false);
/// The same for a path, with these permission bits. A socket file that nobody listens behind any more is replaced.
Fd bind_unix(const std::string& path, std::optional<unsigned> mode, int type, int backlog = 0);

}  // namespace logboom::net
