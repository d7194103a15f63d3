#include "net/connection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "net/net_test_support.hpp"

namespace logboom::net_test {
namespace {

/// Takes whole units of `unit` bytes of a pattern, and sees that nothing is lost, repeated or out of order.
struct UnitReader {
  explicit UnitReader(std::size_t size) : unit(size) {}
  std::size_t read(const SlabPtr& slab, const std::uint8_t* data, std::size_t size) {
    for (std::size_t i = seen - base; i < size; ++i)
      wrong += data[i] != static_cast<std::uint8_t>(pattern_byte(base + i));
    if (size > 0) wrong += data[0] != static_cast<std::uint8_t>(pattern_byte(base));
    shrunk += base + size <= seen;
    seen = base + size;
    const std::size_t used = size / unit * unit;
    base += used;
    widest = std::max(widest, size);
    wasteful += slab->capacity() > 4 * size + 512 * 1024;
    return used;
  }
  std::size_t unit;
  std::size_t base = 0;  // of the stream: where unconsumed bytes begin
  std::size_t seen = 0;
  std::size_t widest = 0;
  std::size_t wrong = 0, shrunk = 0, wasteful = 0;
};

class Residue : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Residue, comes_again_with_more_behind_it_in_memory_that_grows_with_what_was_received) {
  const std::size_t unit = GetParam() + 1;
  const std::size_t total = std::max<std::size_t>(unit * 3, 1'000'000 / unit * unit) + unit - 1;
  const auto reader = std::make_shared<UnitReader>(unit);
  TestServer server;
  Script script;
  script.on_bytes = [reader](net::Connection&, const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
    return reader->read(slab, data, size);
  };
  Client client = Client::tcp(server.listen(script));
  server.run();
  const std::string stream = pattern(total);
  ASSERT_TRUE(client.send(std::string_view(stream).substr(0, unit - 1)));
  ASSERT_TRUE(
      eventually([&] { return server.metric("logboom_input_bytes_total") == static_cast<std::int64_t>(unit - 1); }));
  ASSERT_TRUE(client.send(std::string_view(stream).substr(unit - 1)));
  client.close();
  ASSERT_TRUE(eventually([&] { return server.story().is_over(); }));
  EXPECT_EQ(server.story().end(), net::End::peer_closed);
  EXPECT_EQ(server.story().bytes(), total - (unit - 1));
  EXPECT_EQ(server.story().unconsumed(), unit - 1);
  EXPECT_EQ(reader->seen, total);
  EXPECT_EQ(reader->wrong, 0u);
  EXPECT_EQ(reader->shrunk, 0u) << "each call brings more";
  EXPECT_EQ(reader->wasteful, 0u) << "memory follows what was received";
  EXPECT_GE(reader->widest, unit);
}

INSTANTIATE_TEST_SUITE_P(of_each_size, Residue,
                         ::testing::Values(1, 4096, 65535, 65536, 65537, 70'000, 256 * 1024, 1024 * 1024, 3'000'000));

TEST(Connection, events_that_are_emitted_keep_their_bytes_while_others_read_on) {
  TestServer server;
  server.emitter().set_keeping(true);
  Script script;
  script.on_bytes = [](net::Connection& connection, const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
    const std::size_t used = size / 1000 * 1000;
    if (used > 0) connection.emit(delivery_of(connection, slab, data, used));
    return used;
  };
  const std::uint16_t port = server.listen(script);
  server.run();
  Client one = Client::tcp(port);
  Client two = Client::tcp(port);
  const std::string first(500'000, 'a');
  const std::string second(500'000, 'b');
  for (std::size_t at = 0; at < first.size(); at += 3'100) {
    ASSERT_TRUE(one.send(std::string_view(first).substr(at, 3'100)));
    ASSERT_TRUE(two.send(std::string_view(second).substr(at, 3'100)));
  }
  ASSERT_TRUE(eventually([&] { return server.story(0).bytes() + server.story(1).bytes() == 1'000'000; }));
  std::size_t a = 0, b = 0;
  for (const Delivery& delivery : server.emitter().take_kept()) {
    for (const Span& span : delivery.batch->spans()) {
      const auto* begin = reinterpret_cast<const char*>(span.data);
      ASSERT_EQ(std::count(begin, begin + span.size, *begin), static_cast<std::ptrdiff_t>(span.size));
      (*begin == 'a' ? a : b) += span.size;
    }
  }
  EXPECT_EQ(a, 500'000u);
  EXPECT_EQ(b, 500'000u);
}

TEST(Connection, a_session_hears_of_its_peer) {
  TestServer server;
  const std::uint16_t port = server.listen({});
  server.run();
  Client client = Client::tcp(port);
  Story& story = server.story();
  EXPECT_EQ(story.peer_address, "127.0.0.1");
  EXPECT_EQ(story.peer_host, "127.0.0.1");
  EXPECT_TRUE(story.peer.starts_with("127.0.0.1:")) << story.peer;
}

TEST(Connection, a_reset_by_the_peer_is_told_apart_from_its_close) {
  TestServer server;
  const std::uint16_t port = server.listen({});
  server.run();
  Client one = Client::tcp(port);
  ASSERT_TRUE(one.send("x"));
  ASSERT_TRUE(eventually([&] { return server.story(0).bytes() == 1; }));
  one.reset();
  ASSERT_TRUE(eventually([&] { return server.story(0).is_over(); }));
  EXPECT_EQ(server.story(0).end(), net::End::peer_reset);
  Client two = Client::tcp(port);
  two.close();
  ASSERT_TRUE(eventually([&] { return server.story(1).is_over(); }));
  EXPECT_EQ(server.story(1).end(), net::End::peer_closed);
  EXPECT_TRUE(eventually([&] { return server.metric("logboom_input_connections") == 0; }));
  EXPECT_EQ(server.metric("logboom_input_connections_total"), 2);
}

TEST(Connection, a_timer_fires_once_and_the_later_call_counts) {
  TestServer server;
  std::atomic<int> fired{0};
  const auto set = Clock::now();
  std::atomic<Clock::rep> at{0};
  Script script;
  script.on_open = [](net::Connection& connection) {
    connection.set_timer(5ms);
    connection.set_timer(150ms);
  };
  script.on_timer = [&](net::Connection&) {
    at = Clock::now().time_since_epoch().count();
    ++fired;
  };
  script.on_bytes = [](net::Connection& connection, const SlabPtr&, std::uint8_t*, std::size_t size) {
    connection.set_timer(60s);
    connection.set_timer(1ms);
    return size;
  };
  const std::uint16_t port = server.listen(script);
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(eventually([&] { return fired == 1; }));
  EXPECT_GE(Clock::time_point(Clock::duration(at)) - set, 150ms);
  ASSERT_TRUE(client.send("x"));
  EXPECT_TRUE(eventually([&] { return fired == 2; }));
}

TEST(Connection, timers_of_many_connections_all_fire_and_may_be_set_again_when_they_do) {
  TestServer server;
  std::mutex mutex;
  std::vector<std::size_t> order;
  std::atomic<std::size_t> index{0};
  std::map<net::Connection*, std::size_t> of;
  Script script;
  script.on_open = [&](net::Connection& connection) {
    of[&connection] = index;
    connection.set_timer(std::chrono::milliseconds(300 - 10 * static_cast<int>(index++)));
  };
  script.on_timer = [&](net::Connection& connection) {
    const std::lock_guard lock(mutex);
    order.push_back(of[&connection]);
    if (order.size() <= 20) connection.set_timer(1ms);
  };
  const std::uint16_t port = server.listen(script);
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(Client::tcp(port));
  server.run();
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return order.size() == 40;
  }));
  for (std::size_t i = 0; i < 20; ++i) EXPECT_GE(std::count(order.begin(), order.end(), i), 1) << i;
}

TEST(Connection, an_exception_costs_only_the_connection_that_it_came_from) {
  TestServer server;
  Script script;
  script.on_bytes = [](net::Connection&, const SlabPtr&, std::uint8_t* data, std::size_t size) {
    if (*data == '!') throw std::runtime_error("the session broke");
    return size;
  };
  const std::uint16_t port = server.listen(script);
  Script refusing;
  refusing.on_open = [](net::Connection&) { throw std::runtime_error("no session"); };
  const std::uint16_t refusing_port = server.listen(refusing);
  server.run();
  Client good = Client::tcp(port);
  Client bad = Client::tcp(port);
  Client refused = Client::tcp(refusing_port);
  ASSERT_TRUE(bad.send("!"));
  EXPECT_EQ(bad.read_to_end(), Ending::reset);
  EXPECT_EQ(refused.read_to_end(), Ending::reset);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(good.send("x"));
    ASSERT_TRUE(eventually([&] { return server.story(0).bytes() == static_cast<std::size_t>(i + 1); }));
  }
  EXPECT_EQ(server.log().count("the session broke"), 1u);
  EXPECT_EQ(server.log().count("no session"), 1u);
  EXPECT_EQ(server.worker().connections(), 1u);
}

}  // namespace
}  // namespace logboom::net_test
