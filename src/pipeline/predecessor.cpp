#include "pipeline/predecessor.hpp"

#include <fcntl.h>

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

class OtherProcess final : public Predecessor {
 public:
  explicit OtherProcess(net::Fd channel)
      : channel_(std::move(channel)), sockets_(channel_.receive_legacy(Clock::now() + patience).sockets) {}

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
    if (alone_) channel_.receive(Clock::now() + patience);
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

  net::DescriptorChannel channel_;
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
