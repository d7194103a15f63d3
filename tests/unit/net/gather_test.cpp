#include "net/gather.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "net/lanes.hpp"
#include "net/net_test_support.hpp"

namespace logboom::net_test {
namespace {

using net::Gather;
using net::Lanes;
using Lane = net::Lanes::Lane;

/// Rounds of `reads` sockets each, `every` apart, of `size` bytes a read; returns how many of them asked for a wait.
struct Rounds {
  Gather gather;
  Gather::Clock::time_point now{std::chrono::hours(1)};
  int run(int rounds, std::size_t reads, std::chrono::microseconds every, std::size_t size = 400) {
    int waits = 0;
    for (int i = 0; i < rounds; ++i) {
      now += every;
      const auto wait = gather.after_round(reads, reads * size, now);
      EXPECT_LE(wait, Gather::longest_wait);
      waits += wait.count() > 0;
    }
    return waits;
  }
};

TEST(Gather, never_waits_while_little_comes) {
  Rounds rounds;
  EXPECT_EQ(rounds.run(1000, 1, 1ms), 0);
  EXPECT_EQ(rounds.run(1000, 1, 500us), 0) << "2,000 events a second";
  EXPECT_EQ(rounds.run(1000, 2, 1ms), 0);
}

TEST(Gather, waits_once_a_round_of_reads_saves_many_system_calls) {
  Rounds busy_alone;
  EXPECT_GT(busy_alone.run(1000, 1, 20us), 500) << "one at a time, 50 a millisecond";
  Rounds busy_together;
  EXPECT_GT(busy_together.run(100, 50, 1ms), 90);
}

TEST(Gather, stops_waiting_soon_after_the_burst) {
  Rounds rounds;
  ASSERT_GT(rounds.run(100, 100, 1ms), 90);
  EXPECT_LE(rounds.run(100, 0, 1ms), 20);
  EXPECT_EQ(rounds.run(100, 1, 1ms), 0);
}

TEST(Gather, does_not_wait_where_reads_are_large_already) {
  Rounds rounds;
  EXPECT_EQ(rounds.run(1000, 50, 1ms, 64 * 1024), 0);
}

struct Pair {
  Pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0); }
  ~Pair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  void fill() const { EXPECT_EQ(::send(ends[1], "x", 1, 0), 1); }
  void empty() const {
    char space[16];
    EXPECT_GT(::recv(ends[0], space, sizeof space, 0), 0);
  }
  std::array<int, 2> ends{};
};

bool is_readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

TEST(Lanes, gathered_connections_wake_nobody_once_the_gate_has_reported_but_prompt_ones_do) {
  Lanes lanes;
  Pair gathered, late, prompt;
  lanes.add(gathered.ends[0], &gathered, Lane::gathered, true, false);
  lanes.add(late.ends[0], &late, Lane::gathered, true, false);
  lanes.add(prompt.ends[0], &prompt, Lane::prompt, true, false);
  EXPECT_FALSE(is_readable(lanes.fd()));

  gathered.fill();
  EXPECT_TRUE(is_readable(lanes.fd()));
  const Lanes::Report first = lanes.look();
  EXPECT_TRUE(first.gathered);
  EXPECT_FALSE(first.prompt);
  late.fill();
  EXPECT_FALSE(is_readable(lanes.fd())) << "the gate is shut";

  prompt.fill();
  EXPECT_TRUE(is_readable(lanes.fd()));
  const Lanes::Report second = lanes.look();
  EXPECT_TRUE(second.prompt);
  EXPECT_FALSE(second.gathered);
  prompt.empty();
  EXPECT_FALSE(is_readable(lanes.fd()));

  std::array<epoll_event, 8> space;
  EXPECT_EQ(lanes.ready(Lane::gathered, space).size(), 2u);
  EXPECT_EQ(lanes.ready(Lane::prompt, space).size(), 0u);
  lanes.open_gate();
  EXPECT_TRUE(is_readable(lanes.fd())) << "what became ready meanwhile is not forgotten";
  EXPECT_TRUE(lanes.look().gathered);
}

TEST(Lanes, a_connection_moves_from_one_to_the_other) {
  Lanes lanes;
  Pair pair;
  lanes.add(pair.ends[0], &pair, Lane::gathered, true, false);
  pair.fill();
  lanes.remove(pair.ends[0], Lane::gathered);
  EXPECT_FALSE(is_readable(lanes.fd()));
  lanes.add(pair.ends[0], &pair, Lane::prompt, true, false);
  EXPECT_TRUE(lanes.look().prompt);
  std::array<epoll_event, 8> space;
  const auto ready = lanes.ready(Lane::prompt, space);
  ASSERT_EQ(ready.size(), 1u);
  void* const at = ready[0].data.ptr;  // the struct is packed
  EXPECT_EQ(at, &pair);
  lanes.change(pair.ends[0], &pair, Lane::prompt, false, true);
  const auto writable = lanes.ready(Lane::prompt, space);
  ASSERT_EQ(writable.size(), 1u);
  EXPECT_EQ(writable[0].events, std::uint32_t{EPOLLOUT});
}

/// 'p' makes the connection prompt; each byte is sent back.
Script echo() {
  Script script;
  script.on_bytes = [](net::Connection& connection, const SlabPtr&, std::uint8_t* data, std::size_t size) {
    if (*data == 'p') connection.prompt();
    if (*data != '.') connection.send({reinterpret_cast<const char*>(data), size});
    return size;
  };
  return script;
}

TEST(Gathering, loses_nothing_and_answers_prompt_connections_while_others_are_busy) {
  TestServer server;
  const std::uint16_t port = server.listen(echo());
  server.run();
  std::vector<Client> busy;
  for (int i = 0; i < 60; ++i) busy.push_back(Client::tcp(port));
  std::atomic<bool> stop{false};
  std::atomic<std::size_t> sent{0};
  std::thread sender([&] {
    while (!stop) {
      for (Client& client : busy) sent += client.send("....") ? 4 : 0;
    }
  });
  Client prompt = Client::tcp(port);
  Client gathered = Client::tcp(port);
  int answered = 0;
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(prompt.send("p") && gathered.send("g"));
    answered += prompt.receive(1) == "p" && gathered.receive(1) == "g";
  }
  stop = true;
  sender.join();
  EXPECT_EQ(answered, 200);
  EXPECT_TRUE(
      eventually([&] { return server.metric("logboom_input_bytes_total") == static_cast<std::int64_t>(sent + 400); }));
}

}  // namespace
}  // namespace logboom::net_test
