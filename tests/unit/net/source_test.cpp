#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/net_test_support.hpp"

namespace logboom::net_test {
namespace {

/// One event of these bytes.
void emit(net::Source& source, std::string_view bytes) {
  const SlabPtr slab(Slab::make(bytes.size()));
  std::copy(bytes.begin(), bytes.end(), slab->data());
  source.emit(delivery_of(source, slab, slab->data(), bytes.size()));
}

std::string text_of(const std::deque<Delivery>& deliveries) {
  std::string text;
  for (const Delivery& delivery : deliveries) {
    for (const Span& span : delivery.batch->spans()) text.append(reinterpret_cast<const char*>(span.data), span.size);
    text += '|';
  }
  return text;
}

/// Emits each datagram as it is.
struct Datagrams {
  std::atomic<std::size_t> seen{0};
  std::atomic<std::size_t> truncated{0};
  std::atomic<std::size_t> pauses{0};
  std::string peer, address, host;  // of the last, when `seen` has counted it

  struct Session final : net::DatagramSession {
    Session(net::Source& to, Datagrams& all) : source(to), story(all) {}
    void on_datagram(const net::Datagram& datagram) override {
      if (datagram.text() == "throw") throw std::runtime_error("a bad one");
      story.peer = datagram.peer();
      story.address = datagram.peer_address();
      story.host = datagram.peer_host();
      story.truncated += datagram.truncated() ? 1U : 0U;
      emit(source, datagram.text());
      datagram.reply("got it");
      ++story.seen;
    }
    void on_pause() override { ++story.pauses; }
    net::Source& source;
    Datagrams& story;
  };

  void listen(TestServer& server, const net::DatagramListen& where) {
    server.host().listen_datagram(where,
                                  [this](net::Source& source) { return std::make_unique<Session>(source, *this); });
  }
};

/// Where the server listens, from its log.
std::uint16_t udp_port(TestServer& server) {
  const std::string_view prefix = "udp://127.0.0.1:";
  for (const std::string& line : server.log().lines()) {
    const std::size_t at = line.find(prefix);
    if (at != std::string::npos) return static_cast<std::uint16_t>(std::stoi(line.substr(at + prefix.size())));
  }
  return 0;
}

class UdpClient {
 public:
  explicit UdpClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~UdpClient() { ::close(fd_); }
  void send(std::string_view bytes) { EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), 0), std::ssize(bytes)); }
  std::string receive() {
    char space[64];
    const ssize_t got = ::recv(fd_, space, sizeof space, 0);
    return got < 0 ? "nothing" : std::string(space, static_cast<std::size_t>(got));
  }

 private:
  int fd_;
};

net::DatagramListen on_loopback() {
  net::DatagramListen where;
  where.bind = "127.0.0.1";
  return where;
}

TEST(DatagramSource, datagrams_become_events_and_can_be_answered) {
  Datagrams datagrams;
  TestServer server;
  server.emitter().set_keeping(true);
  datagrams.listen(server, on_loopback());
  server.run();
  UdpClient client(udp_port(server));
  client.send("one");
  client.send("");
  client.send("three");
  EXPECT_EQ(client.receive(), "got it");
  ASSERT_TRUE(eventually([&] { return datagrams.seen == 3; }));
  EXPECT_EQ(text_of(server.emitter().take_kept()), "one||three|");
  EXPECT_THAT(datagrams.peer, ::testing::StartsWith("127.0.0.1:"));
  EXPECT_EQ(datagrams.address, "127.0.0.1");
  EXPECT_EQ(datagrams.host, "127.0.0.1");
  EXPECT_EQ(server.metric("logboom_input_datagrams_total"), 3);
  EXPECT_TRUE(eventually([&] { return server.metric("logboom_input_bytes_total") == 8 && datagrams.pauses >= 1; }));
}

TEST(DatagramSource, what_is_longer_than_the_limit_is_cut_and_says_so) {
  Datagrams datagrams;
  TestServer server;
  server.emitter().set_keeping(true);
  net::DatagramListen where = on_loopback();
  where.max_size = 5;
  datagrams.listen(server, where);
  server.run();
  UdpClient client(udp_port(server));
  client.send("12345");
  client.send("123456");
  ASSERT_TRUE(eventually([&] { return datagrams.seen == 2; }));
  EXPECT_EQ(text_of(server.emitter().take_kept()), "12345|12345|");
  EXPECT_EQ(datagrams.truncated, 1u);
}

TEST(DatagramSource, while_it_is_held_nothing_is_read_and_what_the_kernel_drops_is_counted) {
  Datagrams datagrams;
  TestServer server;
  server.emitter().set_full(true);
  net::DatagramListen where = on_loopback();
  where.receive_buffer = 4096;
  datagrams.listen(server, where);
  server.run();
  UdpClient client(udp_port(server));
  client.send("first");
  ASSERT_TRUE(eventually([&] { return server.emitter().parked() == 1 && datagrams.seen == 1; }));
  for (int i = 0; i < 500; ++i) client.send(std::string(100, 'x'));
  const std::size_t seen = datagrams.seen;
  EXPECT_EQ(seen, 1u);
  server.emitter().go_on();
  ASSERT_TRUE(eventually([&] { return datagrams.seen > 1; }));
  client.send("last");
  ASSERT_TRUE(eventually([&] {
    return static_cast<std::int64_t>(datagrams.seen) + server.metric("logboom_input_kernel_dropped_datagrams_total") ==
           502;
  }));
  EXPECT_GT(server.metric("logboom_input_kernel_dropped_datagrams_total"), 0);
}

TEST(DatagramSource, shutdown_reads_what_has_arrived_and_waits_until_it_is_held_no_more) {
  Datagrams datagrams;
  TestServer server;
  server.emitter().set_full(true);
  datagrams.listen(server, on_loopback());
  server.run();
  UdpClient client(udp_port(server));
  client.send("a");
  ASSERT_TRUE(eventually([&] { return server.emitter().parked() == 1; }));
  client.send("b");
  client.send("c");
  server.on_main([&] { server.shut_down(20s); });
  server.on_worker([] {});
  EXPECT_FALSE(server.shut_down_done);
  server.emitter().go_on();
  ASSERT_TRUE(eventually([&] { return server.shut_down_done.load(); }));
  EXPECT_EQ(datagrams.seen, 3u);
}

TEST(DatagramSource, an_exception_is_logged_and_the_socket_goes_on) {
  Datagrams datagrams;
  TestServer server;
  datagrams.listen(server, on_loopback());
  server.run();
  UdpClient client(udp_port(server));
  client.send("throw");
  ASSERT_TRUE(eventually([&] { return server.log().count("a bad one; it goes on") == 1; }));
  client.send("ok");
  EXPECT_EQ(client.receive(), "got it");
}

TEST(DatagramSource, listens_on_a_path_too_and_removes_the_file_at_the_end) {
  const std::string path = cat("/tmp/lb-", ::getpid(), "-datagrams");
  { std::ofstream stale(path); }
  Datagrams datagrams;
  TestServer server;
  net::DatagramListen where;
  where.unix_path = path;
  where.unix_mode = 0600;
  EXPECT_THROW(datagrams.listen(server, where), std::runtime_error) << "a file that is no socket is not ours to remove";
  std::filesystem::remove(path);
  datagrams.listen(server, where);
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
  server.run();
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::sendto(fd, "hello", 5, 0, reinterpret_cast<sockaddr*>(&address), sizeof address), 5);
  ASSERT_TRUE(eventually([&] { return datagrams.seen == 1; }));
  EXPECT_EQ(datagrams.peer, "unix");
  ::close(fd);
  server.on_main([&] { server.shut_down(20s); });
  ASSERT_TRUE(eventually([&] { return server.shut_down_done.load(); }));
  EXPECT_FALSE(std::filesystem::exists(path));
}

/// Emits "tick" at each timer.
struct Ticks {
  std::atomic<std::size_t> ticks{0};
  std::atomic<std::size_t> confirmed{0};
  std::atomic<bool> stopped{false};
  std::atomic<bool> waits{false};

  struct Tick final : net::Task {
    Tick(net::Source& to, Ticks& all) : source(to), story(all) { source.set_timer(0s); }
    void on_timer() override {
      source.set_timer(1ms);
      ++story.ticks;
      const SlabPtr slab(Slab::make(4));
      Delivery delivery = delivery_of(source, slab, slab->data(), 4);
      delivery.receipts.add(source.receipt(7));
      source.emit(std::move(delivery));
    }
    void on_receipt(std::uint64_t token, bool safe) override { story.confirmed += token == 7 && safe ? 1U : 0U; }
    void on_stop() override { story.stopped = true; }
    bool waiting() const override { return story.waits; }
    net::Source& source;
    Ticks& story;
  };
};

TEST(TaskSource, a_task_emits_at_intervals_and_hears_of_its_receipts) {
  Ticks ticks;
  TestServer server;
  server.host().run([&](net::Source& source) { return std::make_unique<Ticks::Tick>(source, ticks); });
  server.run();
  EXPECT_TRUE(eventually([&] { return ticks.confirmed >= 5; }));
}

TEST(TaskSource, while_it_is_held_its_timer_waits) {
  Ticks ticks;
  TestServer server;
  server.emitter().set_full(true);
  server.host().run([&](net::Source& source) { return std::make_unique<Ticks::Tick>(source, ticks); });
  server.run();
  ASSERT_TRUE(eventually([&] { return server.emitter().parked() == 1; }));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(ticks.ticks, 1u);
  server.emitter().go_on();
  EXPECT_TRUE(eventually([&] { return ticks.ticks >= 3; }));
}

TEST(TaskSource, shutdown_stops_it_and_waits_as_long_as_it_wants_to) {
  Ticks ticks;
  ticks.waits = true;
  TestServer server;
  server.host().run([&](net::Source& source) { return std::make_unique<Ticks::Tick>(source, ticks); });
  server.run();
  ASSERT_TRUE(eventually([&] { return ticks.ticks >= 1; }));
  server.on_main([&] { server.shut_down(20s); });
  ASSERT_TRUE(eventually([&] { return ticks.stopped.load(); }));
  EXPECT_FALSE(server.shut_down_done);
  ticks.waits = false;
  EXPECT_TRUE(eventually([&] { return server.shut_down_done.load(); }));
}

TEST(TaskSource, one_that_does_not_come_to_an_end_is_cut_at_the_deadline) {
  Ticks ticks;
  ticks.waits = true;
  TestServer server;
  server.host().run([&](net::Source& source) { return std::make_unique<Ticks::Tick>(source, ticks); });
  server.run();
  server.on_main([&] { server.shut_down(50ms); });
  EXPECT_TRUE(eventually([&] { return server.shut_down_done.load(); }));
}

/// Emits all bytes as they come, and notes the end.
struct Stream {
  std::atomic<std::size_t> bytes{0};
  std::atomic<bool> over{false};
  std::string peer;

  struct Session final : net::Session {
    Session(net::Connection& to, Stream& all) : connection(to), story(all) { story.peer = connection.peer(); }
    std::size_t on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) override {
      connection.emit(delivery_of(connection, slab, data, size));
      story.bytes += size;
      return size;
    }
    void on_end(net::End, std::size_t) override { story.over = true; }
    net::Connection& connection;
    Stream& story;
  };
  net::Host::Adopter adopter(TestServer& server) {
    return server.host().adopter(
        [this](net::Connection& connection) { return std::make_unique<Session>(connection, *this); });
  }
};

TEST(Adopter, a_pipe_is_read_like_a_connection_until_its_end) {
  Stream stream;
  TestServer server;
  server.emitter().set_keeping(true);
  const net::Host::Adopter adopt = stream.adopter(server);
  server.run();
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  adopt(ends[0], "child 5");
  ASSERT_EQ(::write(ends[1], "hello", 5), 5);
  ASSERT_TRUE(eventually([&] { return stream.bytes == 5; }));
  EXPECT_EQ(stream.peer, "child 5");
  ::close(ends[1]);
  ASSERT_TRUE(eventually([&] { return stream.over.load(); }));
  EXPECT_EQ(text_of(server.emitter().take_kept()), "hello|");
}

TEST(Adopter, a_socket_pair_works_too_and_shutdown_closes_it) {
  Stream stream;
  TestServer server;
  const net::Host::Adopter adopt = stream.adopter(server);
  server.run();
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  adopt(ends[0], "child");
  ASSERT_EQ(::write(ends[1], "hello", 5), 5);
  ASSERT_TRUE(eventually([&] { return stream.bytes == 5; }));
  server.on_main([&] { server.shut_down(20s); });
  ASSERT_TRUE(eventually([&] { return server.shut_down_done.load(); }));
  EXPECT_TRUE(stream.over);
  ::close(ends[1]);
}

}  // namespace
}  // namespace logboom::net_test
