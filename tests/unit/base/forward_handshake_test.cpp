#include <logboom/forward_handshake.hpp>

#include <logboom/msgpack.hpp>

namespace logboom::forward {
namespace {

using ServerIs = HandshakeServer::Step::Is;
using ClientIs = HandshakeClient::Step::Is;
using Failure = HandshakeClient::Failure;

ServerSecurity server_security() {
  ServerSecurity security;
  security.self_hostname = "server.example";
  security.shared_key = "the key";
  return security;
}

ClientSecurity client_security() { return {"client.example", "the key", "alice", "secret of alice"}; }

ServerSecurity::Client client_of(const char* network, const char* key, std::vector<std::string> users = {}) {
  ServerSecurity::Client client;
  client.networks.add_network(network);
  client.shared_key = key;
  client.users = std::move(users);
  return client;
}

/// What a client of these settings makes of the server, and the server of it.
struct Outcome {
  HandshakeServer::Step server;
  HandshakeClient::Step client;
};

Outcome meet(const ServerSecurity& mine, const ClientSecurity& theirs, const char* address = "192.0.2.7") {
  const HandshakeServer server(mine, address, true);
  HandshakeClient client(theirs);
  const HandshakeClient::Step ping = client.advance(server.helo());
  EXPECT_EQ(ping.is, ClientIs::needs_more);
  Outcome outcome;
  outcome.server = server.advance(ping.answer);
  outcome.client = client.advance(outcome.server.answer);
  return outcome;
}

void expect_refused(const Outcome& outcome, Refusal refusal, std::string_view reason) {
  EXPECT_EQ(outcome.server.is, ServerIs::refused);
  EXPECT_EQ(outcome.server.refusal, refusal);
  EXPECT_EQ(outcome.server.reason, reason);
  EXPECT_EQ(outcome.client.is, ClientIs::failed);
  EXPECT_EQ(outcome.client.failure, Failure::refused);
  EXPECT_EQ(outcome.client.why, "the server refuses us: " + std::string(reason));
}

TEST(ForwardHandshake, DigestIsSha512InLowerCaseHexadecimal) {
  EXPECT_EQ(hex_digest({"a", "b", "", "c"}),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(ForwardHandshake, BothEndsAgreeOnTheSameKey) {
  const Outcome outcome = meet(server_security(), client_security());
  EXPECT_EQ(outcome.server.is, ServerIs::accepted);
  EXPECT_EQ(outcome.server.hostname, "client.example");
  EXPECT_EQ(outcome.client.is, ClientIs::accepted);
  EXPECT_EQ(outcome.client.hostname, "server.example");
}

TEST(ForwardHandshake, WrongKeyIsRefusedWithTheReason) {
  ClientSecurity theirs = client_security();
  theirs.shared_key = "another key";
  expect_refused(meet(server_security(), theirs), Refusal::shared_key, "shared_key mismatch");
}

TEST(ForwardHandshake, UserIsAskedForOnlyWhereTheServerWantsOne) {
  ServerSecurity mine = server_security();
  mine.users = {{"alice", "secret of alice"}, {"bob", "secret of bob"}};
  ClientSecurity theirs = client_security();
  theirs.password = "wrong";
  EXPECT_EQ(meet(mine, theirs).server.is, ServerIs::accepted);
  mine.user_auth = true;
  expect_refused(meet(mine, theirs), Refusal::user, "username/password mismatch");
  EXPECT_EQ(meet(mine, client_security()).client.is, ClientIs::accepted);
  theirs = client_security();
  theirs.username = "nobody";
  theirs.password = "";
  expect_refused(meet(mine, theirs), Refusal::user, "username/password mismatch");
}

TEST(ForwardHandshake, EachPasswordOfAUserNamedTwiceIsRight) {
  ServerSecurity mine = server_security();
  mine.user_auth = true;
  mine.users = {{"alice", "secret of alice"}, {"alice", "another"}};
  ClientSecurity theirs = client_security();
  EXPECT_EQ(meet(mine, theirs).client.is, ClientIs::accepted);
  theirs.password = "another";
  EXPECT_EQ(meet(mine, theirs).client.is, ClientIs::accepted);
}

TEST(ForwardHandshake, FirstClientThatHasThePeerCounts) {
  ServerSecurity mine = server_security();
  mine.clients.push_back(client_of("192.0.2.0/25", "key of the low half"));
  mine.clients.push_back(client_of("192.0.2.0/24", "key of all"));
  ClientSecurity theirs = client_security();
  theirs.shared_key = "key of the low half";
  EXPECT_EQ(meet(mine, theirs, "192.0.2.7").client.is, ClientIs::accepted);
  expect_refused(meet(mine, theirs, "192.0.2.200"), Refusal::shared_key, "shared_key mismatch");
  theirs.shared_key = "key of all";
  expect_refused(meet(mine, theirs, "192.0.2.7"), Refusal::shared_key, "shared_key mismatch");
  EXPECT_EQ(meet(mine, client_security(), "198.51.100.1").client.is, ClientIs::accepted);
}

TEST(ForwardHandshake, ClientMayBeRestrictedToSomeUsers) {
  ServerSecurity mine = server_security();
  mine.user_auth = true;
  mine.users = {{"alice", "secret of alice"}, {"bob", "secret of bob"}};
  mine.clients.push_back(client_of("192.0.2.0/24", "the key", {"bob"}));
  expect_refused(meet(mine, client_security()), Refusal::user, "username/password mismatch");
  ClientSecurity theirs = client_security();
  theirs.username = "bob";
  theirs.password = "secret of bob";
  EXPECT_EQ(meet(mine, theirs).client.is, ClientIs::accepted);
}

TEST(ForwardHandshake, AnonymousSourceIsDeniedByItsAddress) {
  ServerSecurity mine = server_security();
  mine.allow_anonymous_source = false;
  mine.clients.push_back(client_of("192.0.2.0/24", "the key"));
  EXPECT_EQ(meet(mine, client_security(), "192.0.2.7").client.is, ClientIs::accepted);
  expect_refused(meet(mine, client_security(), "2001:db8::1"), Refusal::anonymous_source,
                 "anonymous source host '2001:db8::1' denied");
}

TEST(ForwardHandshake, PingOfOneConnectionIsRefusedOnAnother) {
  const ServerSecurity mine = server_security();
  const ClientSecurity theirs = client_security();
  const HandshakeServer first(mine, "192.0.2.7", true);
  const std::string ping = HandshakeClient(theirs).advance(first.helo()).answer;
  EXPECT_EQ(first.advance(ping).is, ServerIs::accepted);
  const HandshakeServer second(mine, "192.0.2.7", true);
  EXPECT_EQ(second.advance(ping).refusal, Refusal::shared_key);
}

TEST(ForwardHandshake, WhatIsNoPingIsRefused) {
  const ServerSecurity mine = server_security();
  const HandshakeServer server(mine, "192.0.2.7", true);
  Ping ping{"client.example", "salt", "digest", "", ""};
  std::string six = write_message(ping);
  std::string five = six.substr(0, six.size() - 1);
  five[0] = static_cast<char>(0x95);
  const std::string nobody = std::string("\x96\xa4PING\x01\xa1s\xa1", 9) + "d\xa0\xa0";
  for (const std::string& bytes :
       {five, nobody, std::string("[\"PING\"]"), std::string("GET / HTTP/1.1\r\n"), std::string("\xc1"),
        std::string("\xc0"), std::string("\x96\xa4PONG\xc0\xc0\xc0\xc0\xc0"), std::string("\x16\x03\x01")}) {
    const HandshakeServer::Step step = server.advance(bytes);
    EXPECT_EQ(step.is, ServerIs::refused) << bytes;
    EXPECT_EQ(step.reason, "invalid ping message") << bytes;
  }
}

TEST(ForwardHandshake, MessageThatNeverEndsIsRefusedBeyondTheLimit) {
  const ServerSecurity mine = server_security();
  const HandshakeServer server(mine, "192.0.2.7", true);
  std::string bytes("\x96\xa4PING\xc6\xff\xff\xff\xff", 11);
  bytes.resize(longest_handshake_message - 1, 'x');
  EXPECT_EQ(server.advance(bytes).is, ServerIs::needs_more);
  bytes += 'x';
  EXPECT_EQ(server.advance(bytes).refusal, Refusal::invalid_ping);
}

TEST(ForwardHandshake, CutsMakeNoDifference) {
  const ServerSecurity mine = server_security();
  const ClientSecurity theirs = client_security();
  const HandshakeServer server(mine, "192.0.2.7", true);
  const std::string helo = server.helo();
  HandshakeClient client(theirs);
  for (std::size_t size = 0; size < helo.size(); ++size) {
    const HandshakeClient::Step step = client.advance(helo.substr(0, size));
    ASSERT_EQ(step.is, ClientIs::needs_more);
    ASSERT_EQ(step.used, 0u);
    ASSERT_TRUE(step.answer.empty());
  }
  const std::string ping = client.advance(helo).answer;
  for (std::size_t size = 0; size < ping.size(); ++size) {
    const HandshakeServer::Step step = server.advance(ping.substr(0, size));
    ASSERT_EQ(step.is, ServerIs::needs_more);
    ASSERT_EQ(step.used, 0u);
  }
  const HandshakeServer::Step step = server.advance(ping + "what follows");
  ASSERT_EQ(step.is, ServerIs::accepted);
  EXPECT_EQ(step.used, ping.size());
  for (std::size_t size = 0; size < step.answer.size(); ++size) {
    ASSERT_EQ(client.advance(step.answer.substr(0, size)).is, ClientIs::needs_more);
  }
  const HandshakeClient::Step last = client.advance(step.answer + "what follows");
  EXPECT_EQ(last.is, ClientIs::accepted);
  EXPECT_EQ(last.used, step.answer.size());
}

TEST(ForwardHandshake, ServerOfOurOwnNameIsRejected) {
  ServerSecurity mine = server_security();
  mine.self_hostname = "client.example";
  const Outcome outcome = meet(mine, client_security());
  EXPECT_EQ(outcome.server.is, ServerIs::accepted);
  EXPECT_EQ(outcome.client.failure, Failure::own_hostname);
}

TEST(ForwardHandshake, ServerThatDoesNotKnowTheKeyIsRejected) {
  const ServerSecurity mine = server_security();
  const ClientSecurity theirs = client_security();
  HandshakeClient client(theirs);
  client.advance(HandshakeServer(mine, "192.0.2.7", true).helo());
  const HandshakeClient::Step step =
      client.advance(write_message(Pong{true, "", "server.example", std::string(128, '0')}));
  EXPECT_EQ(step.is, ClientIs::failed);
  EXPECT_EQ(step.failure, Failure::shared_key);
}

TEST(ForwardHandshake, ReasonOfAServerIsShownWithoutControlCharacters) {
  const ServerSecurity mine = server_security();
  const ClientSecurity theirs = client_security();
  HandshakeClient client(theirs);
  client.advance(HandshakeServer(mine, "192.0.2.7", true).helo());
  const std::string reason = "go\x1b[2J away\n" + std::string(500, 'x');
  const HandshakeClient::Step step = client.advance(write_message(Pong{false, reason, "", ""}));
  EXPECT_EQ(step.failure, Failure::refused);
  EXPECT_EQ(step.why.find('\x1b'), std::string::npos);
  EXPECT_LT(step.why.size(), 200u);
}

TEST(ForwardHandshake, HeloAndPongMayCarryStringsAsFluentBitSendsThem) {
  OutBuffer helo;
  msgpack::Writer writer(helo);
  writer.array(2);
  writer.string("HELO");
  writer.map(3);
  writer.string("nonce");
  writer.string("0123456789abcdef");
  writer.string("auth");
  writer.string("fedcba9876543210");
  writer.string("keepalive");
  writer.boolean(false);
  const ClientSecurity theirs = client_security();
  HandshakeClient client(theirs);
  const HandshakeClient::Step step = client.advance(helo.text());
  Ping ping;
  ASSERT_TRUE(read_message(step.answer, ping));
  EXPECT_EQ(ping.digest, hex_digest({ping.salt, "client.example", "0123456789abcdef", "the key"}));
  EXPECT_EQ(ping.user, "alice");
  EXPECT_EQ(ping.password_digest, hex_digest({"fedcba9876543210", "alice", "secret of alice"}));
  EXPECT_FALSE(client.keepalive());
}

TEST(ForwardHandshake, HeloWithoutANonceIsNone) {
  const ClientSecurity theirs = client_security();
  for (const std::string& helo :
       {std::string("\x92\xa4HELO\x80"), std::string("\x92\xa4HELO\xc0"), std::string("\x15\x03\x03"),
        std::string("\x92\xa4HELO\x81\xa5nonce\x05"), std::string("\xc1")}) {
    EXPECT_EQ(HandshakeClient(theirs).advance(helo).failure, Failure::invalid_helo);
  }
}

TEST(ForwardHandshake, NoncesOfTwoConnectionsDiffer) {
  const ServerSecurity mine = server_security();
  EXPECT_NE(HandshakeServer(mine, "", true).helo(), HandshakeServer(mine, "", true).helo());
}

}  // namespace
}  // namespace logboom::forward
