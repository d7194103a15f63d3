#include <logboom/socket_client.hpp>

#include <limits.h>
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
#include <vector>

#include <logboom/log.hpp>
#include <logboom/name_lookup.hpp>

#include "base/tls_client.hpp"

namespace logboom {

namespace {

constexpr std::chrono::milliseconds look_interval{100};
constexpr std::chrono::seconds longest_end{1};
constexpr std::size_t largest_record = 16384;
constexpr unsigned near_microseconds = 200;
constexpr int near_room = 512 * 1024;  // the kernel doubles it, for what it needs itself

std::chrono::milliseconds until(std::chrono::steady_clock::time_point deadline) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
}

/// What the kernel would let pile up towards a near peer only falls out of the caches of both sides. Over a path of
/// 200 µs this room passes more than two gigabytes a second; for a longer path the kernel widens it as needed.
void keep_close_to(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || info.tcpi_rtt > near_microseconds) return;
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &near_room, sizeof near_room);
}

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

SocketClient::SocketClient(Address address, Limits limits, std::shared_ptr<TlsClient> tls)
    : address_(std::move(address)), limits_(limits), tls_(std::move(tls)) {
  if (tls_) memory_ = std::make_shared<TlsMemory>();
}

SocketClient::~SocketClient() { close(); }

std::string SocketClient::name() const {
  const std::string plain = address_.to_string();
  return tls_ && address_.kind == Address::Kind::tcp ? "tls" + plain.substr(3) : plain;
}

std::string SocketClient::fail(std::string_view what, int error) {
  close();
  return cat(name(), ": ", what, ": ", reason(error));
}

std::string SocketClient::fail_tls() {
  const std::string why = cat(name(), ": ", tls_->failure_of(*stream_, address_.host));
  close();
  return why;
}

void SocketClient::close() noexcept {
  stream_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void SocketClient::finish() {
  const auto deadline = Clock::now() + longest_end;
  char byte = 0;
  if (fd_ < 0 || address_.is_datagram()) return close();
  if (stream_) {
    stream_->say_goodbye();
    stream_.reset();
  } else if (::recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) <= 0) {
    return close();
  }
  ::shutdown(fd_, SHUT_WR);
  for (std::string unread; Clock::now() < deadline; unread.clear()) {
    if (!receive(unread, until(deadline)).empty()) break;
  }
  close();
}

SocketClient::End SocketClient::await_end(std::string& said, std::chrono::milliseconds limit, std::string& why) {
  const auto deadline = Clock::now() + limit;
  if (fd_ < 0) return End::none;
  if (stream_) stream_->say_goodbye();
  ::shutdown(fd_, SHUT_WR);
  End end = End::none;
  while (end == End::none && !is_interrupted()) {
    std::string too_much;
    const std::ptrdiff_t got = read_some(said.size() < most_at_once ? said : too_much);
    if (got == 0) end = End::in_order;
    if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      why = stream_ ? fail_tls() : fail("can't receive", errno);
      return End::reset;
    }
    const auto left = std::min(until(deadline), look_interval);
    if (end == End::none && left.count() <= 0) break;
    pollfd watch{fd_, POLLIN, 0};
    if (got < 0) ::poll(&watch, 1, static_cast<int>(left.count()));
  }
  close();
  return end;
}

std::string SocketClient::wait(short events, std::chrono::milliseconds limit, std::string_view overdue) {
  const auto deadline = Clock::now() + limit;
  for (pollfd watch{fd_, events, 0};;) {
    if (interrupted_.load(std::memory_order_relaxed)) return fail("not done", ECANCELED);
    const auto left = until(deadline);
    const auto step = std::clamp(left, std::chrono::milliseconds(0), look_interval);
    const int ready = ::poll(&watch, 1, static_cast<int>(step.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail("can't wait", errno);
    if (left.count() <= 0) return fail(overdue, ETIMEDOUT);
  }
}

std::string SocketClient::connect_to(int family, const void* address, unsigned size) {
  close();
  const auto deadline = Clock::now() + limits_.connect;
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
  if (address_.kind == Address::Kind::tcp) {
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    keep_close_to(fd_);
  }
  return tls_ && !address_.is_datagram() ? shake_hands(deadline) : std::string();
}

std::string SocketClient::shake_hands(Clock::time_point deadline) {
  stream_ = tls_->open(fd_, address_.host, *memory_);
  for (;;) {
    const TlsStream::Step step = stream_->shake_hands();
    if (step == TlsStream::Step::failed) return fail_tls();
    if (step == TlsStream::Step::done) return await_verdict(deadline);
    std::string why = wait(step == TlsStream::Step::wants_read ? POLLIN : POLLOUT, until(deadline),
                           "no end of the TLS handshake: does its port speak TLS?");
    if (!why.empty()) return why;
  }
}

/// A server of TLS 1.3 says only after the handshake what it thinks of our certificate: what is sent before would be
/// lost. One that is content says so with a ticket, in most cases, or when it is asked.
std::string SocketClient::await_verdict(Clock::time_point deadline) {
  if (!memory_->certificate_wanted || !stream_->is_1_3()) return {};
  memory_->session.reset();
  stream_->ask_for_sign();
  deadline = std::min(deadline, Clock::now() + longest_end);
  for (;;) {
    const std::ptrdiff_t got = stream_->peek();
    if (got > 0 || memory_->session) return {};
    if (got == 0 || errno != EAGAIN) return fail_tls();
    if (interrupted_.load(std::memory_order_relaxed)) return fail("not done", ECANCELED);
    const auto left = std::min(until(deadline), look_interval);
    if (left.count() <= 0) return {};
    pollfd watch{fd_, POLLIN, 0};
    ::poll(&watch, 1, static_cast<int>(left.count()));
  }
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
  close();
  const std::shared_ptr<NameLookup> lookup = look_up(address_.host);
  if (!lookup->wait(Clock::time_point::max(), interrupted_)) return fail("its name is not looked up", ECANCELED);
  std::string why = cat(address_.to_string(), ": ", lookup->answer().why);
  for (const std::string& number : lookup->answer().addresses) {
    why = connect_to_number(number);
    if (why.empty()) break;
  }
  return why;
}

std::string SocketClient::connect_to_number(const std::string& number) {
  addrinfo hints{};
  hints.ai_socktype = address_.is_datagram() ? SOCK_DGRAM : SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(address_.port);
  if (const int failed = ::getaddrinfo(number.c_str(), port.c_str(), &hints, &list); failed != 0) {
    return cat(address_.to_string(), ": ", std::string_view(::gai_strerror(failed)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
  return connect_to(list->ai_family, list->ai_addr, list->ai_addrlen);
}

std::string SocketClient::send(std::string_view bytes) {
  const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  return send(std::span(&piece, 1));
}

std::string SocketClient::send(std::span<const iovec> pieces) {
  if (fd_ < 0) return fail("can't send", ENOTCONN);
  return stream_ ? send_tls(pieces) : send_plain(pieces);
}

std::string SocketClient::send_plain(std::span<const iovec> pieces) {
  std::vector<iovec> rest(pieces.begin(), pieces.end());
  std::size_t at = 0;
  do {
    msghdr message{};
    message.msg_iov = rest.data() + at;
    message.msg_iovlen = std::min<std::size_t>(rest.size() - at, IOV_MAX);
    const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      auto done = static_cast<std::size_t>(sent);
      for (; at < rest.size() && done >= rest[at].iov_len; ++at) done -= rest[at].iov_len;
      if (at == rest.size()) break;
      rest[at].iov_base = static_cast<char*>(rest[at].iov_base) + done;
      rest[at].iov_len -= done;
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS) return fail("can't send", errno);
    if (std::string why = wait(POLLOUT, limits_.transfer); !why.empty()) return why;
  } while (at < rest.size());
  return {};
}

/// In records of TLS that are full but for the last one, as far as that goes from where the bytes are.
std::string SocketClient::send_tls(std::span<const iovec> pieces) {
  std::string gathered;
  for (const iovec& piece : pieces) {
    std::string_view bytes(static_cast<const char*>(piece.iov_base), piece.iov_len);
    if (!gathered.empty()) {
      const std::size_t more = std::min(bytes.size(), largest_record - gathered.size());
      gathered += bytes.substr(0, more);
      bytes.remove_prefix(more);
      if (gathered.size() < largest_record) continue;
      if (std::string why = write_tls(gathered); !why.empty()) return why;
      gathered.clear();
    }
    const std::size_t whole = bytes.size() - bytes.size() % largest_record;
    if (std::string why = write_tls(bytes.substr(0, whole)); !why.empty()) return why;
    gathered = bytes.substr(whole);
  }
  if (std::string why = write_tls(gathered); !why.empty()) return why;
  while (!stream_->flush()) {
    if (errno != EAGAIN) return fail_tls();
    if (std::string why = wait(POLLOUT, limits_.transfer); !why.empty()) return why;
  }
  return {};
}

std::string SocketClient::write_tls(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::ptrdiff_t sent = stream_->write(bytes.data(), bytes.size());
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (sent == 0 || errno != EAGAIN) return fail_tls();
    if (std::string why = wait(POLLOUT, limits_.transfer); !why.empty()) return why;
  }
  return {};
}

std::ptrdiff_t SocketClient::read_some(std::string& into) {
  char block[16384];
  for (;;) {
    const std::ptrdiff_t got = stream_ ? stream_->read(reinterpret_cast<std::uint8_t*>(block), sizeof block)
                                       : ::recv(fd_, block, sizeof block, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got > 0) into.append(block, static_cast<std::size_t>(got));
    return got;
  }
}

/// Of `read_some`: why nothing more will come; empty where something may.
std::string SocketClient::end_of_reading(std::ptrdiff_t got) {
  if (got == 0) return fail("can't receive", ECONNRESET);
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {};
  return stream_ ? fail_tls() : fail("can't receive", errno);
}

std::string SocketClient::receive(std::string& into, std::chrono::milliseconds limit) {
  if (fd_ < 0) return fail("can't receive", ENOTCONN);
  for (;;) {
    const std::ptrdiff_t got = read_some(into);
    if (got > 0) return {};
    if (std::string why = end_of_reading(got); !why.empty()) return why;
    if (std::string why = wait(stream_ && stream_->wants_write() ? POLLOUT : POLLIN, limit); !why.empty()) return why;
  }
}

std::string SocketClient::receive_available(std::string& into) {
  if (fd_ < 0) return fail("can't receive", ENOTCONN);
  const std::size_t enough = into.size() + most_at_once;
  while (into.size() < enough) {
    if (const std::ptrdiff_t got = read_some(into); got <= 0) return end_of_reading(got);
  }
  return {};
}

bool SocketClient::has_more() const noexcept { return stream_ && stream_->has_more(); }

bool SocketClient::peer_is_there() {
  if (fd_ < 0) return false;
  if (address_.is_datagram()) return true;
  if (stream_) {
    const std::ptrdiff_t at_hand = stream_->peek();
    return at_hand > 0 || (at_hand < 0 && errno == EAGAIN);
  }
  char byte = 0;
  const ssize_t got = ::recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

}  // namespace logboom
