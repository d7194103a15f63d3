#include <gmock/gmock.h>
#include <sys/socket.h>

#include <atomic>
#include <filesystem>
#include <future>

#include <logboom/testing/context.hpp>

#include "tls_test_support.hpp"

namespace logboom {
namespace {

using namespace std::chrono_literals;
using namespace tls_test;
using logboom::testing::RecordingLog;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr SocketClient::Limits limits{10000ms, 10000ms};

void read_everything(Peer& peer) { peer.read_all(); }

class TlsToServer : public ::testing::Test {
 protected:
  std::shared_ptr<TlsClient> client(TlsClientOptions options) {
    if (options.ca_paths.empty() && !trusts_nobody_) options.ca_paths = {authority_.path()};
    return make_tls_client(std::move(options), Element{}, log_);
  }
  /// What connecting says to a server with this certificate.
  std::string connect(const TransportOptions& server, TlsClientOptions options = {}, std::string host = "127.0.0.1") {
    Server running(server, read_everything);
    SocketClient socket(running.address(std::move(host)), limits, client(std::move(options)));
    std::string why = socket.connect();
    EXPECT_EQ(socket.connected(), why.empty());
    socket.finish();
    return why;
  }
  std::string connect(const Wanted& wanted, TlsClientOptions options = {}, std::string host = "127.0.0.1") {
    return connect(serving(authority_.issue("server", wanted)), std::move(options), std::move(host));
  }

  Authority authority_;
  RecordingLog log_;
  bool trusts_nobody_ = false;
};

TEST_F(TlsToServer, carries_bytes_both_ways_and_says_goodbye) {
  std::string received;
  bool goodbye = false;
  Server server(serving(authority_.issue("server")), [&](Peer& peer) {
    peer.write("hello");
    received = peer.read_all();
    goodbye = peer.heard_goodbye();
  });
  SocketClient socket(server.address(), limits, client({}));
  ASSERT_EQ(socket.connect(), "");
  std::string answer;
  while (answer.size() < 5) ASSERT_EQ(socket.receive(answer), "");
  EXPECT_EQ(answer, "hello");
  ASSERT_EQ(socket.send("first "), "");
  const std::string large(100000, 'x');
  const std::string small = "small";
  const std::vector<iovec> pieces{{const_cast<char*>(small.data()), small.size()},
                                  {const_cast<char*>(large.data()), large.size()},
                                  {nullptr, 0},
                                  {const_cast<char*>(small.data()), small.size()}};
  ASSERT_EQ(socket.send(pieces), "");
  EXPECT_TRUE(socket.peer_is_there());
  socket.finish();
  EXPECT_FALSE(socket.connected());
  server.join();
  EXPECT_EQ(received, "first small" + large + "small");
  EXPECT_TRUE(goodbye);
}

TEST_F(TlsToServer, the_certificate_is_for_the_name_or_address) {
  EXPECT_EQ(connect(Wanted{"IP:127.0.0.1"}), "");
  EXPECT_EQ(connect(Wanted{"DNS:localhost"}, {}, "localhost"), "");
  EXPECT_THAT(connect(Wanted{"DNS:localhost"}),
              AllOf(HasSubstr("tls://127.0.0.1:"), HasSubstr("is not for 127.0.0.1, but for localhost")));
  EXPECT_THAT(connect(Wanted{"DNS:a.example,DNS:b.example,IP:192.0.2.7"}, {}, "localhost"),
              HasSubstr("is not for localhost, but for a.example, b.example, 192.0.2.7"));
  TlsClientOptions another;
  another.server_name = "a.example";
  EXPECT_EQ(connect(Wanted{"DNS:a.example"}, another), "");
  TlsClientOptions any_name;
  any_name.verify_hostname = false;
  EXPECT_EQ(connect(Wanted{"DNS:a.example"}, any_name), "");
}

TEST_F(TlsToServer, the_certificate_is_of_its_time) {
  EXPECT_THAT(connect(Wanted{"IP:127.0.0.1", "test", -10, -1}), HasSubstr("the server's certificate has expired"));
  EXPECT_THAT(connect(Wanted{"IP:127.0.0.1", "test", 1, 10}), HasSubstr("not yet valid"));
}

TEST_F(TlsToServer, the_certificate_is_of_a_known_ca) {
  Authority other;
  TlsClientOptions of_other;
  of_other.ca_paths = {other.path()};
  of_other.names = TlsNames::with("tls_");
  EXPECT_THAT(connect(Wanted{}, of_other), AllOf(HasSubstr("not signed by a CA"), HasSubstr("tls_ca_path")));
  of_other.ca_paths.push_back(authority_.path());
  EXPECT_EQ(connect(Wanted{}, of_other), "");
  trusts_nobody_ = true;
  EXPECT_THAT(connect(Wanted{}), HasSubstr("not signed by a CA"));
  TlsClientOptions insecure;
  insecure.insecure = true;
  EXPECT_EQ(connect(Wanted{"DNS:a.example", "test", -10, -1}, insecure), "");
}

TEST_F(TlsToServer, a_self_signed_certificate_is_taken_where_that_is_allowed) {
  TransportOptions server;
  server.insecure = true;
  server.generate_cert_common_name = "localhost";
  EXPECT_THAT(connect(server, {}, "localhost"), HasSubstr("not signed by a CA"));
  TlsClientOptions allowed;
  allowed.allow_self_signed_cert = true;
  EXPECT_EQ(connect(server, allowed, "localhost"), "");
  EXPECT_THAT(connect(server, allowed, "127.0.0.1"), HasSubstr("is not for 127.0.0.1, but for localhost"));
  Authority other;
  EXPECT_THAT(connect(serving(other.issue("server")), allowed), HasSubstr("not signed by a CA"));
}

TEST_F(TlsToServer, the_certificate_is_not_revoked) {
  const Paths good = authority_.issue("good");
  const Paths bad = authority_.issue("bad");
  TlsClientOptions options;
  options.crl_path = authority_.revoke({bad});
  EXPECT_EQ(connect(serving(good), options), "");
  EXPECT_THAT(connect(serving(bad), options), HasSubstr("is revoked by crl_path"));
}

class TlsOfVersion : public TlsToServer, public ::testing::WithParamInterface<TlsVersion> {};
INSTANTIATE_TEST_SUITE_P(Both, TlsOfVersion, ::testing::Values(TlsVersion::tls_1_2, TlsVersion::tls_1_3));

TEST_P(TlsOfVersion, a_client_certificate_that_is_refused_is_said_before_anything_is_sent) {
  Authority other;
  TransportOptions server = serving(authority_.issue("server"));
  server.version = GetParam();
  server.client_cert_auth = true;
  server.ca_path = authority_.path();
  const auto with = [](const Paths& paths) {
    TlsClientOptions options;
    options.cert_path = paths.certificate;
    options.private_key_path = paths.key;
    return options;
  };
  EXPECT_EQ(connect(server, with(authority_.issue("client"))), "");
  EXPECT_THAT(connect(server), HasSubstr("certificate"));
  EXPECT_THAT(connect(server, with(other.issue("client"))),
              AllOf(HasSubstr("refuses our certificate (cert_path)"), HasSubstr("does not know its CA")));
  EXPECT_THAT(connect(server, with(authority_.issue("old", Wanted{"", "test", -9, -1}))), HasSubstr("it has expired"));
  const Paths revoked = authority_.issue("revoked");
  server.crl_path = authority_.revoke({revoked});
  EXPECT_THAT(connect(server, with(revoked)), HasSubstr("it is revoked"));
}

TEST_P(TlsOfVersion, the_session_of_the_last_connection_goes_on) {
  TransportOptions options = serving(authority_.issue("server"));
  options.version = GetParam();
  std::vector<bool> resumed;
  Server server(
      options,
      [&](Peer& peer) {
        resumed.push_back(peer.resumed());
        peer.write("x");
        peer.read_all();
      },
      2);
  SocketClient socket(server.address(), limits, client({}));
  for (int i = 0; i < 2; ++i) {
    std::string in;
    ASSERT_EQ(socket.connect(), "");
    ASSERT_EQ(socket.receive(in), "");
    socket.finish();
  }
  server.join();
  EXPECT_EQ(resumed, (std::vector<bool>{false, true}));
}

TEST_F(TlsToServer, versions_that_don_t_meet_are_said) {
  TransportOptions server = serving(authority_.issue("server"));
  server.version = TlsVersion::tls_1_3;
  TlsClientOptions options;
  options.version = TlsVersion::tls_1_2;
  EXPECT_THAT(connect(server, options), HasSubstr("no version of TLS"));
}

TEST_F(TlsToServer, a_server_of_plaintext_is_said) {
  Server server([](Peer& peer) {
    ::send(peer.fd(), "220 mail.example.org ESMTP\r\n", 28, MSG_NOSIGNAL);
    char byte = 0;
    for (const auto end = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < end;) {
      if (::recv(peer.fd(), &byte, 1, 0) == 0) break;
      std::this_thread::sleep_for(1ms);
    }
  });
  SocketClient socket(server.address(), limits, client({}));
  EXPECT_THAT(socket.connect(), HasSubstr("answers in plaintext"));
}

TEST_F(TlsToServer, a_server_that_says_nothing_is_given_up) {
  std::promise<void> over;
  Server server([&](Peer&) { over.get_future().wait(); });
  SocketClient socket(server.address(), {50ms, 50ms}, client({}));
  EXPECT_THAT(socket.connect(), HasSubstr("no end of the TLS handshake"));
  over.set_value();
}

TEST_F(TlsToServer, what_waits_can_be_interrupted) {
  std::promise<void> over;
  Server server([&](Peer&) { over.get_future().wait(); });
  SocketClient socket(server.address(), {60s, 60s}, client({}));
  std::thread other([&] { socket.interrupt(); });
  EXPECT_THAT(socket.connect(), HasSubstr("not done"));
  other.join();
  over.set_value();
}

TEST_F(TlsToServer, a_peer_that_has_said_goodbye_is_not_there) {
  std::promise<void> look;
  Server server(serving(authority_.issue("server")), [&](Peer& peer) {
    peer.read_until("\n");
    peer.write("last words");
    look.get_future().wait();
  });
  SocketClient socket(server.address(), limits, client({}));
  ASSERT_EQ(socket.connect(), "");
  ASSERT_EQ(socket.send("x\n"), "");
  std::string in;
  ASSERT_EQ(socket.receive(in), "");
  EXPECT_TRUE(socket.peer_is_there());
  look.set_value();
  server.join();
  EXPECT_FALSE(socket.peer_is_there());
  EXPECT_THAT(socket.receive(in), HasSubstr("can't receive"));
  EXPECT_FALSE(socket.connected());
  EXPECT_THAT(socket.send("x"), HasSubstr("can't send"));
}

TEST_F(TlsToServer, files_are_loaded_anew_and_stay_where_they_can_t_be) {
  Authority other;
  const std::string path = std::filesystem::path(other.path()).replace_filename("trusted.pem");
  const auto trust = [&](const std::string& from) {
    std::filesystem::copy_file(from, path + ".new", std::filesystem::copy_options::overwrite_existing);
    std::filesystem::rename(path + ".new", path);
  };
  trust(other.path());
  TlsClientOptions options;
  options.ca_paths = {path};
  Server server(serving(authority_.issue("server")), read_everything, 3);
  SocketClient socket(server.address(), limits, client(options));
  EXPECT_THAT(socket.connect(), HasSubstr("not signed by a CA"));
  trust(authority_.path());
  EXPECT_EQ(socket.connect(), "");
  EXPECT_EQ(log_.count("loaded anew"), 1U);
  socket.finish();
  trust(authority_.issue("x").key);
  EXPECT_EQ(socket.connect(), "");
  EXPECT_EQ(log_.count("can't be loaded"), 1U);
  socket.finish();
}

TEST_F(TlsToServer, settings_that_are_wrong_are_said_with_the_parameter_s_name) {
  const auto refusal = [&](const std::function<void(TlsClientOptions&)>& change) -> std::string {
    TlsClientOptions options;
    options.names = TlsNames::with("tls_");
    change(options);
    try {
      make_tls_client(options, Element{}, log_);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_THAT(refusal([](TlsClientOptions& o) { o.ca_paths = {"/none"}; }), HasSubstr("tls_ca_path: can't read /none"));
  EXPECT_THAT(refusal([&](TlsClientOptions& o) { o.cert_path = authority_.path(); }),
              HasSubstr("tls_cert_path needs tls_private_key_path"));
  EXPECT_THAT(refusal([&](TlsClientOptions& o) { o.private_key_path = authority_.path(); }),
              HasSubstr("tls_private_key_path needs tls_cert_path"));
  EXPECT_THAT(refusal([](TlsClientOptions& o) { o.version = TlsVersion::tls_1_1; }), HasSubstr("tls_version: TLS 1.0"));
  EXPECT_THAT(refusal([](TlsClientOptions& o) { o.ciphers = "NONE-SUCH"; }), HasSubstr("tls_ciphers"));
}

}  // namespace
}  // namespace logboom
