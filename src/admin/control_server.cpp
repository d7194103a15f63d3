#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "admin/control.hpp"

namespace logboom {

namespace {

using Clock = LineSocket::Clock;
using Json = nlohmann::ordered_json;

// The end of the process may have to wait for so long.
constexpr std::chrono::seconds answer_patience{2};

std::string error_line(std::string_view text) {
  return Json{{"error", text}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

class ControlServer::Caller final : public ControlCaller {
 public:
  Caller(LineSocket& socket, const std::atomic<bool>& stopping) : socket_(socket), stopping_(stopping) {}
  bool progress(const std::string& json) override {
    if (!is_over() && !socket_.write_line("{\"progress\":" + json + "}", Clock::now() + answer_patience)) gone_ = true;
    return !is_over();
  }
  bool is_over() const override { return gone_ || stopping_ || socket_.is_over(); }

 private:
  LineSocket& socket_;
  const std::atomic<bool>& stopping_;
  bool gone_ = false;
};

ControlServer::ControlServer(const std::string& path, std::map<std::string, ControlCommand> commands)
    : path_(path),
      commands_(std::move(commands)),
      listener_(LineSocket::listen(path)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "can't make an eventfd");
  thread_ = std::thread([this] { accept_all(); });
}

ControlServer::~ControlServer() {
  ::unlink(path_.c_str());
  stopping_ = true;
  static_cast<void>(::eventfd_write(wake_, 1));
  thread_.join();
  ::close(wake_);
}

void ControlServer::accept_all() {
  while (!stopping_) {
    std::array<pollfd, 2> polls{{{listener_.fd(), POLLIN, 0}, {wake_, POLLIN, 0}}};
    if (::poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR) break;
    conversations_.remove_if([](Conversation& conversation) {
      if (!conversation.done) return false;
      conversation.thread.join();
      return true;
    });
    if ((polls[0].revents & POLLIN) != 0) accept_one();
  }
  for (Conversation& conversation : conversations_) conversation.thread.join();
}

void ControlServer::accept_one() {
  const int accepted = ::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (accepted < 0) {
    // Without a descriptor to spare the caller stays in the backlog, which would be reported again and again.
    if (errno == EMFILE || errno == ENFILE) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return;
  }
  LineSocket socket(accepted);
  if (conversations_.size() >= most_callers) {
    const auto deadline = Clock::now() + std::chrono::milliseconds(100);
    socket.write_line(error_line("too many commands at a time: try again"), deadline);
    // What is not read when a socket is closed takes the answer with it.
    socket.read_line(longest_request, deadline);
    return;
  }
  Conversation& conversation = conversations_.emplace_back();
  try {
    conversation.thread = std::thread([this, &conversation, accepted = std::move(socket)]() mutable {
      talk(std::move(accepted));
      conversation.done = true;
      static_cast<void>(::eventfd_write(wake_, 1));
    });
  } catch (const std::system_error&) {
    conversations_.pop_back();
  }
}

void ControlServer::talk(LineSocket socket) {
  Caller caller(socket, stopping_);
  // In steps, so that the end of the process need not wait for a caller that says nothing.
  const auto deadline = Clock::now() + patience;
  std::optional<std::string> request;
  while (!request && !socket.has_ended() && socket.waiting() <= longest_request && !stopping_ &&
         Clock::now() < deadline) {
    request = socket.read_line(longest_request, std::min(deadline, Clock::now() + std::chrono::milliseconds(200)));
  }
  const std::string line = request ? answer(*request, caller) : error_line("expected one line of JSON");
  socket.write_line(line, Clock::now() + answer_patience);
}

std::string ControlServer::answer(const std::string& request, Caller& caller) {
  try {
    const Json json = Json::parse(request);
    const std::string name = json.at("command");
    const auto command = commands_.find(name);
    if (command == commands_.end()) return error_line("there is no command '" + name + "'");
    const Json arguments = json.value("arguments", Json::object());
    if (!arguments.is_object()) return error_line("arguments: expected an object");
    return "{\"result\":" + command->second(arguments.dump(), caller) + "}";
  } catch (const std::exception& error) {
    return error_line(error.what());
  }
}

}  // namespace logboom
