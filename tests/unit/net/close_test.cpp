#include <gtest/gtest.h>
#include <unistd.h>

#include "net/net_test_support.hpp"

namespace logboom::net_test {
namespace {

constexpr std::size_t megabyte = 1024 * 1024;

Script sends_then(std::string answer, net::Close how) {
  Script script;
  script.on_bytes = [answer, how](net::Connection& connection, const SlabPtr&, std::uint8_t*, std::size_t size) {
    connection.send(answer);
    connection.close(how);
    return size;
  };
  return script;
}

TEST(Close, with_reset_is_noticed_by_the_peer_as_a_reset) {
  TestServer server;
  const std::uint16_t port = server.listen(sends_then("", net::Close::reset));
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send("x"));
  EXPECT_EQ(client.read_to_end(), Ending::reset);
  ASSERT_TRUE(eventually([&] { return server.story().is_over(); }));
  EXPECT_EQ(server.story().end(), net::End::closed_by_us);
}

TEST(Close, with_finish_delivers_all_that_was_sent_before_even_where_input_stays_unread) {
  TestServer server;
  const std::string answer = pattern(megabyte);
  const std::uint16_t port = server.listen(sends_then(answer, net::Close::finish));
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send("x"));
  server.run();
  ASSERT_TRUE(eventually([&] { return server.story().bytes() == 1; }));
  ASSERT_TRUE(client.send(std::string(50'000, 'u')));
  std::string all;
  EXPECT_EQ(client.read_to_end(&all), Ending::eof);
  EXPECT_TRUE(all == answer);
  ASSERT_TRUE(eventually([&] { return server.story().is_over(); }));
  EXPECT_EQ(server.story().end(), net::End::closed_by_us);
}

TEST(Close, with_finish_waits_for_receipts_and_their_answers) {
  TestServer server;
  server.emitter().set_keeping(true);
  std::atomic<bool> waiting{true};
  Script script;
  script.on_bytes = [](net::Connection& connection, const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
    Delivery delivery = delivery_of(connection, slab, data, size);
    delivery.receipts.add(connection.receipt(1));
    connection.emit(std::move(delivery));
    connection.close(net::Close::finish);
    return size;
  };
  script.on_receipt = [&](net::Connection& connection, std::uint64_t, bool) {
    waiting = false;
    connection.send("answer");
  };
  script.waiting = [&] { return waiting.load(); };
  const std::uint16_t port = server.listen(script);
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send("x"));
  ASSERT_TRUE(eventually([&] { return server.emitter().kept() == 1; }));
  for (Delivery& delivery : server.emitter().take_kept()) delivery.receipts.confirm();
  std::string all;
  EXPECT_EQ(client.read_to_end(&all), Ending::eof);
  EXPECT_EQ(all, "answer");
}

TEST(Close, with_finish_gives_up_on_a_peer_that_never_reads) {
  TestServer server;
  const std::uint16_t port = server.listen(sends_then(std::string(32 * megabyte, 'x'), net::Close::finish));
  server.run();
  Client client = Client::tcp(port, 4096);
  ASSERT_TRUE(client.send("x"));
  EXPECT_TRUE(eventually([&] { return server.story().is_over(); }));
}

class HalfClose : public ::testing::TestWithParam<std::size_t> {};

TEST_P(HalfClose, still_gets_its_answers) {
  TestServer server;
  server.emitter().set_keeping(true);
  std::atomic<bool> waiting{true};
  const std::string answer = pattern(GetParam());
  Script script;
  script.on_bytes = [](net::Connection& connection, const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
    Delivery delivery = delivery_of(connection, slab, data, size);
    delivery.receipts.add(connection.receipt(1));
    connection.emit(std::move(delivery));
    return size;
  };
  script.on_receipt = [&](net::Connection& connection, std::uint64_t, bool) {
    waiting = false;
    connection.send(answer);
  };
  script.waiting = [&] { return waiting.load(); };
  const std::uint16_t port = server.listen(script);
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send("x"));
  client.half_close();
  ASSERT_TRUE(eventually([&] { return server.emitter().kept() == 1; }));
  const auto before = server.worker_time();
  std::this_thread::sleep_for(100ms);
  EXPECT_LT(server.worker_time() - before, 40ms) << "the worker spins";
  EXPECT_FALSE(server.story().is_over());
  for (Delivery& delivery : server.emitter().take_kept()) delivery.receipts.confirm();
  std::string all;
  EXPECT_EQ(client.read_to_end(&all), Ending::eof);
  EXPECT_TRUE(all == answer) << all.size();
  ASSERT_TRUE(eventually([&] { return server.story().is_over(); }));
  EXPECT_EQ(server.story().end(), net::End::peer_closed);
}

INSTANTIATE_TEST_SUITE_P(of, HalfClose, ::testing::Values(6, 16 * megabyte));

/// Answers what it is told when a receipt is settled, late.
struct LateAnswer {
  explicit LateAnswer(TestServer& server) {
    server.emitter().set_keeping(true);
    script.on_bytes = [](net::Connection& connection, const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
      Delivery delivery = delivery_of(connection, slab, data, size);
      delivery.receipts.add(connection.receipt(1));
      connection.emit(std::move(delivery));
      return size;
    };
    script.on_receipt = [this](net::Connection& connection, std::uint64_t, bool) {
      waiting = false;
      finished = connection.peer_finished();
      connection.send("answer");
    };
    script.waiting = [this] { return waiting.load(); };
  }
  Script script;
  std::atomic<bool> waiting{true};
  std::atomic<bool> finished{false};
};

enum class Leaves : std::uint8_t { closes, half_closes, stays };

class LateAnswers : public ::testing::TestWithParam<std::tuple<bool, Leaves>> {};

TEST_P(LateAnswers, to_a_peer_that_has_closed_end_as_refused) {
  const auto [over_tcp, leaves] = GetParam();
  TestServer server;
  LateAnswer late(server);
  net::StreamListen where;
  where.bind = "127.0.0.1";
  if (!over_tcp) where.unix_path = cat(::testing::TempDir(), "logboom-late-", ::getpid(), ".sock");
  const std::uint16_t port = server.listen(late.script, where);
  server.run();
  Client client = over_tcp ? Client::tcp(port) : Client::unix_socket(where.unix_path);
  ASSERT_TRUE(client.send("x"));
  ASSERT_TRUE(eventually([&] { return server.emitter().kept() == 1; }));
  if (leaves == Leaves::closes) client.close();
  if (leaves == Leaves::half_closes) client.half_close();
  for (Delivery& delivery : server.emitter().take_kept()) delivery.receipts.confirm();
  if (leaves != Leaves::closes) {
    EXPECT_EQ(client.receive(6), "answer");
    client.close();
  }
  ASSERT_TRUE(eventually([&] { return server.story().is_over(); }));
  EXPECT_EQ(late.finished, leaves != Leaves::stays);
  EXPECT_EQ(server.story().end(), leaves == Leaves::closes ? net::End::refused : net::End::peer_closed);
}

INSTANTIATE_TEST_SUITE_P(of, LateAnswers,
                         ::testing::Combine(::testing::Bool(),
                                            ::testing::Values(Leaves::closes, Leaves::half_closes, Leaves::stays)));

/// Sends back what it gets.
Script echo(bool prompt = false) {
  Script script;
  script.on_bytes = [prompt](net::Connection& connection, const SlabPtr&, std::uint8_t* data, std::size_t size) {
    if (prompt) connection.prompt();
    connection.send({reinterpret_cast<const char*>(data), size});
    return size;
  };
  return script;
}

TEST(Send, to_a_peer_that_does_not_read_stops_reading_from_it_and_goes_on_when_it_does) {
  TestServer server;
  const std::uint16_t port = server.listen(echo());
  server.run();
  Client client = Client::tcp(port, 16 * 1024);
  const std::size_t sent = client.send_until_blocked(64 * megabyte);
  ASSERT_LT(sent, 64 * megabyte) << "what is sent back is bounded";
  std::thread rest([&] {
    EXPECT_TRUE(client.send(pattern(megabyte, sent)));
    client.half_close();
  });
  std::string all;
  EXPECT_EQ(client.read_to_end(&all), Ending::eof);
  rest.join();
  EXPECT_TRUE(all == pattern(sent + megabyte)) << all.size();
}

TEST(Send, to_a_choked_peer_that_resets_ends_without_spinning) {
  TestServer server;
  const std::uint16_t port = server.listen(echo());
  server.run();
  Client client = Client::tcp(port, 16 * 1024);
  ASSERT_LT(client.send_until_blocked(64 * megabyte), 64 * megabyte);
  client.reset();
  ASSERT_TRUE(eventually([&] { return server.story().is_over(); }));
  EXPECT_EQ(server.story().end(), net::End::peer_reset);
}

TEST(Send, to_a_choked_unix_peer_that_closes_ends_without_spinning) {
  TestServer server;
  net::StreamListen where;
  where.unix_path = cat(::testing::TempDir(), "logboom-choked-", ::getpid(), ".sock");
  server.listen(echo(), where);
  server.run();
  Client client = Client::unix_socket(where.unix_path);
  ASSERT_LT(client.send_until_blocked(64 * megabyte), 64 * megabyte);
  client.close();
  EXPECT_TRUE(eventually([&] { return server.story().is_over(); }));
}

TEST(Prompt, connections_are_served_on_as_before) {
  TestServer server;
  const std::uint16_t port = server.listen(echo(true));
  server.run();
  Client client = Client::tcp(port);
  for (std::size_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(client.send(pattern(100, i)));
    ASSERT_EQ(client.receive(100), pattern(100, i));
  }
  client.close();
  EXPECT_TRUE(eventually([&] { return server.story().is_over(); }));
}

}  // namespace
}  // namespace logboom::net_test
