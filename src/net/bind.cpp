#include "net/bind.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace logboom::net {

namespace {

std::string advice(int error, std::uint16_t port) {
  if (error == EADDRINUSE) return " – another program listens there: stop it, or choose another port";
  if (error == EACCES && port < 1024) return " – ports below 1024 need CAP_NET_BIND_SERVICE";
  if (error == EADDRNOTAVAIL) return " – this machine has no such address";
  return "";
}

std::string url(std::string_view scheme, const std::string& bind, std::uint16_t port) {
  const bool six = bind.find(':') != std::string::npos;
  return cat(scheme, "://", six ? "[" : "", bind, six ? "]:" : ":", port);
}

/// A socket file that nobody listens behind any more is in the way; one that somebody does is not ours to take.
void remove_stale_socket(const std::string& path, const SocketAddress& address, int type) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode))
    throw std::runtime_error(cat("can't listen on unix://", path, ": something that is not a socket is there"));
  const Fd probe(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int connected = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size);
  if (connected == 0 || (errno != ECONNREFUSED && errno != ENOENT)) {
    const std::string detail = connected == 0 || errno == EAGAIN ? "" : cat(" (", reason(errno), ")");
    throw std::runtime_error(cat("can't listen on unix://", path, ": another program listens there", detail));
  }
  ::unlink(path.c_str());
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

std::string reason(int error) { return std::strerror(error); }

void enable(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

SocketAddress local_address(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  return address;
}

void share_port(int fd, bool on) {
  const int value = on ? 1 : 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, sizeof value);
}

Fd bind_port(const std::string& bind, std::uint16_t port, int type, int backlog, bool beside) {
  const SocketAddress address = resolve_bind(bind, port, type);
  Fd fd(::socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const char* kind = type == SOCK_STREAM ? "tcp" : "udp";
  if (fd.get() < 0) throw std::runtime_error(cat("can't make a ", std::string_view(kind), " socket: ", reason(errno)));
  if (type == SOCK_STREAM) enable(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (beside) share_port(fd.get(), true);
  const auto check = [&](int result) {
    if (result == 0) return;
    const int error = errno;
    const std::string what = cat("can't listen on ", url(kind, bind, port), ": ", reason(error));
    if (error == EADDRINUSE) throw AddressInUse(what, advice(error, port));
    throw std::runtime_error(what + advice(error, port));
  };
  check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size));
  if (type == SOCK_STREAM) check(::listen(fd.get(), backlog > 0 ? backlog : SOMAXCONN));
  if (beside) share_port(fd.get(), false);
  return fd;
}

Fd bind_unix(const std::string& path, std::optional<unsigned> mode, int type, int backlog) {
  const SocketAddress address = unix_address(path);
  remove_stale_socket(path, address, type);
  Fd fd(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  bool bound = false;
  const auto check = [&](int result) {
    if (result == 0) return;
    const int error = errno;
    if (bound) ::unlink(path.c_str());
    throw std::runtime_error(cat("can't listen on unix://", path, ": ", reason(error)));
  };
  check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size));
  bound = true;
  if (mode) check(::chmod(path.c_str(), *mode));
  if (type == SOCK_STREAM) check(::listen(fd.get(), backlog > 0 ? backlog : SOMAXCONN));
  return fd;
}

}  // namespace logboom::net
