#include "forward_fixture.hpp"

#include <logboom/input.hpp>
#include <logboom/testing/filter_driver.hpp>

namespace logboom::plugins {
PluginInfo in_forward();
}

namespace logboom::in_forward::test {
namespace {

using testing::section;
using Params = testing::FakeContext::Params;

const Raw one_message = arr({str("t"), num(1700000001), map({})});
const Rows one_row{{"t", "1700000001", "{}"}};
const Peer over_unix{"unix:run/forward.sock", "", "localhost"};

/// What the server has sent by one call each.
Raw all_sent(Forward& forward) { return join(forward.sent()); }

struct Secured {
  explicit Secured(bool user_auth = false, Options options = {}, Peer peer = {}, bool anonymous = true) {
    options.security.emplace();
    forward::ServerSecurity rules;
    rules.self_hostname = "server";
    rules.shared_key = "key";
    rules.user_auth = user_auth;
    rules.allow_anonymous_source = anonymous;
    rules.users.push_back({"alice", "password"});
    forward.emplace(options, Settle::confirm, std::move(peer), std::move(rules));
  }
  /// The client's PING, as an answer to the HELO that was sent.
  Raw ping(const forward::ClientSecurity& security) {
    client.emplace(security);
    const auto step = client->advance(all_sent(*forward));
    helo_size = step.used;
    return step.answer;
  }
  Raw pong() { return all_sent(*forward).substr(helo_size); }
  Result result() {
    forward->driver.end();
    return forward->result();
  }

  std::optional<Forward> forward;
  std::optional<forward::HandshakeClient> client;
  std::size_t helo_size = 0;
};

const forward::ClientSecurity right{"client", "key", "alice", "password"};

TEST(ForwardSecurity, messages_are_taken_after_the_handshake_however_it_is_cut) {
  const std::size_t size = Secured(true).ping(right).size();
  for (std::size_t cut = 0; cut <= size + one_message.size(); ++cut) {
    Secured secured(true);
    const Raw stream = secured.ping(right) + one_message;
    secured.forward->driver.feed_cut(stream, Cuts{cut});
    ASSERT_EQ(secured.client->advance(secured.pong()).is, forward::HandshakeClient::Step::Is::accepted) << cut;
    const Result result = secured.result();
    ASSERT_EQ(result.rows, one_row) << cut;
    ASSERT_TRUE(result.errors.empty() && result.log.empty()) << result;
  }
  Secured bytewise;
  bytewise.forward->driver.feed_bytewise(bytewise.ping(right) + one_message);
  EXPECT_EQ(bytewise.result().rows, one_row);
}

TEST(ForwardSecurity, nothing_is_taken_before_it) {
  Secured secured;
  secured.forward->driver.feed(one_message);
  const Result result = secured.result();
  EXPECT_TRUE(result.rows.empty());
  EXPECT_TRUE(result.closed);
  EXPECT_FALSE(result.reset) << "the client shall read why";
  EXPECT_EQ(result.errors, (Counts{{"security_invalid_ping", 1}}));
}

TEST(ForwardSecurity, refused_client_is_told_why_and_closed_and_what_follows_is_not_looked_at) {
  struct Case {
    forward::ClientSecurity client;
    const char* reason;
    const char* counter;
  };
  for (const Case& each : {Case{{"client", "other", "alice", "password"}, "shared_key mismatch", "security_shared_key"},
                           Case{{"client", "key", "alice", "other"}, "username/password mismatch", "security_user"},
                           Case{{"client", "key", "bob", "password"}, "username/password mismatch", "security_user"}}) {
    Secured secured(true);
    secured.forward->driver.feed(secured.ping(each.client) + one_message);
    EXPECT_EQ(secured.pong(), forward::write_message(forward::Pong{false, each.reason, "", ""}));
    const Result result = secured.result();
    EXPECT_TRUE(result.rows.empty());
    EXPECT_TRUE(result.closed && !result.reset);
    EXPECT_EQ(result.errors, (Counts{{each.counter, 1}}));
    ASSERT_EQ(result.log.size(), 1U);
    EXPECT_NE(result.log[0].find(each.reason), std::string::npos);
    EXPECT_NE(result.log[0].find("192.0.2.7:50123"), std::string::npos);
    for (const char* secret : {"key\"", "password'", "other"}) {
      EXPECT_EQ(result.log[0].find(secret), std::string::npos) << result.log[0];
    }
  }
}

TEST(ForwardSecurity, peer_of_a_unix_socket_is_an_anonymous_source) {
  Secured denied(false, {}, over_unix, false);
  denied.forward->driver.feed(denied.ping(right));
  EXPECT_EQ(denied.pong(), forward::write_message(
                               forward::Pong{false, "anonymous source host 'unix:run/forward.sock' denied", "", ""}));
  Secured allowed(false, {}, over_unix);
  allowed.forward->driver.feed(allowed.ping(right) + one_message);
  EXPECT_EQ(allowed.result().rows, one_row);
}

TEST(ForwardSecurity, json_is_not_spoken) {
  Secured before;
  before.forward->driver.feed(R"(["PING","client","salt","digest","",""])");
  EXPECT_EQ(before.result().errors, (Counts{{"security_invalid_ping", 1}}));
  Secured after;
  after.forward->driver.feed(after.ping(right) + R"(["t",1,{}])");
  const Result result = after.result();
  EXPECT_TRUE(result.rows.empty());
  EXPECT_TRUE(result.reset);
  EXPECT_EQ(result.errors, (Counts{{"malformed", 1}}));
}

TEST(ForwardSecurity, silent_client_is_reset_when_its_time_is_over) {
  Secured secured;
  ASSERT_EQ(secured.forward->connection().timer(), std::chrono::seconds(10));
  secured.forward->driver.feed(secured.ping(right).substr(0, 20));
  secured.forward->driver.fire_timer();
  const Result result = secured.result();
  EXPECT_TRUE(result.reset);
  EXPECT_EQ(result.errors, (Counts{{"security_timeout", 1}}));
  EXPECT_EQ(result.log.size(), 1U);
}

TEST(ForwardSecurity, timer_of_a_handshake_that_is_over_does_nothing) {
  Secured secured;
  secured.forward->driver.feed(secured.ping(right));
  secured.forward->driver.fire_timer();
  EXPECT_TRUE(secured.forward->open());
}

TEST(ForwardSecurity, client_that_never_ends_its_ping_is_refused) {
  Secured secured;
  secured.ping(right);
  secured.forward->driver.feed(head(0xc6, 0xffffffff, 4));
  for (int i = 0; i < 9; ++i) secured.forward->driver.feed(std::string(1000, 'x'));
  EXPECT_LE(secured.forward->driver.most_residue(), forward::longest_handshake_message);
  EXPECT_EQ(secured.result().errors, (Counts{{"security_invalid_ping", 1}}));
}

TEST(ForwardSecurity, half_open_until_the_client_has_shown_who_it_is) {
  Secured secured;
  EXPECT_TRUE(secured.forward->connection().is_half_open());
  secured.forward->driver.feed(secured.ping(right));
  EXPECT_FALSE(secured.forward->connection().is_half_open());
  EXPECT_FALSE(Forward().connection().is_half_open());
}

TEST(ForwardSecurity, helo_says_whether_connections_are_kept) {
  for (const bool deny : {false, true}) {
    Options options;
    options.deny_keepalive = deny;
    Secured secured(false, options);
    forward::Helo helo;
    ASSERT_TRUE(forward::read_message(all_sent(*secured.forward), helo));
    EXPECT_EQ(helo.keepalive, !deny);
    EXPECT_EQ(helo.nonce.size(), 16U);
    EXPECT_EQ(helo.auth, "");
  }
}

TEST(ForwardSecurity, one_line_a_minute_for_each_address) {
  Options options;
  options.security.emplace();
  testing::FakeHost host;
  forward::ServerSecurity rules;
  rules.self_hostname = "server";
  rules.shared_key = "key";
  Shared shared(options, host, rules);
  const auto connect = [&](const std::string& address) {
    SessionDriver driver(
        [&](net::Connection& connection) { return std::make_unique<ForwardSession>(connection, shared); },
        {address + ":1", address, address});
    driver.feed(one_message);
  };
  for (int i = 0; i < 5; ++i) connect("192.0.2.7");
  connect("192.0.2.8");
  EXPECT_EQ(host.log().lines().size(), 2U);
  EXPECT_EQ(host.error_counts(), (Counts{{"security_invalid_ping", 6}}));
}

/// An input made from a configuration.
struct Made {
  explicit Made(const Params& security, const std::vector<Element>& children = {}) : context("source", "forward") {
    Element element = section("security", security);
    unsigned line = 10;
    for (Element child : children) {
      child.pos.line = ++line;
      element.children.push_back(std::move(child));
    }
    context.section().children.push_back(std::move(element));
    plugin = plugins::in_forward().make(context.element(), context);
  }
  testing::FakeContext context;
  std::unique_ptr<Plugin> plugin;
};

std::string error_of(const Params& security, const std::vector<Element>& children = {}) {
  try {
    const Made made(security, children);
    return "none";
  } catch (const ConfigError& error) {
    return error.message();
  }
}

const Params named{{"self_hostname", "server"}, {"shared_key", "k3y"}};
Params with(Params more) {
  more.insert(more.begin(), named.begin(), named.end());
  return more;
}

TEST(ForwardSecurity, sections_of_a_configuration_reach_the_handshake) {
  Made made(with({{"user_auth", "true"}, {"allow_anonymous_source", "false"}}),
            {section("user", {{"username", "alice"}, {"password", "pw"}}),
             section("client", {{"host", "192.0.2.7"}, {"shared_key", "of 7"}}),
             section("client", {{"network", "192.0.2.0/24"}, {"users", "[\"alice\"]"}}),
             section("client", {{"host", "localhost"}})});
  EXPECT_TRUE(made.context.warnings().empty());
  testing::FakeHost host;
  dynamic_cast<Input&>(*made.plugin).start(host);
  const auto accepted = [&host](const std::string& address, const std::string& key) {
    const auto driver = host.connect({address + ":1", address, address});
    const forward::ClientSecurity security{"client", key, "alice", "pw"};
    forward::HandshakeClient client(security);
    driver->feed(client.advance(join(driver->connection().sent())).answer);
    return !driver->ended();
  };
  EXPECT_TRUE(accepted("192.0.2.7", "of 7"));
  EXPECT_FALSE(accepted("192.0.2.7", "k3y"));
  EXPECT_TRUE(accepted("192.0.2.8", "k3y"));
  EXPECT_TRUE(accepted("127.0.0.1", "k3y"));
  EXPECT_FALSE(accepted("198.51.100.1", "k3y"));
}

TEST(ForwardSecurity, what_would_not_work_is_an_error_that_says_no_secret) {
  const Element user = section("user", {{"username", "alice"}, {"password", "pw"}});
  EXPECT_NE(error_of({{"self_hostname", "server"}}).find("shared_key"), std::string::npos);
  EXPECT_NE(error_of({{"shared_key", "k3y"}}).find("self_hostname"), std::string::npos);
  EXPECT_EQ(error_of({{"self_hostname", "s"}, {"shared_key", ""}}), "<security>: shared_key must not be empty");
  EXPECT_NE(error_of(with({{"user_auth", "true"}})).find("without a <user>"), std::string::npos);
  EXPECT_NE(error_of(with({{"allow_anonymous_source", "false"}})).find("without a <client>"), std::string::npos);
  EXPECT_NE(error_of(named, {section("client", {})}).find("either `host` or `network`"), std::string::npos);
  EXPECT_NE(error_of(named, {section("client", {{"host", "h"}, {"network", "n"}})}).find("either"), std::string::npos);
  EXPECT_NE(error_of(named, {section("client", {{"network", "192.0.2.0/33"}})}).find("slash"), std::string::npos);
  EXPECT_NE(error_of(named, {section("client", {{"host", "no-such-host.invalid"}})}).find("resolve"),
            std::string::npos);
  EXPECT_NE(error_of(named, {section("user", {{"username", "alice"}})}).find("password"), std::string::npos);
  EXPECT_EQ(error_of(named, {user}), "none");
  const Made unknown(with({{"user_auth", "true"}}), {user, section("client", {{"host", "::1"}, {"users", "bob"}})});
  EXPECT_EQ(unknown.context.warnings().size(), 1U);
}

}  // namespace
}  // namespace logboom::in_forward::test
