#include "pipeline/predecessor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <logboom/log.hpp>
#include <logboom/session_state.hpp>

#include "net/descriptor_channel.hpp"
#include "pipeline/successor.hpp"

namespace logboom {

namespace {

using namespace std::chrono_literals;
using Clock = net::DescriptorChannel::Clock;

// The process before may have to wait for acks and for outputs.
constexpr auto patience = 60s;
// Where the system does not tell when a process has ended: from when it has closed what it has.
constexpr auto ending_patience = 1000ms;

/// Readable when the process at the other end has ended; none where the system does not tell.
net::Fd process_behind(int channel) {
  ucred other{};
  socklen_t size = sizeof other;
  if (::getsockopt(channel, SOL_SOCKET, SO_PEERCRED, &other, &size) != 0) return net::Fd();
  return net::Fd(static_cast<int>(::syscall(SYS_pidfd_open, other.pid, 0U)));
}

class OtherProcess final : public Predecessor {
 public:
  explicit OtherProcess(net::Fd channel)
      : channel_(std::move(channel)),
        process_(process_behind(channel_.fd())),
        sockets_(channel_.receive_legacy(Clock::now() + patience).sockets) {}

  std::vector<net::PassedSocket> sockets() override { return std::move(sockets_); }
  void prepared(const std::set<net::ListenerKey>& listeners) override {
    std::string text = "prepared\n";
    for (const net::ListenerKey& key : listeners) text += key + "\n";
    channel_.send(text, Clock::now() + patience);
    const std::string word = hear();
    if (word == "leave") throw NotNeeded();
    if (!word.starts_with("take")) throw std::runtime_error(not_wanted);
    legacy_ = channel_.receive_legacy(Clock::now() + patience);
    alone_ = word == "take alone";
    if (alone_) wait_for_end();
  }
  std::vector<net::HandedConnection> connections() override { return std::move(legacy_.connections); }
  void ready() override {
    if (alone_) return;
    channel_.send("ready", Clock::now() + patience);
    if (hear() != "go") throw std::runtime_error(not_wanted);
  }
  void refuse(const std::string& why) override { channel_.send("refused " + why, Clock::now() + patience); }

 private:
  static constexpr const char* not_wanted = "the process before goes on, this one is not needed";

  std::string hear() {
    const auto message = channel_.receive(Clock::now() + patience);
    return message ? message->text : std::string();
  }

  /// What it has locked is free when all its threads are gone, which is later than the channel's end.
  void wait_for_end() {
    const auto deadline = Clock::now() + patience;
    while (channel_.receive(deadline)) {
    }
    pollfd end{process_.get(), POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const auto limit = process_.get() < 0 ? ending_patience : std::max(left, 0ms);
    while (::poll(&end, 1, static_cast<int>(limit.count())) < 0 && errno == EINTR) {
    }
  }

  net::DescriptorChannel channel_;
  net::Fd process_;
  std::vector<net::PassedSocket> sockets_;
  net::Legacy legacy_;
  bool alone_ = false;
};

class SameProcess final : public Predecessor {
 public:
  explicit SameProcess(net::Legacy legacy) : legacy_(std::move(legacy)) {}
  std::vector<net::PassedSocket> sockets() override { return std::move(legacy_.sockets); }
  void prepared(const std::set<net::ListenerKey>&) override {}
  std::vector<net::HandedConnection> connections() override { return std::move(legacy_.connections); }
  void ready() override {}
  void refuse(const std::string&) override {}

 private:
  net::Legacy legacy_;
};

net::Legacy legacy_in(int file) {
  const std::string text = net::text_of(file);
  StateReader in(text);
  std::vector<net::Fd> descriptors;
  for (std::uint64_t left = in.number(); left != 0 && in.ok(); --left) {
    const int fd = static_cast<int>(in.number());
    if (in.ok()) descriptors.emplace_back(fd);
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  return net::decode(in.text(), std::move(descriptors));
}

}  // namespace

std::unique_ptr<Predecessor> predecessor_of_process() {
  const char* value = std::getenv(upgrade_variable);
  if (value == nullptr) return nullptr;
  const std::string text = value;
  ::unsetenv(upgrade_variable);
  const std::size_t colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  int fd = -1;
  if (colon != std::string::npos) std::from_chars(text.data() + colon + 1, text.data() + text.size(), fd);
  if (fd < 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || (kind != "socket" && kind != "file")) {
    throw std::runtime_error(cat(std::string_view(upgrade_variable), "='", text,
                                 "' is for logboom's own use, when a process takes over from another: unset it"));
  }
  net::Fd owned(fd);
  if (kind == "socket") return std::make_unique<OtherProcess>(std::move(owned));
  return predecessor_of(legacy_in(fd));
}

std::unique_ptr<Predecessor> predecessor_of(net::Legacy legacy) {
  return std::make_unique<SameProcess>(std::move(legacy));
}

}  // namespace logboom
