#include "net/datagram_socket.hpp"

#include "net/hand_over.hpp"

#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "net/host_names.hpp"

namespace logboom::net {

namespace {

constexpr std::size_t batch = 64;
constexpr int rounds_each_time = 16;
constexpr int rounds_at_the_end = 256;
constexpr std::chrono::milliseconds patience_for_names{200};

std::uint32_t dropped_by_kernel(int fd) {
  std::uint32_t counts[SK_MEMINFO_VARS] = {};
  socklen_t size = sizeof counts;
  return ::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, counts, &size) == 0 ? counts[SK_MEMINFO_DROPS] : 0;
}

void set_receive_buffer(int fd, std::size_t bytes) {
  if (bytes == 0) return;
  const int size = static_cast<int>(std::min<std::size_t>(bytes, 1U << 30));
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

}  // namespace

/// Room for a batch of datagrams of the largest size; memory that none was long enough for is never touched.
struct DatagramSocket::Space {
  /// One datagram, and who sent it. What is asked of the sender is found out when it is asked.
  class Slot final : public Datagram {
   public:
    void set(const std::uint8_t* data, const mmsghdr& got, std::size_t limit) {
      truncated_ = (got.msg_hdr.msg_flags & MSG_TRUNC) != 0;
      data_ = data;
      size_ = std::min<std::size_t>(got.msg_len, limit);
      from.size = got.msg_hdr.msg_namelen;
      known_ = false;
      host_known_ = false;
    }
    const std::string& peer() const override { return name().full; }
    const std::string& peer_address() const override { return name().address; }
    const std::string& peer_host() const override {
      if (!std::exchange(host_known_, true)) space->resolve(from, name_ = name());
      return name_.host;
    }
    void reply(std::string_view bytes) const override {
      if (from.size == 0) return;
      ::sendto(space->fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&from.storage), from.size);
    }

    Space* space = nullptr;
    SocketAddress from;

   private:
    const PeerName& name() const {
      if (!std::exchange(known_, true)) name_ = from.size == 0 ? PeerName{"unix", "", "localhost"} : peer_name(from);
      return name_;
    }
    mutable PeerName name_;
    mutable bool known_ = false;
    mutable bool host_known_ = false;
  };

  Space(int socket, std::size_t size, bool resolves)
      : fd(socket), max_size(size), resolves_hosts(resolves), memory(new std::uint8_t[batch * size]) {
    for (std::size_t i = 0; i < batch; ++i) slots[i].space = this;
  }
  void prepare() {
    for (std::size_t i = 0; i < batch; ++i) {
      parts[i] = {memory.get() + i * max_size, max_size};
      msghdr& header = headers[i].msg_hdr;
      header = {};
      header.msg_name = &slots[i].from.storage;
      header.msg_namelen = sizeof slots[i].from.storage;
      header.msg_iov = &parts[i];
      header.msg_iovlen = 1;
    }
  }
  void resolve(const SocketAddress& from, PeerName& name) {
    if (!resolves_hosts || from.size == 0) return;
    if (std::optional<std::string> host = names.find(from, name.address)) name.host = std::move(*host);
  }

  int fd;
  std::size_t max_size;
  bool resolves_hosts;
  std::unique_ptr<std::uint8_t[]> memory;
  std::array<Slot, batch> slots;
  std::array<iovec, batch> parts{};
  std::array<mmsghdr, batch> headers{};
  HostNames names{patience_for_names};
};

BoundSocket::BoundSocket(PassedSocket passed)
    : fd_(std::move(passed.fd)),
      name_(passed.where()),
      unix_path_(passed.unix_path),
      port_(port_of(passed.address)),
      borrowed_(true),
      managed_(passed.managed),
      managed_name_(passed.managed ? passed.name : std::string()) {
  more_dropped(passed.dropped.value_or(dropped_by_kernel(fd_.get())));
}

BoundSocket::~BoundSocket() {
  if (!unix_path_.empty() && !managed_ && !borrowed_) ::unlink(unix_path_.c_str());
}

/// A socket that is connected hears that peer only: here one that never sends.
void BoundSocket::retire() noexcept {
  SocketAddress nobody = local_address(fd_.get());
  const std::uint16_t port = htons(1);
  if (nobody.storage.ss_family == AF_INET6) {
    auto* six = reinterpret_cast<sockaddr_in6*>(&nobody.storage);
    six->sin6_port = port;
    if (IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr)) six->sin6_addr = in6addr_loopback;
  } else {
    auto* four = reinterpret_cast<sockaddr_in*>(&nobody.storage);
    four->sin_port = port;
    if (four->sin_addr.s_addr == INADDR_ANY) four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&nobody.storage), nobody.size);
  share_port(fd_.get(), true);
}

PassedSocket BoundSocket::duplicate(const std::string& input_id) const {
  const int fd = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) throw std::runtime_error(cat("can't pass ", name_, " on: ", reason(errno)));
  PassedSocket copy = PassedSockets::look_at(fd, managed_ ? managed_name_ : input_id, managed_);
  copy.dropped = dropped_.load();
  return copy;
}

std::uint32_t BoundSocket::more_dropped(std::uint32_t so_far) noexcept {
  const std::uint32_t more = so_far - dropped_.exchange(so_far);
  return static_cast<std::int32_t>(more) > 0 ? more : 0;
}

DatagramSocket::DatagramSocket(Worker& worker, std::shared_ptr<Emitter> emitter, std::shared_ptr<DatagramGroup> group,
                               std::shared_ptr<BoundSocket> bound, std::string name)
    : WorkerSource(worker, std::move(emitter), std::move(name)),
      keep_group_(std::move(group)),
      group_(*keep_group_),
      bound_(std::move(bound)),
      fd_(::fcntl(bound_->fd(), F_DUPFD_CLOEXEC, 0)),
      space_(std::make_unique<Space>(fd_.get(), std::clamp<std::size_t>(group_.options.max_size, 1, 65535),
                                     group_.options.resolve_hostname)) {}

DatagramSocket::~DatagramSocket() = default;

void DatagramSocket::open() {
  call([this] { session_ = group_.sessions(*this); });
  after_call();
}

std::size_t DatagramSocket::on_ready(std::uint32_t) {
  const std::size_t bytes = read_some(rounds_each_time);
  after_call();
  return bytes;
}

std::size_t DatagramSocket::read_some(int rounds) {
  std::size_t bytes = 0;
  for (int i = 0; i < rounds && !held_ && !frozen_ && !ended_; ++i) {
    if (receive(bytes) < static_cast<int>(batch)) break;
  }
  count_dropped();
  return bytes;
}

/// What found no room is asked for behind each read, and not told by the next datagram, which may never come.
void DatagramSocket::count_dropped() { group_.kernel_dropped.add(bound_->more_dropped(dropped_by_kernel(fd_.get()))); }

int DatagramSocket::receive(std::size_t& bytes) {
  Space& space = *space_;
  space.prepare();
  const int count = ::recvmmsg(fd_.get(), space.headers.data(), batch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return 0;
  group_.reads.add();
  group_.datagrams.add(static_cast<std::uint64_t>(count));
  const std::size_t before = bytes;
  call([&] {
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      mmsghdr& got = space.headers[i];
      space.slots[i].set(space.memory.get() + i * space.max_size, got, space.max_size);
      bytes += space.slots[i].size();
      session_->on_datagram(space.slots[i]);
    }
    session_->on_pause();
  });
  group_.bytes.add(bytes - before);
  return count;
}

void DatagramSocket::on_settled(std::uint64_t token, bool confirmed) {
  if (ended_) return;
  call([&] { session_->on_receipt(token, confirmed); });
  after_call();
}

void DatagramSocket::on_timer() {
  if (ended_) return;
  timer_due_ = (held_ || frozen_) && !shutting_down_;
  if (!timer_due_) call([this] { session_->on_timer(); });
  after_call();
}

void DatagramSocket::resume() {
  if (timer_due_) on_timer();
  if (shutting_down_) drain();
  after_call();
}

void DatagramSocket::shut_down() {
  if (ended_) return;
  shutting_down_ = true;
  drain();
  after_call();
}

void DatagramSocket::freeze(bool on) {
  if (ended_) return;
  frozen_ = on;
  if (!on && timer_due_) return on_timer();
  after_call();
}

/// What has come and was not read stays in the socket.
void DatagramSocket::hand_over(Handover& to) {
  if (ended_) return;
  frozen_ = to.wanted->contains(group_.key);
  shut_down();
}

void DatagramSocket::drain() {
  if (session_) read_some(rounds_at_the_end);
}

void DatagramSocket::failed(std::string_view why) {
  WorkerSource::failed(why);
  if (!session_) return cut();
  after_call();
}

void DatagramSocket::after_call() {
  if (ended_) return;
  if (shutting_down_ && !held_ && !session_->waiting()) return cut();
  watch(!held_ && !frozen_ && !shutting_down_);
}

void DatagramSocket::watch(bool wanted) {
  if (wanted == watched_) return;
  Lanes& lanes = worker_.lanes();
  if (wanted) {
    lanes.add(fd_.get(), static_cast<Resident*>(this), Lanes::Lane::gathered, true, false);
  } else {
    lanes.remove(fd_.get(), Lanes::Lane::gathered);
  }
  watched_ = wanted;
}

void DatagramSocket::cut() {
  if (std::exchange(ended_, true)) return;
  watch(false);
  ::close(fd_.take());
  bound_.reset();
  worker_.bury(*this);
}

std::shared_ptr<BoundSocket> use_passed(const DatagramListen& options, PassedSocket passed) {
  set_receive_buffer(passed.fd.get(), options.receive_buffer);
  return std::make_shared<BoundSocket>(std::move(passed));
}

std::shared_ptr<BoundSocket> bind_datagrams(const DatagramListen& options, bool beside) {
  const bool on_path = !options.unix_path.empty();
  Fd fd = on_path ? bind_unix(options.unix_path, options.unix_mode, SOCK_DGRAM)
                  : bind_port(options.bind, options.port, SOCK_DGRAM, 0, beside);
  const std::string path = on_path ? std::filesystem::absolute(options.unix_path).string() : "";
  const SocketAddress local = on_path ? SocketAddress{} : local_address(fd.get());
  const std::uint16_t port = on_path ? std::uint16_t{0} : port_of(local);
  std::string name = on_path ? "unix://" + path : "udp://" + peer_name(local).full;
  set_receive_buffer(fd.get(), options.receive_buffer);
  return std::make_shared<BoundSocket>(std::move(fd), std::move(name), path, port);
}

}  // namespace logboom::net
