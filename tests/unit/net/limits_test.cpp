#include <gmock/gmock.h>
#include <atomic>

#include "net/net_test_support.hpp"

namespace logboom::net_test {
namespace {

std::int64_t errors(TestServer& server, std::string_view reason) {
  return static_cast<std::int64_t>(server.host().errors(reason).value());
}

net::StreamListen limited(const std::function<void(LimitOptions&)>& set) {
  net::StreamListen where;
  where.bind = "127.0.0.1";
  set(where.limits);
  return where;
}

/// Sessions that have yet to be shown who they are until they get an `!`.
Script greeter() {
  Script script;
  script.on_open = [](net::Connection& connection) { connection.half_open(true); };
  script.on_bytes = [](net::Connection& connection, const SlabPtr&, std::uint8_t* data, std::size_t size) {
    if (*data == '!') connection.half_open(false);
    return size;
  };
  return script;
}

TEST(Limits, connections_beyond_the_number_are_reset_until_one_has_ended) {
  TestServer server;
  const std::uint16_t port = server.listen({}, limited([](LimitOptions& limits) { limits.connections = 2; }));
  server.run();
  Client one = Client::tcp(port);
  Client two = Client::tcp(port);
  ASSERT_TRUE(eventually([&] { return server.stories() == 2; }));
  Client three = Client::tcp(port);
  EXPECT_EQ(three.read_to_end(), Ending::reset);
  EXPECT_EQ(errors(server, "too_many_connections"), 1);
  EXPECT_EQ(server.log().count("<limits> connections)"), 1u);
  one.close();
  ASSERT_TRUE(eventually([&] { return server.over() == 1; }));
  ASSERT_TRUE(eventually([&] {
    Client again = Client::tcp(port);
    return again.send("x") && server.stories() > 2;
  }));
}

TEST(Limits, one_address_may_have_so_many_and_others_do_not_notice) {
  TestServer server;
  net::StreamListen where = limited([](LimitOptions& limits) { limits.connections_per_address = 2; });
  where.bind = "::";
  const std::uint16_t port = server.listen({}, where);
  server.run();
  Client one = Client::tcp(port);
  Client two = Client::tcp(port);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Client::tcp(port).read_to_end(), Ending::reset);
  Client other = Client::tcp6(port);
  ASSERT_TRUE(eventually([&] { return server.stories() == 3; }));
  EXPECT_EQ(errors(server, "too_many_of_address"), 5);
  EXPECT_EQ(server.log().count("connections_per_address"), 1u) << "one line a minute";
  two.close();
  ASSERT_TRUE(eventually([&] {
    Client again = Client::tcp(port);
    return again.send("x") && server.stories() > 3;
  }));
}

TEST(Limits, oldest_half_open_connection_makes_room_and_others_stay) {
  TestServer server(2);
  const std::uint16_t port = server.listen(greeter(), limited([](LimitOptions& limits) { limits.half_open = 3; }));
  server.run();
  std::vector<Client> known;
  for (int i = 0; i < 4; ++i) {
    known.push_back(Client::tcp(port));
    ASSERT_TRUE(known.back().send("!"));
    ASSERT_TRUE(eventually([&] {
      return server.stories() == static_cast<std::size_t>(i + 1) &&
             server.story(static_cast<std::size_t>(i)).bytes() == 1;
    }));
  }
  EXPECT_EQ(server.metric("logboom_input_half_open_connections"), 0);
  std::vector<Client> silent;
  for (std::size_t i = 0; i < 5; ++i) {
    silent.push_back(Client::tcp(port));
    ASSERT_TRUE(eventually([&] { return server.stories() == 5 + i; }));
  }
  EXPECT_EQ(silent[0].read_to_end(), Ending::reset);
  EXPECT_EQ(silent[1].read_to_end(), Ending::reset);
  EXPECT_EQ(errors(server, "half_open_evicted"), 2);
  EXPECT_EQ(server.metric("logboom_input_half_open_connections"), 3);
  ASSERT_TRUE(silent[2].send("!"));
  ASSERT_TRUE(eventually([&] { return server.metric("logboom_input_half_open_connections") == 2; }));
  ASSERT_TRUE(eventually([&] { return server.over() == 2; }));
  for (Client& client : known) EXPECT_TRUE(client.send("x"));
  ASSERT_TRUE(eventually([&] { return server.story(3).bytes() == 2; }));
}

TEST(Limits, message_that_is_too_large_for_its_connection_resets_it) {
  std::atomic<std::size_t> offered{0};
  TestServer server;
  Script script;
  script.on_bytes = [&offered](net::Connection&, const SlabPtr&, std::uint8_t*, std::size_t size) {
    offered = size;
    return std::size_t{0};
  };
  const std::uint16_t port =
      server.listen(script, limited([](LimitOptions& limits) { limits.bytes_per_connection.bytes = 100'000; }));
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send(pattern(100'000)));
  ASSERT_TRUE(eventually([&] { return offered == 100'000; }));
  EXPECT_EQ(server.over(), 0u);
  client.send("x");
  EXPECT_EQ(client.read_to_end(), Ending::reset);
  EXPECT_EQ(errors(server, "bytes_per_connection"), 1);
}

TEST(Limits, what_all_connections_hold_together_is_bounded_and_comes_back) {
  TestServer server;
  server.server().connection_memory().resize(3'000'000);
  Script script;
  script.on_bytes = [](net::Connection& connection, const SlabPtr&, std::uint8_t* data, std::size_t size) {
    connection.holds(*data == 'h' ? 1'000'000 : 0);
    return *data == 'k' ? 0 : size;
  };
  const std::uint16_t port = server.listen(script);
  server.run();
  std::vector<Client> clients;
  for (std::size_t i = 0; i < 3; ++i) {
    clients.push_back(Client::tcp(port));
    ASSERT_TRUE(clients.back().send("h"));
    ASSERT_TRUE(eventually([&] { return server.stories() == i + 1 && server.story(i).bytes() == 1; }));
  }
  ASSERT_TRUE(eventually([&] { return server.server().connection_memory().in_use() == 3'000'000; }));
  Client beyond = Client::tcp(port);
  ASSERT_TRUE(beyond.send("h"));
  EXPECT_EQ(beyond.read_to_end(), Ending::reset);
  EXPECT_EQ(errors(server, "connection_memory"), 1);
  ASSERT_TRUE(clients[0].send("-"));
  clients[1].close();
  ASSERT_TRUE(eventually([&] { return server.server().connection_memory().in_use() == 1'000'000; }));
  Client keeps = Client::tcp(port);
  ASSERT_TRUE(keeps.send("k" + pattern(400'000)));
  ASSERT_TRUE(eventually([&] { return server.server().connection_memory().in_use() >= 1'400'000; }));
  keeps.close();
  ASSERT_TRUE(eventually([&] { return server.server().connection_memory().in_use() == 1'000'000; }));
}

TEST(Limits, answers_that_a_client_does_not_read_count) {
  constexpr std::size_t answer = 8'000'000;
  TestServer server;
  DecompressBudget& memory = server.server().connection_memory();
  Script script;
  script.on_bytes = [](net::Connection& connection, const SlabPtr&, std::uint8_t*, std::size_t size) {
    connection.send(pattern(answer));
    return size;
  };
  const std::uint16_t port = server.listen(script);
  server.run();
  Client reads_late = Client::tcp(port, 4096);
  ASSERT_TRUE(reads_late.send("x"));
  ASSERT_TRUE(eventually([&] { return memory.in_use() > 500'000; }));
  EXPECT_EQ(reads_late.receive(answer).size(), answer);
  ASSERT_TRUE(eventually([&] { return memory.in_use() == 0; }));
  memory.resize(100'000);
  Client beyond = Client::tcp(port, 4096);
  ASSERT_TRUE(beyond.send("x"));
  EXPECT_EQ(beyond.read_to_end(), Ending::reset);
  EXPECT_EQ(errors(server, "connection_memory"), 1);
}

TEST(Limits, answers_that_a_client_does_not_read_are_too_much_for_its_connection) {
  TestServer server;
  Script script;
  script.on_bytes = [](net::Connection& connection, const SlabPtr&, std::uint8_t*, std::size_t size) {
    connection.send(pattern(8'000'000));
    return size;
  };
  const std::uint16_t port =
      server.listen(script, limited([](LimitOptions& limits) { limits.bytes_per_connection.bytes = 100'000; }));
  server.run();
  Client client = Client::tcp(port, 4096);
  ASSERT_TRUE(client.send("x"));
  EXPECT_EQ(client.read_to_end(), Ending::reset);
  EXPECT_EQ(errors(server, "bytes_per_connection"), 1);
}

TEST(Limits, idle_connections_end_where_nothing_can_be_lost) {
  TestServer server;
  std::atomic<bool> answers{false};
  Script script;
  script.answers = [&answers] { return answers.load(); };
  const std::uint16_t port =
      server.listen(script, limited([](LimitOptions& limits) { limits.idle_timeout = std::chrono::seconds(1); }));
  server.run();
  Client silent = Client::tcp(port);
  Client docker = Client::tcp(port);
  ASSERT_TRUE(docker.send("a line, and no answer is waited for"));
  EXPECT_EQ(silent.read_to_end(), Ending::reset) << "it has never said anything";
  ASSERT_TRUE(eventually([&] { return server.over() == 1; }));
  EXPECT_EQ(errors(server, "idle"), 1);
  answers = true;
  EXPECT_EQ(docker.read_to_end(), Ending::eof) << "its client waits for answers, and would send again";
  EXPECT_EQ(errors(server, "idle"), 2);
}

TEST(Limits, connection_that_waits_for_something_is_not_idle) {
  TestServer server;
  std::atomic<bool> waiting{true};
  Script script;
  script.answers = [] { return true; };
  script.waiting = [&waiting] { return waiting.load(); };
  const std::uint16_t port =
      server.listen(script, limited([](LimitOptions& limits) { limits.idle_timeout = std::chrono::milliseconds(50); }));
  server.run();
  Client waits = Client::tcp(port);
  ASSERT_TRUE(waits.send("x"));
  ASSERT_TRUE(eventually([&] { return server.stories() == 1 && server.story().bytes() == 1; }));
  std::atomic<int> sweeps{0};
  for (int i = 0; i < 3; ++i) {
    server.worker().sweep();
    server.on_worker([&sweeps] { ++sweeps; });
  }
  EXPECT_EQ(sweeps, 3);
  EXPECT_EQ(server.over(), 0u);
  waiting = false;
  EXPECT_EQ(waits.read_to_end(), Ending::eof);
}

}  // namespace
}  // namespace logboom::net_test
