#include <gtest/gtest.h>

#include "net/net_test_support.hpp"

namespace logboom::net_test {
namespace {

/// Keeps the worker busy, so that what arrives stays in the kernel until `release`.
class BusyWorker {
 public:
  explicit BusyWorker(TestServer& server) : released_(done_.get_future()) {
    std::promise<void> entered;
    auto in = entered.get_future();
    server.worker().post([this, &entered] {
      entered.set_value();
      released_.wait();
    });
    in.wait();
  }
  void release() { done_.set_value(); }

 private:
  std::promise<void> done_;
  std::future<void> released_;
};

TEST(Shutdown, takes_what_has_arrived_then_resets_those_that_expect_no_answer) {
  TestServer server;
  const std::uint16_t port = server.listen({});
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send("x"));
  ASSERT_TRUE(eventually([&] { return server.story().bytes() == 1; }));
  BusyWorker busy(server);
  ASSERT_TRUE(client.send(std::string(600'000, 'x')));
  server.on_main([&] { server.shut_down(10s); });
  busy.release();
  ASSERT_TRUE(eventually([&] { return server.shut_down_done.load(); }));
  EXPECT_EQ(server.story().bytes(), 600'001u);
  EXPECT_EQ(server.story().end(), net::End::shutdown);
  EXPECT_EQ(client.read_to_end(), Ending::reset);
  EXPECT_EQ(server.worker().connections(), 0u);
}

TEST(Shutdown, takes_the_connections_and_bytes_that_wait_in_the_backlog_then_refuses_new_ones) {
  TestServer server(2);
  const std::uint16_t port = server.listen({});
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(Client::tcp(port));
  for (Client& client : clients) ASSERT_TRUE(client.send(std::string(10'000, 'x')));
  server.shut_down(10s);
  EXPECT_FALSE(Client::tcp(port).connected());
  server.run();
  ASSERT_TRUE(eventually([&] { return server.shut_down_done.load(); }));
  ASSERT_EQ(server.stories(), 20u);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(server.story(i).bytes(), 10'000u);
}

TEST(Shutdown, lets_sessions_answer_then_finishes_them) {
  TestServer server;
  server.emitter().set_keeping(true);
  std::atomic<int> outstanding{0};
  Script script;
  script.on_bytes = [&](net::Connection& connection, const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
    Delivery delivery = delivery_of(connection, slab, data, size);
    delivery.receipts.add(connection.receipt(1));
    ++outstanding;
    connection.emit(std::move(delivery));
    return size;
  };
  script.on_receipt = [&](net::Connection& connection, std::uint64_t, bool) {
    --outstanding;
    connection.send("answer");
  };
  script.waiting = [&] { return outstanding != 0; };
  script.answers = [] { return true; };
  const std::uint16_t port = server.listen(script);
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send("x"));
  ASSERT_TRUE(eventually([&] { return server.emitter().kept() == 1; }));
  server.on_main([&] { server.shut_down(20s); });
  server.on_worker([] {});
  EXPECT_FALSE(server.story().is_over()) << "an answer is owed";
  for (Delivery& delivery : server.emitter().take_kept()) delivery.receipts.confirm();
  std::string all;
  EXPECT_EQ(client.read_to_end(&all), Ending::eof);
  EXPECT_EQ(all, "answer");
  ASSERT_TRUE(eventually([&] { return server.shut_down_done.load(); }));
  EXPECT_EQ(server.story().end(), net::End::shutdown);
}

TEST(Shutdown, finishes_all_where_the_listener_does_not_reset) {
  TestServer server;
  net::StreamListen where;
  where.reset_on_close = false;
  const std::uint16_t port = server.listen({}, where);
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send("x"));
  ASSERT_TRUE(eventually([&] { return server.story().bytes() == 1; }));
  server.on_main([&] { server.shut_down(10s); });
  EXPECT_EQ(client.read_to_end(), Ending::eof);
}

TEST(Shutdown, cuts_those_that_still_wait_at_the_deadline) {
  TestServer server;
  Script script;
  script.waiting = [] { return true; };
  const std::uint16_t port = server.listen(script);
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send("x"));
  ASSERT_TRUE(eventually([&] { return server.story().bytes() == 1; }));
  const auto begun = Clock::now();
  server.on_main([&] { server.shut_down(200ms); });
  ASSERT_TRUE(eventually([&] { return server.shut_down_done.load(); }));
  EXPECT_GE(Clock::now() - begun, 200ms);
  EXPECT_EQ(server.story().end(), net::End::shutdown);
  EXPECT_EQ(client.read_to_end(), Ending::reset);
}

TEST(Shutdown, of_a_held_connection_takes_what_has_arrived_once_there_is_room) {
  TestServer server;
  server.emitter().set_full(true);
  Script script;
  script.on_bytes = [](net::Connection& connection, const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
    connection.emit(delivery_of(connection, slab, data, size));
    return size;
  };
  const std::uint16_t port = server.listen(script);
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send("x"));
  ASSERT_TRUE(eventually([&] { return server.emitter().parked() == 1; }));
  ASSERT_TRUE(client.send(std::string(100'000, 'y')));
  server.on_main([&] { server.shut_down(20s); });
  server.on_worker([] {});
  EXPECT_FALSE(server.story().is_over());
  server.emitter().go_on();
  ASSERT_TRUE(eventually([&] { return server.shut_down_done.load(); }));
  EXPECT_EQ(server.story().bytes(), 100'001u);
}

TEST(Shutdown, without_connections_is_done_at_once) {
  TestServer server(3);
  server.listen({});
  server.run();
  server.on_main([&] { server.shut_down(60s); });
  EXPECT_TRUE(eventually([&] { return server.shut_down_done.load(); }));
}

TEST(Shutdown, that_never_comes_closes_the_connections_with_the_workers) {
  std::optional<Client> client;
  {
    TestServer server;
    const std::uint16_t port = server.listen({});
    server.run();
    client.emplace(Client::tcp(port));
    server.story();
  }
  EXPECT_EQ(client->read_to_end(), Ending::reset);
}

}  // namespace
}  // namespace logboom::net_test
