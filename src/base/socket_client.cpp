#include <logboom/socket_client.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <logboom/log.hpp>

namespace logboom {

namespace {

constexpr std::chrono::milliseconds look_interval{100};
constexpr std::chrono::seconds longest_end{1};

std::string reason(int error) { return std::generic_category().message(error); }

}  // namespace

std::string SocketClient::Address::to_string() const {
  switch (kind) {
    case Kind::unix_stream: return "unix://" + host;
    case Kind::unix_datagram: return "unixgram://" + host;
    default: break;
  }
  const bool is_v6 = host.find(':') != std::string::npos;
  return cat(kind == Kind::tcp ? "tcp://" : "udp://", is_v6 ? "[" : "", host, is_v6 ? "]:" : ":", port);
}

std::string SocketClient::fail(std::string_view what, int error) {
  close();
  return cat(address_.to_string(), ": ", what, ": ", reason(error));
}

void SocketClient::close() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void SocketClient::finish() {
  const auto deadline = std::chrono::steady_clock::now() + longest_end;
  char byte = 0;
  if (fd_ < 0 || address_.is_datagram() || ::recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) <= 0) return close();
  ::shutdown(fd_, SHUT_WR);
  for (std::string unread; std::chrono::steady_clock::now() < deadline; unread.clear()) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (!receive(unread, std::chrono::duration_cast<std::chrono::milliseconds>(left)).empty()) break;
  }
  close();
}

std::string SocketClient::wait(short events, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (pollfd watch{fd_, events, 0};;) {
    if (interrupted_.load(std::memory_order_relaxed)) return fail("not done", ECANCELED);
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto step = std::clamp(left, std::chrono::milliseconds(0), look_interval);
    const int ready = ::poll(&watch, 1, static_cast<int>(step.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail("can't wait", errno);
    if (left.count() <= 0) return fail("nothing happens", ETIMEDOUT);
  }
}

std::string SocketClient::connect_to(int family, const void* address, unsigned size) {
  close();
  fd_ = ::socket(family, (address_.is_datagram() ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return fail("can't make a socket", errno);
  if (::connect(fd_, static_cast<const sockaddr*>(address), size) != 0) {
    if (errno != EINPROGRESS) return fail("can't connect", errno);
    if (std::string why = wait(POLLOUT, limits_.connect); !why.empty()) return why;
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return fail("can't connect", error);
  }
  const int on = 1;
  if (address_.kind == Address::Kind::tcp) ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return {};
}

std::string SocketClient::connect_unix() {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (address_.host.size() >= sizeof where.sun_path) return fail("the path is too long", ENAMETOOLONG);
  std::memcpy(where.sun_path, address_.host.c_str(), address_.host.size() + 1);
  return connect_to(AF_UNIX, &where, sizeof where);
}

std::string SocketClient::connect() {
  if (address_.kind == Address::Kind::unix_stream || address_.kind == Address::Kind::unix_datagram) {
    return connect_unix();
  }
  addrinfo hints{};
  hints.ai_socktype = address_.is_datagram() ? SOCK_DGRAM : SOCK_STREAM;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(address_.port);
  if (const int failed = ::getaddrinfo(address_.host.c_str(), port.c_str(), &hints, &list); failed != 0) {
    close();
    return cat(address_.to_string(), ": ", std::string_view(::gai_strerror(failed)));
  }
  std::string why;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    why = connect_to(at->ai_family, at->ai_addr, at->ai_addrlen);
    if (why.empty()) break;
  }
  ::freeaddrinfo(list);
  return why;
}

std::string SocketClient::send(std::string_view bytes) {
  do {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS) return fail("can't send", errno);
    if (std::string why = wait(POLLOUT, limits_.transfer); !why.empty()) return why;
  } while (!bytes.empty());
  return {};
}

std::string SocketClient::receive(std::string& into, std::chrono::milliseconds limit) {
  char block[16384];
  for (;;) {
    const ssize_t got = ::recv(fd_, block, sizeof block, MSG_DONTWAIT);
    if (got > 0) {
      into.append(block, static_cast<std::size_t>(got));
      return {};
    }
    if (got == 0) return fail("can't receive", ECONNRESET);
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return fail("can't receive", errno);
    if (std::string why = wait(POLLIN, limit); !why.empty()) return why;
  }
}

bool SocketClient::peer_is_there() {
  if (fd_ < 0) return false;
  if (address_.is_datagram()) return true;
  char byte = 0;
  const ssize_t got = ::recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

}  // namespace logboom
