#include "base/tls_stream.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <utility>
#include <vector>

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

/// A client that trusts the server's CA, and shows no certificate; before their handshake.
struct Pair {
  explicit Pair(bool wants_certificate) {
    TransportOptions serves = serving(authority.issue("server"));
    serves.client_cert_auth = wants_certificate;
    serves.ca_path = wants_certificate ? authority.path() : "";
    server = std::make_unique<TlsStream>(make_tls_context(serves), connection.ends[1], TlsStream::Side::server);
    TlsClientOptions trusts;
    trusts.ca_paths = {authority.path()};
    options = std::make_unique<TlsClient>(trusts, log);
    client = options->open(connection.ends[0], "127.0.0.1", memory);
  }

  Authority authority;
  testing::RecordingLog log;
  std::unique_ptr<TlsClient> options;
  TlsMemory memory;
  Connection connection;
  std::unique_ptr<TlsStream> server, client;
};

TEST(TlsStream, why_the_server_refused_is_known_also_when_nothing_more_can_be_written) {
  Pair pair(true);
  ASSERT_EQ(pair.client->shake_hands(), Step::wants_read);
  ASSERT_EQ(pair.server->shake_hands(), Step::wants_read);
  ASSERT_EQ(pair.client->shake_hands(), Step::done);
  ASSERT_EQ(pair.server->shake_hands(), Step::failed);
  pair.connection.reset(1);
  pair.client->ask_for_sign();
  EXPECT_EQ(pair.client->peek(), -1);
  EXPECT_THAT(pair.options->failure_of(*pair.client, "127.0.0.1"),
              HasSubstr("the server wants a client's certificate"));
}

enum class Visit { refused, full, resumed };

/// A server and a client that comes again and again.
class Acquaintance {
 public:
  Acquaintance(const TransportOptions& server, const TlsClientOptions& client, bool tickets = true)
      : server_(make_tls_context(server)), client_(client, log_), tickets_(tickets) {}

  Visit visit() {
    Connection connection;
    TlsStream server(server_, connection.ends[1], TlsStream::Side::server);
    const std::unique_ptr<TlsStream> client = client_.open(connection.ends[0], "127.0.0.1", memory_);
    if (!tickets_) ::SSL_set_options(client->ssl(), SSL_OP_NO_TICKET);
    if (!shake_hands(*client, server)) return Visit::refused;
    EXPECT_EQ(server.write("x", 1), 1);  // TLS 1.3: and a ticket
    std::uint8_t byte = 0;
    while (client->read(&byte, 1) != 1) {
      if (errno != EAGAIN || !wait(connection.ends[0])) return Visit::refused;
    }
    client->say_goodbye();  // else its session is not to be resumed
    return server.resumed() ? Visit::resumed : Visit::full;
  }

 private:
  static bool wait(int fd) {
    pollfd watch{fd, POLLIN, 0};
    return ::poll(&watch, 1, 10000) == 1;
  }
  static bool shake_hands(TlsStream& client, TlsStream& server) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < deadline) {
      const Step ours = client.shake_hands();
      const Step theirs = server.shake_hands();
      if (ours == Step::failed || theirs == Step::failed) return false;
      if (ours == Step::done && theirs == Step::done) return true;
    }
    return false;
  }

  testing::RecordingLog log_;
  std::shared_ptr<SSL_CTX> server_;
  TlsClient client_;
  bool tickets_;
  TlsMemory memory_;
};

/// Pairs of which one end has a certificate that ends soon: the client in the first three, the server in the others.
class SoonExpired {
 public:
  explicit SoonExpired(int seconds) {
    Wanted wanted;
    wanted.days_to = 0;
    wanted.seconds_to = seconds;
    const Paths soon = authority_.issue("soon", wanted);
    end_ = std::time(nullptr) + seconds;
    TransportOptions strict = serving(authority_.issue("server"));
    strict.client_cert_auth = true;
    strict.ca_path = authority_.path();
    add(strict, TlsVersion::tls_1_2, soon);
    add(strict, TlsVersion::tls_1_3, soon);
    add(strict, TlsVersion::tls_1_2, soon, false);
    add(serving(soon), TlsVersion::tls_1_2, {});
    add(serving(soon), TlsVersion::tls_1_3, {});
  }
  std::vector<Visit> visits() {
    std::vector<Visit> out;
    for (const auto& each : all_) out.push_back(each->visit());
    return out;
  }
  void wait_for_end() const {
    while (std::time(nullptr) <= end_) ::poll(nullptr, 0, 20);
  }

 private:
  void add(const TransportOptions& server, TlsVersion version, const Paths& paths, bool tickets = true) {
    TlsClientOptions client;
    client.version = version;
    client.ca_paths = {authority_.path()};
    client.cert_path = paths.certificate;
    client.private_key_path = paths.key;
    all_.push_back(std::make_unique<Acquaintance>(server, client, tickets));
  }

  Authority authority_;
  std::vector<std::unique_ptr<Acquaintance>> all_;
  std::time_t end_ = 0;
};

TEST(TlsStream, a_session_ends_with_the_certificate_that_it_began_with) {
  using enum Visit;
  const std::vector<Visit> first{full, full, full, full, full};
  const std::vector<Visit> again{resumed, resumed, full, resumed, resumed};
  for (const int seconds : {2, 5, 20}) {  // the longer ones: for a machine that is slow
    SoonExpired pairs(seconds);
    if (pairs.visits() != first || pairs.visits() != again || pairs.visits() != again) continue;
    pairs.wait_for_end();
    EXPECT_EQ(pairs.visits(), std::vector<Visit>(5, refused));
    EXPECT_EQ(pairs.visits(), std::vector<Visit>(5, refused));
    return;
  }
  FAIL() << "no session was resumed while the certificate was valid";
}

TEST(TlsStream, a_write_that_fills_the_socket_says_nothing_about_reading) {
  Pair pair(false);
  TlsStream& server = *pair.server;
  ASSERT_EQ(pair.client->shake_hands(), Step::wants_read);
  ASSERT_EQ(server.shake_hands(), Step::wants_read);
  ASSERT_EQ(pair.client->shake_hands(), Step::done);
  ASSERT_EQ(server.shake_hands(), Step::done);

  const std::string block(64 * 1024, 'x');
  while (server.write(block.data(), block.size()) > 0) {
  }
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_FALSE(server.wants_write());
  std::array<std::uint8_t, 16> none{};
  EXPECT_EQ(server.read(none.data(), none.size()), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_FALSE(server.wants_write());
}

}  // namespace
}  // namespace logboom
