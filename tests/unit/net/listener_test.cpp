#include "net/listener.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/address.hpp"
#include "net/net_test_support.hpp"

namespace logboom::net_test {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

/// A folder of the test's own, short enough for socket paths.
struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lbnetXXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  net::StreamListen socket(const std::string& name = "in.sock") const {
    net::StreamListen where;
    where.unix_path = (path / name).string();
    return where;
  }
  std::filesystem::path path;
};

TEST(Listener, spreads_many_connections_evenly_over_the_workers) {
  TestServer server(2);
  const std::uint16_t port = server.listen({});
  server.run();
  std::vector<Client> clients;
  for (int i = 0; i < 80; ++i) clients.push_back(Client::tcp(port));
  ASSERT_TRUE(eventually([&] { return server.stories() == 80; }));
  EXPECT_EQ(server.worker(0).connections(), 40u);
  EXPECT_EQ(server.worker(1).connections(), 40u);
  for (int i = 0; i < 40; ++i) clients.pop_back();
  ASSERT_TRUE(eventually(
      [&] { return server.over() == 40 && server.worker(0).connections() + server.worker(1).connections() == 40; }));
  for (int i = 0; i < 40; ++i) clients.push_back(Client::tcp(port));
  ASSERT_TRUE(eventually([&] { return server.stories() == 120; }));
  EXPECT_EQ(server.worker(0).connections(), 40u);
  EXPECT_EQ(server.worker(1).connections(), 40u);
}

TEST(Listener, says_where_it_listens_and_who_is_in_the_way) {
  TestServer server;
  const std::uint16_t port = server.listen({});
  EXPECT_EQ(server.log().count(cat("toy: listening on tcp://127.0.0.1:", port)), 1u);
  net::StreamListen same;
  same.port = port;
  EXPECT_EQ(error_of([&] { server.listen({}, same); }),
            cat("can't listen on tcp://127.0.0.1:", port,
                ": Address already in use – logboom's own source 'toy' listens there: choose another port"));
  TestServer other;
  EXPECT_EQ(error_of([&] { other.listen({}, same); }),
            cat("can't listen on tcp://127.0.0.1:", port,
                ": Address already in use – another program listens there: stop it, or choose another port"));
  net::StreamListen elsewhere;
  elsewhere.bind = "192.0.2.1";
  elsewhere.port = 1;
  EXPECT_THAT(error_of([&] { server.listen({}, elsewhere); }), HasSubstr("this machine has no such address"));
  net::StreamListen nowhere;
  nowhere.bind = "not an address";
  EXPECT_THAT(error_of([&] { server.listen({}, nowhere); }), HasSubstr("can't resolve bind address 'not an address'"));
}

TEST(Listener, speaks_ipv6) {
  TestServer server;
  net::StreamListen where;
  where.bind = "::1";
  const std::uint16_t port = server.listen({}, where);
  server.run();
  EXPECT_EQ(server.log().count(cat("listening on tcp://[::1]:", port)), 1u);
  Client client = Client::tcp6(port);
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(server.story().peer_address, "::1");
  EXPECT_TRUE(server.story().peer.starts_with("[::1]:")) << server.story().peer;
  net::StreamListen same = where;
  same.port = port;
  server.on_main([&] {
    EXPECT_THAT(error_of([&] { server.listen({}, same); }),
                HasSubstr(cat("tcp://[::1]:", port, ": Address already in use")));
  });
}

TEST(Listener, shows_an_ipv4_peer_of_an_ipv6_socket_as_ipv4) {
  TestServer server;
  net::StreamListen where;
  where.bind = "::";
  const std::uint16_t port = server.listen({}, where);
  server.run();
  Client client = Client::tcp(port);
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(server.story().peer_address, "127.0.0.1");
}

TEST(Listener, resolves_names_where_it_is_asked_to) {
  TestServer server;
  net::StreamListen where;
  where.resolve_hostname = true;
  const std::uint16_t port = server.listen({}, where);
  server.run();
  Client client = Client::tcp(port);
  EXPECT_FALSE(server.story().peer_host.empty());
  EXPECT_EQ(server.story().peer_address, "127.0.0.1");
}

TEST(UnixListener, takes_connections_and_removes_its_file_at_the_end) {
  const Folder folder;
  const net::StreamListen where = folder.socket();
  {
    TestServer server;
    server.listen({}, where);
    server.run();
    Client client = Client::unix_socket(where.unix_path);
    ASSERT_TRUE(client.send("hello"));
    ASSERT_TRUE(eventually([&] { return server.story().bytes() == 5; }));
    EXPECT_EQ(server.story().peer, "unix:" + where.unix_path);
    EXPECT_EQ(server.story().peer_address, "");
    EXPECT_EQ(server.log().count("toy: listening on unix://" + where.unix_path), 1u);
  }
  EXPECT_FALSE(std::filesystem::exists(where.unix_path));
}

TEST(UnixListener, has_the_permission_that_was_asked_for) {
  const Folder folder;
  net::StreamListen where = folder.socket();
  where.unix_mode = 0620;
  TestServer server;
  server.listen({}, where);
  struct stat status {};
  ASSERT_EQ(::stat(where.unix_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0620u);
}

TEST(UnixListener, replaces_a_socket_that_nobody_listens_behind) {
  const Folder folder;
  const net::StreamListen where = folder.socket();
  const net::SocketAddress address = net::unix_address(where.unix_path);
  const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(stale, reinterpret_cast<const sockaddr*>(&address.storage), address.size), 0);
  ::close(stale);
  TestServer server;
  server.listen({}, where);
  server.run();
  EXPECT_TRUE(Client::unix_socket(where.unix_path).connected());
}

TEST(UnixListener, leaves_a_socket_alone_that_somebody_listens_behind_even_one_with_a_full_backlog) {
  const Folder folder;
  const net::StreamListen where = folder.socket();
  const net::SocketAddress address = net::unix_address(where.unix_path);
  const int live = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(live, reinterpret_cast<const sockaddr*>(&address.storage), address.size), 0);
  ASSERT_EQ(::listen(live, 0), 0);
  TestServer server;
  const std::string expected = cat("can't listen on unix://", where.unix_path, ": another program listens there");
  EXPECT_EQ(error_of([&] { server.listen({}, where); }), expected);
  std::vector<int> waiting;
  int connected = 0;
  while (connected == 0) {
    waiting.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    connected = ::connect(waiting.back(), reinterpret_cast<const sockaddr*>(&address.storage), address.size);
  }
  EXPECT_EQ(error_of([&] { server.listen({}, where); }), expected);
  for (const int fd : waiting) ::close(fd);
  EXPECT_TRUE(std::filesystem::exists(where.unix_path));
  ::close(live);
}

TEST(UnixListener, never_removes_what_is_not_a_socket) {
  const Folder folder;
  const net::StreamListen where = folder.socket();
  std::ofstream(where.unix_path) << "precious";
  TestServer server;
  EXPECT_THAT(error_of([&] { server.listen({}, where); }), HasSubstr("something that is not a socket is there"));
  EXPECT_EQ(std::filesystem::file_size(where.unix_path), 8u);
}

TEST(UnixListener, refuses_a_path_that_is_too_long) {
  const Folder folder;
  TestServer server;
  EXPECT_THAT(error_of([&] { server.listen({}, folder.socket(std::string(120, 'x'))); }),
              HasSubstr("unix socket path is too long"));
}

TEST(Datagrams, come_with_their_peer_and_can_be_answered) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const std::uint16_t port = [&] {
    sockaddr_in got{};
    socklen_t size = sizeof got;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&got), &size);
    return ntohs(got.sin_port);
  }();

  struct Echo final : net::DatagramSession {
    explicit Echo(std::string& where) : peer(where) {}
    void on_datagram(const net::Datagram& datagram) override {
      peer = datagram.peer();
      datagram.reply(std::string(datagram.text()) + "!");
    }
    std::string& peer;
  };
  TestServer server;
  std::string peer;
  const auto listen = [&](std::uint16_t at) {
    net::DatagramListen where;
    where.bind = "127.0.0.1";
    where.port = at;
    server.host().listen_datagram(where, [&](net::Source&) { return std::make_unique<Echo>(peer); });
  };
  EXPECT_THAT(error_of([&] { listen(port); }),
              HasSubstr(cat("can't listen on udp://127.0.0.1:", port, ": Address already in use")));
  const std::uint16_t tcp_port = server.listen({});
  listen(tcp_port);
  server.run();
  address.sin_port = htons(tcp_port);
  ASSERT_EQ(::sendto(fd, "ping", 4, 0, reinterpret_cast<sockaddr*>(&address), sizeof address), 4);
  char space[16];
  const timeval patience{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ASSERT_EQ(::recv(fd, space, sizeof space, 0), 5);
  EXPECT_EQ(std::string_view(space, 5), "ping!");
  server.on_worker([&] { EXPECT_EQ(peer, cat("127.0.0.1:", port)); });
  ::close(fd);
}

}  // namespace
}  // namespace logboom::net_test
