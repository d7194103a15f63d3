#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net.hpp"
#include "payload.hpp"

namespace logboom::bench {

struct SendPlan {
  Address to;
  std::size_t connections = 8;
  std::uint64_t events = 1'000'000;
  std::uint64_t first_seq = 0;
  std::size_t events_per_write = 1;
  double rate = 0;  // events a second, open loop; 0: as fast as the sockets take them
  std::int64_t step_ns = 100'000;
  double max_seconds = 60;
  double drain_seconds = 10;
  int sndbuf = 0;
};

struct SendResult {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint64_t writes = 0;   // calls of send() that took bytes
  std::uint64_t blocked = 0;  // calls that found the socket full
  std::uint64_t acks = 0;
  std::uint64_t bad_acks = 0;
  std::uint64_t late = 0;  // events handed to the kernel more than 1 ms behind the schedule of an open loop
  std::uint64_t lost_connections = 0;
  std::uint64_t drained = 0;  // connections whose peer read to the end and closed
  double max_lag_ms = 0;
  double send_seconds = 0;
  double seconds = 0;  // until the peer had read everything, where drained
  double cpu_seconds = 0;
  bool complete = false;  // all events written and, where asked for, acknowledged
};

// Sends plan.events over plan.connections, each with at most one piece under way; with acks a connection waits for
// each chunk's before its next. Single-threaded.
class Sender {
 public:
  // Connects and builds all payloads, so that the clock starts with the first byte.
  // Throws std::system_error when a connection is refused.
  Sender(const SendPlan& plan, PayloadBuilder& builder);

  // Once. Leaves the connections open.
  SendResult run();
  // After run(): shuts the sending sides down and waits until every peer has closed, at most drain_seconds.
  void drain();

  const SendResult& result() const { return result_; }

 private:
  struct Connection {
    Fd fd;
    std::vector<Unit> ring;
    std::size_t next_unit = 0;
    Unit tail;
    std::string_view out;
    std::string expected_ack;
    std::string received;
    bool writable = true;
    bool has_input = false;
  };

  void connect_all();
  void build_payloads();
  bool done() const;
  bool advance(Connection& connection);
  bool load_next(Connection& connection);
  bool flush(Connection& connection);
  void read_acks(Connection& connection);
  void lose(Connection& connection);
  void wait_events(int timeout_ms);
  bool due(std::int64_t now) const;
  void note_lag(std::size_t events);
  void send_pass();

  const SendPlan plan_;
  PayloadBuilder& builder_;
  Fd epoll_;
  std::vector<Connection> connections_;
  std::vector<std::string> prebuilt_;
  std::size_t cursor_ = 0;
  std::uint64_t next_event_ = 0;
  std::uint64_t next_chunk_ = 0;
  std::uint64_t pending_ = 0;  // connections with bytes to write or an ack to come
  std::size_t unavailable_ = 0;
  std::int64_t start_ns_ = 0;
  double start_cpu_ = 0;
  SendResult result_;
};

}  // namespace logboom::bench
