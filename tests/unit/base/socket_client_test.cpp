#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <future>

#include <logboom/testing/context.hpp>

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

constexpr std::size_t one_read = 16384;

/// All that comes until the end, piece by piece.
std::string receive_all(SocketClient& socket) {
  std::string all;
  for (std::string why; why.empty();) {
    pollfd watch{socket.descriptor(), POLLIN, 0};
    if (!socket.has_more() && ::poll(&watch, 1, 10000) != 1) return all + "nothing came";
    const std::size_t before = all.size();
    why = socket.receive_available(all);
    EXPECT_LT(all.size() - before, SocketClient::most_at_once + one_read);
  }
  return all;
}

std::string numbered(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(i) + " ";
  return text;
}

void send_all(
    int fd, std::string_view bytes, const std::function<void()>& on_full = [] {}) {
  while (!bytes.empty()) {
    const ssize_t done = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (done > 0) bytes.remove_prefix(static_cast<std::size_t>(done));
    if (done > 0) continue;
    if (errno != EAGAIN) return;
    on_full();
    pollfd watch{fd, POLLOUT, 0};
    if (::poll(&watch, 1, 10000) != 1) return;
  }
}

TEST(SocketClient, of_a_peer_that_never_stops_a_call_takes_a_part) {
  const std::string sent = numbered(1000000);
  std::promise<void> full;
  Server server([&](Peer& peer) {
    send_all(peer.fd(), sent, [&, once = false]() mutable {
      if (!std::exchange(once, true)) full.set_value();
    });
  });
  SocketClient socket(server.address(), limits);
  ASSERT_EQ(socket.connect(), "");
  full.get_future().wait();
  EXPECT_TRUE(receive_all(socket) == sent);
}

TEST(SocketClient, what_tls_has_read_ahead_comes_with_the_next_call) {
  tls_test::Authority authority;
  logboom::testing::RecordingLog log;
  const std::string sent = numbered(200000);
  Server server(serving(authority.issue("server")), [&](Peer& peer) { peer.write(sent); });
  TlsClientOptions options;
  options.ca_paths = {authority.path()};
  SocketClient socket(server.address(), limits, make_tls_client(options, Element{}, log));
  ASSERT_EQ(socket.connect(), "");
  EXPECT_TRUE(receive_all(socket) == sent);
}

TEST(SocketClient, await_end_remembers_no_more_than_the_beginning_of_a_long_speech) {
  const std::string sent = numbered(1000000);
  Server server([&](Peer& peer) {
    send_all(peer.fd(), sent);
    read_all(peer.fd());
  });
  SocketClient socket(server.address(), limits);
  ASSERT_EQ(socket.connect(), "");
  std::string said;
  std::string why;
  EXPECT_EQ(socket.await_end(said, 10000ms, why), SocketClient::End::in_order);
  EXPECT_LT(said.size(), SocketClient::most_at_once + one_read);
  EXPECT_TRUE(sent.starts_with(said));
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
