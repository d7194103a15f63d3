#include <gtest/gtest.h>

#include <algorithm>

#include "net/net_test_support.hpp"

namespace logboom::net_test {
namespace {

/// Emits all that comes, and checks that it is the pattern.
struct PatternReader {
  std::atomic<std::size_t> seen{0};
  std::atomic<std::size_t> wrong{0};
  Script script() {
    Script script;
    script.on_bytes = [this](net::Connection& connection, const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
      const std::size_t at = seen;
      std::size_t others = 0;
      for (std::size_t i = 0; i < size; ++i) others += data[i] != static_cast<std::uint8_t>(pattern_byte(at + i));
      wrong += others;
      connection.emit(delivery_of(connection, slab, data, size));
      seen = at + size;
      return size;
    };
    return script;
  }
};

class Held : public ::testing::TestWithParam<bool> {};

TEST_P(Held, connection_is_not_read_and_loses_nothing_and_a_peer_that_hangs_up_makes_no_work) {
  PatternReader reader;
  TestServer server;
  server.emitter().set_full(true);
  const std::uint16_t port = server.listen(reader.script());
  server.run();
  Client client = Client::tcp(port);
  const std::size_t sent = client.send_until_blocked(std::size_t{64} << 20);
  ASSERT_LT(sent, std::size_t{64} << 20) << "a held connection must make its peer wait";
  ASSERT_TRUE(eventually([&] { return server.emitter().parked() == 1 && reader.seen > 0; }))
      << "one read, then no further";
  const std::size_t held_at = reader.seen;

  const bool resets = GetParam();
  resets ? client.reset() : client.close();
  const auto before = server.worker_time();
  std::this_thread::sleep_for(250ms);
  EXPECT_LT(server.worker_time() - before, 60ms) << "the worker spins";
  EXPECT_EQ(reader.seen, held_at);
  EXPECT_FALSE(server.story().is_over());

  server.emitter().go_on();
  ASSERT_TRUE(eventually([&] { return server.story().is_over(); }));
  EXPECT_EQ(reader.wrong, 0u);
  if (resets) {
    EXPECT_EQ(server.story().end(), net::End::peer_reset);
  } else {
    EXPECT_EQ(server.story().end(), net::End::peer_closed);
    EXPECT_EQ(reader.seen, sent);
  }
}

INSTANTIATE_TEST_SUITE_P(by, Held, ::testing::Bool(),
                         [](const auto& resets) { return resets.param ? "reset" : "close"; });

TEST(Flow, a_held_connection_goes_on_while_its_peer_still_sends_and_is_held_again) {
  PatternReader reader;
  TestServer server;
  server.emitter().set_full(true);
  const std::uint16_t port = server.listen(reader.script());
  server.run();
  Client client = Client::tcp(port);
  const std::string stream = pattern(20'000'000);
  std::thread sender([&] { EXPECT_TRUE(client.send(stream)); });
  for (int round = 0; round < 5; ++round) {
    EXPECT_TRUE(eventually([&] { return server.emitter().parked() == 1 || reader.seen == stream.size(); }));
    server.emitter().go_on();
    EXPECT_TRUE(eventually([&] { return server.emitter().parked() == 0; }));
    server.emitter().set_full(round < 3);
  }
  sender.join();
  EXPECT_TRUE(eventually([&] { return reader.seen == stream.size(); }));
  EXPECT_EQ(reader.wrong, 0u);
}

TEST(Flow, one_held_connection_does_not_disturb_another) {
  TestServer server;
  Script script;
  script.on_bytes = [](net::Connection& connection, const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
    if (*data == 'e') connection.emit(delivery_of(connection, slab, data, size));
    return size;
  };
  const std::uint16_t port = server.listen(script);
  server.emitter().set_full(true);
  server.run();
  Client held = Client::tcp(port);
  ASSERT_TRUE(held.send("e"));
  ASSERT_TRUE(eventually([&] { return server.emitter().parked() == 1; }));
  ASSERT_TRUE(held.send("more"));
  Client other = Client::tcp(port);
  for (std::size_t i = 1; i <= 20; ++i) {
    ASSERT_TRUE(other.send("x"));
    ASSERT_TRUE(eventually([&] { return server.story(1).bytes() == i; }));
  }
  EXPECT_EQ(server.story(0).bytes(), 1u);
}

/// Messages of four bytes, of which it emits whole ones; paused, it goes no further than to the end of one.
struct Fours {
  std::atomic<std::size_t> seen{0};
  bool paused = false;
  Script script() {
    Script script;
    script.on_bytes = [this](net::Connection& connection, const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
      const std::size_t used = paused ? std::min(size, (4 - seen % 4) % 4) : size;
      if (used != 0 && (seen + used) % 4 == 0) connection.emit(delivery_of(connection, slab, data, used));
      seen += used;
      return used;
    };
    script.pause = [this] {
      paused = true;
      return seen % 4 == 0;
    };
    script.go_on = [this] { paused = false; };
    return script;
  }
};

TEST(Flow, what_came_behind_a_message_that_is_held_is_read_once_there_is_room_though_nobody_took_over) {
  Fours fours;
  TestServer server;
  const std::uint16_t port = server.listen(fours.script());
  server.run();
  const auto freeze = [&server](bool on) {
    server.on_main([&] { server.server().freeze(on); });
    server.on_worker([] {});
  };
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send("ab"));
  ASSERT_TRUE(eventually([&] { return fours.seen == 2; }));
  server.emitter().set_full(true);
  freeze(true);
  ASSERT_TRUE(client.send("cdNEXT"));
  ASSERT_TRUE(eventually([&] { return server.emitter().parked() == 1; }));
  freeze(false);
  freeze(true);
  freeze(false);
  EXPECT_EQ(fours.seen, 4u) << "it is still held";
  server.emitter().go_on();
  EXPECT_TRUE(eventually([&] { return fours.seen == 8; }));
}

/// Each byte is a message that asks for an answer; its token is the byte.
struct AckedBytes {
  std::atomic<std::size_t> outstanding{0};
  std::atomic<int> wrong_thread{0};
  std::atomic<int> within_a_call{0};
  std::mutex mutex;
  std::vector<std::pair<std::uint64_t, bool>> outcomes;
  std::thread::id worker;
  bool in_call = false;

  Script script() {
    Script script;
    script.on_bytes = [this](net::Connection& connection, const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
      worker = std::this_thread::get_id();
      in_call = true;
      for (std::size_t i = 0; i < size; ++i) {
        Delivery delivery = delivery_of(connection, slab, data + i, 1);
        ++outstanding;
        delivery.receipts.add(connection.receipt(data[i]));
        connection.emit(std::move(delivery));
      }
      in_call = false;
      return size;
    };
    script.on_receipt = [this](net::Connection& connection, std::uint64_t token, bool confirmed) {
      wrong_thread += std::this_thread::get_id() != worker;
      within_a_call += in_call;
      --outstanding;
      const std::lock_guard lock(mutex);
      outcomes.emplace_back(token, confirmed);
      const char byte = static_cast<char>(token);
      if (confirmed) connection.send({&byte, 1});
    };
    script.waiting = [this] { return outstanding != 0; };
    script.answers = script.waiting;
    return script;
  }
  std::size_t settled() {
    const std::lock_guard lock(mutex);
    return outcomes.size();
  }
};

TEST(Receipts, that_another_thread_settles_reach_the_session_on_its_worker) {
  AckedBytes acked;
  TestServer server;
  server.emitter().set_keeping(true);
  const std::uint16_t port = server.listen(acked.script());
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send("abcdefgh"));
  ASSERT_TRUE(eventually([&] { return server.emitter().kept() == 8; }));
  std::thread other([kept = server.emitter().take_kept()]() mutable {
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (i % 2 == 0) kept[i].receipts.confirm();
    }
  });
  other.join();
  ASSERT_TRUE(eventually([&] { return acked.settled() == 8; }));
  for (const auto& [token, confirmed] : acked.outcomes) EXPECT_EQ(confirmed, (token - 'a') % 2 == 0) << token;
  EXPECT_EQ(acked.wrong_thread, 0);
  EXPECT_EQ(client.receive(4), "aceg");
}

TEST(Receipts, that_settle_at_once_come_after_the_call_that_emitted) {
  AckedBytes acked;
  TestServer server;
  const std::uint16_t port = server.listen(acked.script());
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.send("abcdefgh"));
  EXPECT_EQ(client.receive(8), "abcdefgh");
  EXPECT_EQ(acked.within_a_call, 0);
  EXPECT_EQ(acked.wrong_thread, 0);
}

TEST(Receipts, of_a_connection_that_is_gone_are_harmless) {
  AckedBytes acked;
  TestServer server;
  server.emitter().set_keeping(true);
  const std::uint16_t port = server.listen(acked.script());
  server.run();
  Client gone = Client::tcp(port);
  ASSERT_TRUE(gone.send("abc"));
  ASSERT_TRUE(eventually([&] { return server.emitter().kept() == 3; }));
  gone.reset();
  ASSERT_TRUE(eventually([&] { return server.story(0).is_over(); }));
  for (Delivery& delivery : server.emitter().take_kept()) delivery.receipts.confirm();
  server.emitter().set_keeping(false);
  Client next = Client::tcp(port);
  ASSERT_TRUE(next.send("z"));
  EXPECT_EQ(next.receive(1), "z");
  EXPECT_EQ(acked.settled(), 1u);
}

TEST(Receipts, many_from_several_threads_all_arrive) {
  AckedBytes acked;
  TestServer server;
  server.emitter().set_keeping(true);
  const std::uint16_t port = server.listen(acked.script());
  server.run();
  Client client = Client::tcp(port);
  std::atomic<bool> stop{false};
  std::vector<std::thread> flushers;
  for (int i = 0; i < 3; ++i) {
    flushers.emplace_back([&] {
      while (!stop) {
        for (Delivery& delivery : server.emitter().take_kept()) delivery.receipts.confirm();
        std::this_thread::yield();
      }
    });
  }
  const std::string stream = pattern(20'000);
  EXPECT_TRUE(client.send(stream));
  std::string answers = client.receive(stream.size());
  stop = true;
  for (std::thread& flusher : flushers) flusher.join();
  std::string expected = stream;
  std::sort(expected.begin(), expected.end());
  std::sort(answers.begin(), answers.end());
  EXPECT_EQ(answers, expected);
}

TEST(IdleConnections, hold_no_slab_and_slabs_that_buffers_held_longer_go_back_to_the_system_too) {
  PatternReader reader;
  TestServer server;
  server.emitter().set_keeping(true);
  const std::uint16_t port = server.listen(reader.script());
  server.run();
  std::vector<Client> clients;
  for (int i = 0; i < 30; ++i) clients.push_back(Client::tcp(port));
  for (Client& client : clients) ASSERT_TRUE(client.send(std::string(100'000, 'x')));
  ASSERT_TRUE(eventually([&] { return reader.seen == 3'000'000; }));
  EXPECT_GT(server.slabs(), 5u);
  std::deque<Delivery> kept = server.emitter().take_kept();
  Delivery last = std::move(kept.back());
  kept.clear();
  EXPECT_TRUE(eventually([&] { return server.slabs() == 1; })) << server.slabs();
  last = {};
  EXPECT_TRUE(eventually([&] { return server.slabs() == 0; })) << server.slabs();
  EXPECT_EQ(server.worker().connections(), 30u);
}

}  // namespace
}  // namespace logboom::net_test
