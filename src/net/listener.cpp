#include "net/listener.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "net/admission.hpp"
#include "net/bind.hpp"
#include "net/tls_handshake.hpp"

namespace logboom::net {

namespace asio = boost::asio;

namespace {

// For how long a listener that retires takes what is about to connect. A client that it does not answer asks again
// after a second, and then finds the listener that took its place.
constexpr std::chrono::milliseconds retirement{100};

// For how long a connection waits for its peer's name, and how often that is looked for.
constexpr std::chrono::seconds longest_naming{1};
constexpr std::chrono::milliseconds naming_interval{10};

// Connections that have yet to show who they are, reset where there is no room for a new one.
constexpr std::size_t evicted_for_room = 256;

/// Closes with a reset, so that the client knows at once.
void reset(int fd) {
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd);
}

/// From now on the socket passes over what begins a new connection.
void ignore_new_connections(int fd) {
  constexpr std::uint32_t flags_at = 13;
  constexpr std::uint32_t syn = 0x02;
  constexpr std::uint32_t ack = 0x10;
  std::array<sock_filter, 5> code{{
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, flags_at},
      {BPF_ALU | BPF_AND | BPF_K, 0, 0, syn | ack},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, syn},
      {BPF_RET | BPF_K, 0, 0, 0},
      {BPF_RET | BPF_K, 0, 0, ~std::uint32_t{0}},
  }};
  const sock_fprog program{code.size(), code.data()};
  ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

}  // namespace

StreamListener::StreamListener(asio::io_context& io, std::vector<std::unique_ptr<Worker>>& workers,
                               std::shared_ptr<StreamGroup> group, Log& log)
    : socket_(io), pause_(io), retire_(io), naming_(io), workers_(workers), group_(std::move(group)), log_(log) {}

StreamListener::~StreamListener() { close(); }

void StreamListener::open(const std::string& input_id, bool beside) {
  if (group_->options.unix_path.empty()) {
    open_tcp(beside);
  } else {
    open_unix();
  }
  log_.info(cat(input_id, ": listening on ", where_));
}

void StreamListener::open(const std::string& input_id, PassedSocket passed) {
  const StreamListen& options = group_->options;
  unix_path_ = passed.unix_path;
  where_ = passed.where();
  port_ = port_of(passed.address);
  managed_ = passed.managed;
  borrowed_ = true;
  if (managed_) managed_name_ = passed.name;
  ::listen(passed.fd.get(), options.backlog > 0 ? options.backlog : SOMAXCONN);
  if (!unix_path_.empty() && !managed_ && options.unix_mode) ::chmod(unix_path_.c_str(), *options.unix_mode);
  socket_.assign(passed.fd.take());
  log_.info(cat(input_id, ": listening on ", where_, ", a socket that was passed"));
}

void StreamListener::begin() {
  borrowed_ = false;
  wait();
}

bool StreamListener::listens_on(const StreamListen& where) const noexcept {
  const StreamListen& mine = group_->options;
  if (!socket_.is_open() || mine.unix_path != where.unix_path) return false;
  return !mine.unix_path.empty() || (mine.bind == where.bind && mine.port == where.port);
}

void StreamListener::pass_to(std::shared_ptr<StreamGroup> group) {
  group_ = std::move(group);
  const StreamListen& options = group_->options;
  ::listen(socket_.native_handle(), options.backlog > 0 ? options.backlog : SOMAXCONN);
  if (!unix_path_.empty() && !managed_ && options.unix_mode) ::chmod(unix_path_.c_str(), *options.unix_mode);
}

void StreamListener::open_tcp(bool beside) {
  const StreamListen& options = group_->options;
  Fd fd = bind_port(options.bind, options.port, SOCK_STREAM, options.backlog, beside);
  const SocketAddress local = local_address(fd.get());
  port_ = port_of(local);
  where_ = "tcp://" + peer_name(local).full;
  socket_.assign(fd.take());
}

void StreamListener::open_unix() {
  const StreamListen& options = group_->options;
  Fd fd = bind_unix(options.unix_path, options.unix_mode, SOCK_STREAM, options.backlog);
  unix_path_ = std::filesystem::absolute(options.unix_path).string();
  where_ = "unix://" + unix_path_;
  socket_.assign(fd.take());
}

void StreamListener::wait() {
  const auto ready = [self = shared_from_this(), this](const boost::system::error_code& error) {
    if (error || !socket_.is_open() || paused_) return;
    if (accept_all()) return wait();
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([self, this](const boost::system::error_code& stopped) {
      if (!stopped && socket_.is_open() && !paused_) wait();
    });
  };
  socket_.async_wait(asio::posix::stream_descriptor::wait_read, ready);
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
    group_->admission->evict(evicted_for_room);
    std::uint64_t suppressed = 0;
    if (limiter_.due(suppressed)) {
      log_.warn(cat(where_, ": can't accept connections: ", why,
                    "; they wait in the backlog. Raise the limit of open files (ulimit -n)"));
    }
    return false;
  }
}

void StreamListener::hand_over(int fd, const SocketAddress& from) {
  Accepted accepted{Fd(fd), peer_name(from), group_, group_->owner ? group_->owner() : nullptr};
  PeerName& peer = accepted.peer;
  if (!unix_path_.empty()) peer.full = "unix:" + unix_path_;
  if (!group_->admission->admit(peer, peer.admission)) return reset(accepted.fd.take());
  if (!group_->options.resolve_hostname || !unix_path_.empty()) return hand_over(std::move(accepted));
  if (const std::optional<std::string> name = names_.find(from, peer.address)) {
    peer.host = *name;
    return hand_over(std::move(accepted));
  }
  unnamed_.push_back({std::move(accepted), from, Worker::Clock::now() + longest_naming});
  if (unnamed_.size() == 1) wait_for_names();
}

void StreamListener::hand_over(Accepted accepted) {
  const StreamListen& options = accepted.group->options;
  const PeerName& peer = accepted.peer;
  const int fd = accepted.fd.take();
  const bool is_tcp = options.unix_path.empty();
  if (options.accepts && is_tcp && !options.accepts(peer.address, peer.host)) return reset(fd);
  if (is_tcp) enable(fd, IPPROTO_TCP, TCP_NODELAY);
  if (options.keepalive) enable(fd, SOL_SOCKET, SO_KEEPALIVE);
  least_loaded(workers_).adopt([group = accepted.group, owner = accepted.owner, fd, peer,
                                id = Worker::next_id()](Worker& worker) -> std::unique_ptr<Resident> {
    if (group->tls) return std::make_unique<TlsHandshake>(worker, group, fd, peer, id);
    return std::make_unique<StreamConnection>(worker, group, fd, peer, id);
  });
}

void StreamListener::wait_for_names() {
  naming_.expires_after(naming_interval);
  naming_.async_wait([self = shared_from_this(), this](const boost::system::error_code& stopped) {
    if (stopped) return;
    hand_over_named(Worker::Clock::now());
    if (!unnamed_.empty()) wait_for_names();
  });
}

/// Those whose names are known by now, and those that have waited for long enough.
void StreamListener::hand_over_named(Worker::Clock::time_point now) {
  std::vector<Unnamed> still;
  for (Unnamed& each : std::exchange(unnamed_, {})) {
    const std::optional<std::string> name = names_.find(each.from, each.accepted.peer.address);
    if (!name && now < each.until) {
      still.push_back(std::move(each));
      continue;
    }
    if (name) each.accepted.peer.host = *name;
    hand_over(std::move(each.accepted));
  }
  unnamed_ = std::move(still);
}

void StreamListener::share_port(bool on) { net::share_port(socket_.native_handle(), on); }

void StreamListener::drain() {
  if (socket_.is_open()) accept_all();
  hand_over_named(Worker::Clock::time_point::max());
}

void StreamListener::retire() {
  if (!socket_.is_open()) return;
  ignore_new_connections(socket_.native_handle());
  retire_.expires_after(retirement);
  retire_.async_wait([self = shared_from_this(), this](const boost::system::error_code& stopped) {
    if (!stopped) drain_and_close();
  });
}

void StreamListener::drain_and_close() {
  drain();
  close();
}

PassedSocket StreamListener::duplicate(const std::string& input_id) const {
  auto& socket = const_cast<asio::posix::stream_descriptor&>(socket_);
  const int fd = ::fcntl(socket.native_handle(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) throw std::runtime_error(cat("can't pass ", where_, " on: ", reason(errno)));
  return PassedSockets::look_at(fd, managed_ ? managed_name_ : input_id, managed_);
}

void StreamListener::pause(bool on) {
  if (!socket_.is_open() || paused_ == on) return;
  paused_ = on;
  boost::system::error_code ignored;
  if (on) {
    pause_.cancel(ignored);
    socket_.cancel(ignored);
    hand_over_named(Worker::Clock::time_point::max());
  } else {
    wait();
  }
}

void StreamListener::give_away() {
  unix_path_.clear();
  close();
}

void StreamListener::close() {
  if (!socket_.is_open()) return;
  boost::system::error_code ignored;
  pause_.cancel(ignored);
  retire_.cancel(ignored);
  naming_.cancel(ignored);
  socket_.close(ignored);
  if (!unix_path_.empty() && !managed_ && !borrowed_) ::unlink(unix_path_.c_str());
  unix_path_.clear();
}

}  // namespace logboom::net
