#include <gmock/gmock.h>
#include <sys/socket.h>

#include <future>

#include "tls_test_support.hpp"

namespace logboom {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using tls_test::Peer;
using tls_test::Server;

constexpr SocketClient::Limits limits{10000ms, 10000ms};

/// All bytes until the peer's end; "reset" behind them where it was none.
std::string read_all(int fd) {
  std::string all;
  char block[65536];
  for (const auto end = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < end;) {
    const ssize_t got = ::recv(fd, block, sizeof block, 0);
    if (got == 0) return all;
    if (got > 0) {
      all.append(block, static_cast<std::size_t>(got));
    } else if (errno != EAGAIN) {
      return all + "reset";
    } else {
      std::this_thread::sleep_for(1ms);
    }
  }
  return all + "timeout";
}

TEST(SocketClient, sends_pieces_in_their_order) {
  std::string received;
  std::promise<void> full;
  Server server([&](Peer& peer) {
    full.get_future().wait();
    received = read_all(peer.fd());
  });
  SocketClient socket(server.address(), limits);
  ASSERT_EQ(socket.connect(), "");
  // More pieces than one call takes, and more bytes than the socket does at once.
  std::vector<std::string> texts;
  std::string all;
  for (int i = 0; i < 3000; ++i) {
    texts.push_back(i % 7 == 0 ? std::string()
                               : std::string(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26)));
    all += texts.back();
  }
  std::vector<iovec> pieces;
  for (std::string& text : texts) pieces.push_back({text.data(), text.size()});
  std::thread reader([&] {
    std::this_thread::sleep_for(5ms);
    full.set_value();
  });
  EXPECT_EQ(socket.send(pieces), "");
  EXPECT_EQ(socket.send(std::span<const iovec>()), "");
  socket.finish();
  reader.join();
  server.join();
  EXPECT_EQ(received, all);
}

TEST(SocketClient, finish_delivers_although_what_the_peer_said_was_not_read) {
  std::string received;
  std::promise<void> said;
  std::promise<void> finished;
  Server server([&](Peer& peer) {
    ::send(peer.fd(), "unread", 6, MSG_NOSIGNAL);
    said.set_value();
    received = read_all(peer.fd());
  });
  SocketClient socket(server.address(), limits);
  ASSERT_EQ(socket.connect(), "");
  said.get_future().wait();
  const std::string large(1000000, 'x');
  ASSERT_EQ(socket.send(large), "");
  ASSERT_TRUE(socket.peer_is_there());
  socket.finish();
  EXPECT_FALSE(socket.connected());
  server.join();
  EXPECT_EQ(received.size(), large.size());
  EXPECT_THAT(received, ::testing::EndsWith("x"));
}

TEST(SocketClient, finish_waits_for_no_peer_that_has_said_nothing) {
  auto least = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 3; ++i) {
    std::promise<void> over;
    Server server([&](Peer&) { over.get_future().wait(); });
    SocketClient socket(server.address(), limits);
    ASSERT_EQ(socket.connect(), "");
    ASSERT_EQ(socket.send("x"), "");
    const auto begin = std::chrono::steady_clock::now();
    socket.finish();
    least = std::min(least, std::chrono::steady_clock::now() - begin);
    over.set_value();
  }
  EXPECT_LT(least, 1s);
}

TEST(SocketClient, finish_gives_a_peer_up_that_never_ends) {
  std::promise<void> said;
  std::promise<void> over;
  Server server([&](Peer& peer) {
    ::send(peer.fd(), "unread", 6, MSG_NOSIGNAL);
    said.set_value();
    over.get_future().wait();
  });
  SocketClient socket(server.address(), limits);
  ASSERT_EQ(socket.connect(), "");
  said.get_future().wait();
  socket.finish();
  EXPECT_FALSE(socket.connected());
  over.set_value();
}

TEST(SocketClient, await_end_tells_an_end_in_order_from_a_reset_and_from_none) {
  using End = SocketClient::End;
  for (const End wanted : {End::in_order, End::reset, End::none}) {
    std::promise<void> spoke;
    std::promise<void> over;
    Server server([&](Peer& peer) {
      ::send(peer.fd(), "words", 5, MSG_NOSIGNAL);
      spoke.set_value();
      const std::string received = read_all(peer.fd());
      EXPECT_EQ(received, "x");
      const linger at_once{1, 0};
      if (wanted == End::reset) ::setsockopt(peer.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      if (wanted == End::none) over.get_future().wait();
    });
    SocketClient socket(server.address(), limits);
    ASSERT_EQ(socket.connect(), "");
    ASSERT_EQ(socket.send("x"), "");
    spoke.get_future().wait();
    std::string said;
    std::string why;
    EXPECT_EQ(socket.await_end(said, wanted == End::none ? 50ms : 10000ms, why), wanted);
    EXPECT_EQ(said, "words");
    EXPECT_EQ(why.find("can't receive") != std::string::npos, wanted == End::reset) << why;
    EXPECT_FALSE(socket.connected());
    over.set_value();
  }
}

TEST(SocketClient, a_closed_one_says_so) {
  SocketClient socket({SocketClient::Address::Kind::tcp, "127.0.0.1", 1}, limits);
  std::string in;
  EXPECT_THAT(socket.send("x"), HasSubstr("tcp://127.0.0.1:1: can't send"));
  EXPECT_THAT(socket.receive(in), HasSubstr("can't receive"));
  EXPECT_FALSE(socket.peer_is_there());
  EXPECT_THAT(socket.connect(), HasSubstr("can't connect"));
  socket.finish();
}

}  // namespace
}  // namespace logboom
