#include "net/listener.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace logboom::net {

namespace asio = boost::asio;

namespace {

/// An open socket until somebody takes it over.
class Fd {
 public:
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  int take() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

std::string reason(int error) { return std::strerror(error); }

std::string advice(int error, std::uint16_t port) {
  if (error == EADDRINUSE) return " – another program listens there: stop it, or choose another port";
  if (error == EACCES && port < 1024) return " – ports below 1024 need CAP_NET_BIND_SERVICE";
  if (error == EADDRNOTAVAIL) return " – this machine has no such address";
  return "";
}

void enable(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

std::string url(std::string_view scheme, const std::string& bind, std::uint16_t port) {
  const bool six = bind.find(':') != std::string::npos;
  return cat(scheme, "://", six ? "[" : "", bind, six ? "]:" : ":", port);
}

Fd bound_socket(const SocketAddress& address, int type, const std::string& bind, std::uint16_t port) {
  Fd fd(::socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const char* kind = type == SOCK_STREAM ? "tcp" : "udp";
  if (fd.get() < 0) throw std::runtime_error(cat("can't make a ", std::string_view(kind), " socket: ", reason(errno)));
  if (type == SOCK_STREAM) enable(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) {
    const int error = errno;
    throw std::runtime_error(cat("can't listen on ", url(kind, bind, port), ": ", reason(error), advice(error, port)));
  }
  return Fd(fd.take());
}

SocketAddress local_address(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  return address;
}

/// A socket file that nobody listens behind any more is in the way; one that somebody does is not ours to take.
void remove_stale_socket(const std::string& path, const SocketAddress& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode))
    throw std::runtime_error(cat("can't listen on unix://", path, ": something that is not a socket is there"));
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int connected = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size);
  if (connected == 0 || (errno != ECONNREFUSED && errno != ENOENT)) {
    const std::string detail = connected == 0 || errno == EAGAIN ? "" : cat(" (", reason(errno), ")");
    throw std::runtime_error(cat("can't listen on unix://", path, ": another program listens there", detail));
  }
  ::unlink(path.c_str());
}

std::uint64_t next_connection_id() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

StreamListener::StreamListener(asio::io_context& io, std::vector<std::unique_ptr<Worker>>& workers, StreamGroup& group,
                               Log& log)
    : socket_(io), pause_(io), workers_(workers), group_(group), log_(log) {}

StreamListener::~StreamListener() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
}

void StreamListener::open(const std::string& input_id) {
  if (group_.options.unix_path.empty()) {
    open_tcp();
  } else {
    open_unix();
  }
  log_.info(cat(input_id, ": listening on ", where_));
  wait();
}

void StreamListener::open_tcp() {
  const StreamListen& options = group_.options;
  Fd fd = bound_socket(resolve_bind(options.bind, options.port, SOCK_STREAM), SOCK_STREAM, options.bind, options.port);
  if (::listen(fd.get(), options.backlog > 0 ? options.backlog : SOMAXCONN) != 0) {
    const int error = errno;
    throw std::runtime_error(cat("can't listen on ", url("tcp", options.bind, options.port), ": ", reason(error),
                                 advice(error, options.port)));
  }
  const SocketAddress local = local_address(fd.get());
  port_ = port_of(local);
  where_ = "tcp://" + peer_name(local).full;
  socket_.assign(fd.take());
}

void StreamListener::open_unix() {
  const StreamListen& options = group_.options;
  const SocketAddress address = unix_address(options.unix_path);
  remove_stale_socket(options.unix_path, address);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto check = [&options](int result) {
    if (result != 0) throw std::runtime_error(cat("can't listen on unix://", options.unix_path, ": ", reason(errno)));
  };
  check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size));
  unix_path_ = std::filesystem::absolute(options.unix_path).string();
  if (options.unix_mode) check(::chmod(unix_path_.c_str(), *options.unix_mode));
  check(::listen(fd.get(), options.backlog > 0 ? options.backlog : SOMAXCONN));
  where_ = "unix://" + unix_path_;
  socket_.assign(fd.take());
}

void StreamListener::wait() {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    if (accept_all()) return wait();
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([this](const boost::system::error_code& stopped) {
      if (!stopped && socket_.is_open()) wait();
    });
  });
}

/// False where the system has no room for more connections just now; those that wait stay in the backlog.
bool StreamListener::accept_all() {
  for (;;) {
    SocketAddress from;
    from.size = sizeof from.storage;
    const int fd = ::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&from.storage), &from.size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      hand_over(fd, from);
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
    if (errno == EINTR || errno == ECONNABORTED) continue;
    const std::string why = reason(errno);
    std::uint64_t suppressed = 0;
    if (limiter_.due(suppressed)) {
      log_.warn(cat(where_, ": can't accept connections: ", why,
                    "; they wait in the backlog. Raise the limit of open files (ulimit -n)"));
    }
    return false;
  }
}

void StreamListener::hand_over(int fd, const SocketAddress& from) {
  if (unix_path_.empty()) enable(fd, IPPROTO_TCP, TCP_NODELAY);
  if (group_.options.keepalive) enable(fd, SOL_SOCKET, SO_KEEPALIVE);
  PeerName peer = peer_name(from);
  if (!unix_path_.empty()) peer.full = "unix:" + unix_path_;
  if (group_.options.resolve_hostname && unix_path_.empty()) {
    char name[NI_MAXHOST];
    if (::getnameinfo(reinterpret_cast<const sockaddr*>(&from.storage), from.size, name, sizeof name, nullptr, 0, 0) ==
        0)
      peer.host = name;
  }
  const auto least = std::min_element(workers_.begin(), workers_.end(),
                                      [](const auto& a, const auto& b) { return a->connections() < b->connections(); });
  (*least)->adopt([this, fd, peer = std::move(peer), id = next_connection_id()](Worker& worker) {
    return std::make_unique<StreamConnection>(worker, group_, fd, peer, id);
  });
}

void StreamListener::drain_and_close() {
  if (!socket_.is_open()) return;
  accept_all();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
  unix_path_.clear();
}

DatagramListener::DatagramListener(asio::io_context& io, Log& log, std::function<void(const Datagram&)> each)
    : socket_(io), log_(log), each_(std::move(each)) {}

DatagramListener::~DatagramListener() { close(); }

void DatagramListener::open(const std::string& input_id, const std::string& bind, std::uint16_t port) {
  Fd fd = bound_socket(resolve_bind(bind, port, SOCK_DGRAM), SOCK_DGRAM, bind, port);
  log_.info(cat(input_id, ": listening on udp://", peer_name(local_address(fd.get())).full));
  socket_.assign(fd.take());
  wait();
}

void DatagramListener::close() {
  boost::system::error_code ignored;
  if (socket_.is_open()) socket_.close(ignored);
}

void DatagramListener::wait() {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    receive_all();
    wait();
  });
}

void DatagramListener::receive_all() {
  constexpr int at_most = 256;
  std::array<std::uint8_t, 65536> space;
  for (int i = 0; i < at_most; ++i) {
    SocketAddress from;
    from.size = sizeof from.storage;
    const ssize_t got = ::recvfrom(socket_.native_handle(), space.data(), space.size(), MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&from.storage), &from.size);
    if (got < 0) return;
    const std::string peer = peer_name(from).full;
    const Datagram datagram{space.data(), static_cast<std::size_t>(got), peer, [&](std::string_view answer) {
                              ::sendto(socket_.native_handle(), answer.data(), answer.size(), MSG_DONTWAIT,
                                       reinterpret_cast<const sockaddr*>(&from.storage), from.size);
                            }};
    each_(datagram);
  }
}

}  // namespace logboom::net
