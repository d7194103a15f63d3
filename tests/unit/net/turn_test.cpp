#include "net/turn.hpp"

#include <gtest/gtest.h>

#include "net/net_test_support.hpp"

namespace logboom::net_test {
namespace {

using net::Turn;

TEST(Turn, stays_large_while_rounds_are_short) {
  Turn turn;
  for (int i = 0; i < 100; ++i) turn.after_round(1ms);
  EXPECT_EQ(turn.bytes(), Turn::most);
}

TEST(Turn, is_cut_where_rounds_keep_others_waiting_and_grows_again_afterwards) {
  Turn turn;
  for (int i = 0; i < 20; ++i) turn.after_round(40ms);
  EXPECT_EQ(turn.bytes(), Turn::least) << "never to nothing";
  for (int i = 0; i < 20; ++i) turn.after_round(5ms);
  EXPECT_EQ(turn.bytes(), Turn::least) << "that is neither short nor long";
  for (int i = 0; i < 20; ++i) turn.after_round(1ms);
  EXPECT_EQ(turn.bytes(), Turn::most);
}

/// Each byte of a loud connection's costs a tenth of a microsecond, as with many slow filters.
TEST(Fairness, a_connection_that_keeps_the_worker_busy_does_not_keep_the_quiet_ones_waiting) {
  std::atomic<std::size_t> loud_bytes{0};
  std::atomic<std::size_t> loud_bytes_before{0};  // the quiet one's turn
  TestServer server;
  Script script;
  script.on_bytes = [&](net::Connection& connection, const SlabPtr&, std::uint8_t* data, std::size_t size) {
    if (*data == 'q') {
      loud_bytes_before = loud_bytes.load();
      connection.send("q");
      return size;
    }
    const auto until = Clock::now() + std::chrono::nanoseconds(100 * size);
    while (Clock::now() < until) {
    }
    loud_bytes += size;
    return size;
  };
  const std::uint16_t port = server.listen(script);
  server.run();
  std::vector<Client> loud;
  for (int i = 0; i < 8; ++i) loud.push_back(Client::tcp(port));
  std::atomic<bool> stop{false};
  std::vector<std::thread> senders;
  for (Client& client : loud) {
    senders.emplace_back([&client, &stop, piece = std::string(64 * 1024, 'l')] {
      while (!stop && client.send(piece)) {
      }
    });
  }
  Client quiet = Client::tcp(port);
  std::vector<std::size_t> waited;
  for (int i = 0; i < 40; ++i) {
    const std::size_t begin = loud_bytes;
    ASSERT_TRUE(quiet.send("q"));
    ASSERT_EQ(quiet.receive(1), "q");
    waited.push_back(loud_bytes_before - begin);
  }
  stop = true;
  server.shut_down(100ms);
  for (std::thread& sender : senders) sender.join();
  std::sort(waited.begin() + 10, waited.end());
  EXPECT_LT(waited[25], 1024 * 1024) << "8 turns of 256 KiB would be twice as much";
}

}  // namespace
}  // namespace logboom::net_test
