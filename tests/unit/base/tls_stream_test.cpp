#include "base/tls_stream.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include <logboom/testing/context.hpp>

#include "base/tls_client.hpp"
#include "base/tls_server.hpp"
#include "tls_test_support.hpp"

namespace logboom {
namespace {

using namespace tls_test;
using ::testing::HasSubstr;
using Step = TlsStream::Step;

/// Two ends of a TCP connection, neither of which blocks: 0 is the client's.
class Connection {
 public:
  Connection() {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const address = reinterpret_cast<sockaddr*>(&where);
    socklen_t size = sizeof where;
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ends[0] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(listener, address, size), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    EXPECT_EQ(::getsockname(listener, address, &size), 0);
    EXPECT_EQ(::connect(ends[0], address, size), 0);
    ends[1] = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ::close(listener);
    for (const int end : ends) ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
  ~Connection() {
    for (int end = 0; end < 2; ++end) close(end);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// At once: what the other end writes from now on meets a reset.
  void reset(int end) {
    const linger at_once{1, 0};
    ::setsockopt(ends[static_cast<std::size_t>(end)], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(end);
  }
  void close(int end) {
    int& fd = ends[static_cast<std::size_t>(end)];
    if (fd >= 0) ::close(std::exchange(fd, -1));
  }

  std::array<int, 2> ends{-1, -1};
};

TEST(TlsStream, why_the_server_refused_is_known_also_when_nothing_more_can_be_written) {
  Authority authority;
  TransportOptions serves = serving(authority.issue("server"));
  serves.client_cert_auth = true;
  serves.ca_path = authority.path();
  TlsClientOptions trusts;
  trusts.ca_paths = {authority.path()};
  testing::RecordingLog log;
  TlsClient options(trusts, log);
  TlsMemory memory;
  Connection connection;
  TlsStream server(make_tls_context(serves), connection.ends[1], TlsStream::Side::server);
  const std::unique_ptr<TlsStream> client = options.open(connection.ends[0], "127.0.0.1", memory);

  ASSERT_EQ(client->shake_hands(), Step::wants_read);
  ASSERT_EQ(server.shake_hands(), Step::wants_read);
  ASSERT_EQ(client->shake_hands(), Step::done);
  ASSERT_EQ(server.shake_hands(), Step::failed);
  connection.reset(1);
  client->ask_for_sign();
  EXPECT_EQ(client->peek(), -1);
  EXPECT_THAT(options.failure_of(*client, "127.0.0.1"), HasSubstr("the server wants a client's certificate"));
}

}  // namespace
}  // namespace logboom
