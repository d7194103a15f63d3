#include "../relp_client.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <thread>

namespace {

using namespace logboom;
using namespace logboom::out_syslog;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A receiver's end of one connection, of which the test writes what it says.
class Receiver {
 public:
  explicit Receiver(int fd) : fd_(fd) {}
  ~Receiver() { ::close(fd_); }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  struct Frame {
    std::string number, command, data;
  };
  /// The next frame; an empty command at the end.
  Frame read() {
    for (RelpFrame frame;;) {
      if (!bytes_.empty() && scan_relp(bytes_, 1 << 20, frame) == RelpScan::complete) {
        Frame out{std::string(frame.transaction), std::string(frame.command), std::string(frame.data)};
        bytes_.erase(0, frame.size);
        return out;
      }
      pollfd watch{fd_, POLLIN, 0};
      char block[65536];
      const ssize_t got = ::poll(&watch, 1, 10000) == 1 ? ::recv(fd_, block, sizeof block, 0) : 0;
      if (got <= 0) return {};
      bytes_.append(block, static_cast<std::size_t>(got));
    }
  }
  void write(std::string_view bytes) { ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void answer(const std::string& number, std::string_view data = "200 OK") {
    std::string frame;
    append_relp(frame, number, "rsp", data);
    write(frame);
  }
  /// Takes the opening of the session.
  void open() {
    const Frame frame = read();
    EXPECT_EQ(frame.command, "open");
    EXPECT_THAT(frame.data, HasSubstr("commands=syslog"));
    answer(frame.number, "200 OK\nrelp_version=0\ncommands=syslog");
  }

 private:
  int fd_;
  std::string bytes_;
};

/// Listens on a unix socket, and gives each of `connections` connections to `serve`.
class Listener {
 public:
  explicit Listener(std::function<void(Receiver&)> serve, int connections = 1) {
    char name[] = "/tmp/logboom-relp-XXXXXX";
    directory_ = ::mkdtemp(name);
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strcpy(where.sun_path, path().c_str());
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
    EXPECT_EQ(::listen(fd_, 8), 0);
    thread_ = std::thread([this, serve = std::move(serve), connections] {
      for (int i = 0; i < connections; ++i) {
        const int fd = ::accept(fd_, nullptr, nullptr);
        if (fd < 0) return;
        Receiver receiver(fd);
        serve(receiver);
      }
    });
  }
  ~Listener() {
    ::shutdown(fd_, SHUT_RDWR);
    join();
    ::close(fd_);
    std::filesystem::remove_all(directory_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void join() {
    if (thread_.joinable()) thread_.join();
  }
  SocketClient::Address address() const { return {SocketClient::Address::Kind::unix_stream, path(), 0}; }

 private:
  std::string path() const { return directory_ + "/s"; }
  std::string directory_;
  int fd_ = -1;
  std::thread thread_;
};

struct Client {
  explicit Client(const Listener& listener) : socket(listener.address(), {10000ms, 10000ms}) {}
  SocketClient socket;
  RelpClient relp{socket};
};

std::vector<std::string> messages(int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back("message " + std::to_string(i));
  return out;
}

TEST(RelpClient, is_done_when_each_message_was_answered) {
  std::vector<std::string> received;
  std::string last;
  Listener listener([&](Receiver& receiver) {
    receiver.open();
    for (int i = 0; i < 500; ++i) {
      const Receiver::Frame frame = receiver.read();
      EXPECT_EQ(frame.command, "syslog");
      received.push_back(frame.data);
      receiver.answer(frame.number);
    }
    const Receiver::Frame end = receiver.read();
    last = end.command;
    receiver.answer(end.number);
    receiver.read();
  });
  Client client(listener);
  EXPECT_EQ(client.relp.send(messages(200)), "");
  EXPECT_EQ(client.relp.send({}), "");
  EXPECT_EQ(client.relp.send(messages(300)), "");
  client.relp.finish();
  EXPECT_FALSE(client.socket.connected());
  listener.join();
  ASSERT_EQ(received.size(), 500U);
  EXPECT_EQ(received[199], "message 199");
  EXPECT_EQ(received[200], "message 0");
  EXPECT_EQ(last, "close");
}

TEST(RelpClient, has_no_more_than_a_window_without_an_answer) {
  std::size_t most = 0;
  Listener listener([&](Receiver& receiver) {
    receiver.open();
    std::vector<std::string> open;
    for (int i = 0; i < 128; ++i) open.push_back(receiver.read().number);
    // Nothing more comes before an answer.
    receiver.answer(open.back());
    open.pop_back();
    open.push_back(receiver.read().number);
    most = open.size();
    for (const std::string& number : open) receiver.answer(number);
    receiver.answer(receiver.read().number);
  });
  Client client(listener);
  EXPECT_EQ(client.relp.send(messages(130)), "");
  EXPECT_EQ(most, 128U);
}

TEST(RelpClient, a_message_that_is_refused_or_not_answered_is_not_sent) {
  Listener listener(
      [connection = 0](Receiver& receiver) mutable {
        receiver.open();
        const std::string first = receiver.read().number;
        const std::string second = receiver.read().number;
        receiver.answer(first);
        switch (connection++) {
          case 0: return receiver.answer(second, "500 disk full");
          case 1: return;  // closes
          case 2: return receiver.write("0 serverclose 0\n");
          case 3: return receiver.write("HTTP/1.1 400 Bad Request\r\n\r\n");
          default: break;
        }
        receiver.answer("999");  // of nobody
        receiver.answer(first);  // twice
        receiver.answer(second);
        receiver.read();
      },
      5);
  Client client(listener);
  EXPECT_THAT(client.relp.send(messages(2)), HasSubstr("it refuses: 500 disk full"));
  EXPECT_FALSE(client.socket.connected());
  EXPECT_THAT(client.relp.send(messages(2)), HasSubstr("can't receive"));
  EXPECT_THAT(client.relp.send(messages(2)), HasSubstr("closes the session"));
  EXPECT_THAT(client.relp.send(messages(2)), HasSubstr("not RELP"));
  EXPECT_EQ(client.relp.send(messages(2)), "");
}

TEST(RelpClient, answers_may_come_in_any_pieces) {
  Listener listener([](Receiver& receiver) {
    const auto slowly = [&](std::string_view bytes) {
      for (const char c : bytes) receiver.write({&c, 1});
    };
    slowly(receiver.read().number + " rsp 6 200 OK\n");
    for (int i = 0; i < 3; ++i) slowly(receiver.read().number + " rsp 6 200 OK\n");
  });
  Client client(listener);
  EXPECT_EQ(client.relp.send(messages(3)), "");
}

TEST(RelpClient, an_opening_that_is_refused_is_said) {
  Listener listener([](Receiver& receiver) { receiver.answer(receiver.read().number, "500 not you"); });
  Client client(listener);
  EXPECT_THAT(client.relp.send(messages(1)), HasSubstr("it refuses: 500 not you"));
}

}  // namespace
