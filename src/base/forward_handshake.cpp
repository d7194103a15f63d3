#include <logboom/forward_handshake.hpp>

#include <algorithm>
#include <utility>

#include <logboom/log.hpp>

namespace logboom::forward {

namespace {

constexpr std::size_t salt_size = 16;

}  // namespace

HandshakeServer::HandshakeServer(const ServerSecurity& security, std::string address, bool keepalive)
    : security_(security), address_(std::move(address)) {
  helo_.nonce = random_bytes(salt_size);
  if (security_.user_auth) helo_.auth = random_bytes(salt_size);
  helo_.keepalive = keepalive;
}

HandshakeServer::Step HandshakeServer::advance(std::string_view bytes) const {
  Step step;
  const HandshakeScan scan = scan_message(bytes, step.used);
  if (scan == HandshakeScan::incomplete) return step;
  Ping ping;
  const std::string* shared_key = nullptr;
  const bool is_ping = scan == HandshakeScan::complete && read_message(bytes.substr(0, step.used), ping);
  step.refusal = is_ping ? check(ping, shared_key) : Refusal::invalid_ping;
  if (is_ping) {
    step.hostname = shown(ping.hostname);
    step.user = shown(ping.user);
  }
  Pong pong;
  pong.accepted = step.refusal == Refusal::none;
  if (pong.accepted) {
    pong.hostname = security_.self_hostname;
    pong.digest = hex_digest({ping.salt, security_.self_hostname, helo_.nonce, *shared_key});
  } else {
    pong.reason = step.reason = reason_of(step.refusal);
  }
  step.is = pong.accepted ? Step::Is::accepted : Step::Is::refused;
  step.answer = write_message(pong);
  return step;
}

Refusal HandshakeServer::check(const Ping& ping, const std::string*& shared_key) const {
  const ServerSecurity::Client* client = client_of_peer();
  if (client == nullptr && !security_.allow_anonymous_source) return Refusal::anonymous_source;
  shared_key = client != nullptr ? &client->shared_key : &security_.shared_key;
  const std::string expected = hex_digest({ping.salt, ping.hostname, helo_.nonce, *shared_key});
  if (!same_secret(expected, ping.digest)) return Refusal::shared_key;
  return !security_.user_auth || check_user(ping, client) ? Refusal::none : Refusal::user;
}

/// Takes as long for a name that nobody has as for a wrong password.
bool HandshakeServer::check_user(const Ping& ping, const ServerSecurity::Client* client) const {
  const auto same = [this, &ping](std::string_view password) {
    return same_secret(hex_digest({helo_.auth, ping.user, password}), ping.password_digest);
  };
  bool known = false;
  bool right = false;
  for (const ServerSecurity::User& user : security_.users) {
    if (user.name != ping.user) continue;
    known = true;
    right = same(user.password) || right;
  }
  if (!known) static_cast<void>(same(""));
  const bool allowed = client == nullptr || client->users.empty() ||
                       std::find(client->users.begin(), client->users.end(), ping.user) != client->users.end();
  return right && allowed;
}

const ServerSecurity::Client* HandshakeServer::client_of_peer() const {
  for (const ServerSecurity::Client& client : security_.clients) {
    if (client.networks.contains(address_)) return &client;
  }
  return nullptr;
}

std::string HandshakeServer::reason_of(Refusal refusal) const {
  switch (refusal) {
    case Refusal::invalid_ping: return "invalid ping message";
    case Refusal::anonymous_source: return cat("anonymous source host '", address_, "' denied");
    case Refusal::shared_key: return "shared_key mismatch";
    case Refusal::user: return "username/password mismatch";
    case Refusal::none: break;
  }
  return "";
}

HandshakeClient::HandshakeClient(const ClientSecurity& security)
    : security_(security), salt_(random_bytes(salt_size)) {}

HandshakeClient::Step HandshakeClient::advance(std::string_view bytes) {
  Step step;
  const HandshakeScan scan = scan_message(bytes, step.used);
  if (scan == HandshakeScan::incomplete) return step;
  const std::string_view message = scan == HandshakeScan::complete ? bytes.substr(0, step.used) : std::string_view();
  if (greeted_) {
    check_pong(message, step);
  } else {
    answer_helo(message, step);
  }
  if (step.failure != Failure::none) step.is = Step::Is::failed;
  return step;
}

void HandshakeClient::answer_helo(std::string_view message, Step& step) {
  if (!read_message(message, helo_)) {
    step.failure = Failure::invalid_helo;
    step.why =
        "what the server sends first is no HELO: does it have a <security> section, and speak TLS or not as we do?";
    return;
  }
  greeted_ = true;
  Ping ping;
  ping.hostname = security_.self_hostname;
  ping.salt = salt_;
  ping.digest = hex_digest({salt_, security_.self_hostname, helo_.nonce, security_.shared_key});
  if (!helo_.auth.empty()) {
    ping.user = security_.username;
    ping.password_digest = hex_digest({helo_.auth, security_.username, security_.password});
  }
  step.answer = write_message(ping);
}

/// A server of our own name could have sent our own digest back.
void HandshakeClient::check_pong(std::string_view message, Step& step) const {
  Pong pong;
  if (!read_message(message, pong)) {
    step.failure = Failure::invalid_pong;
    step.why = "the server's answer to PING is no PONG";
    return;
  }
  step.hostname = shown(pong.hostname);
  if (!pong.accepted) {
    step.failure = Failure::refused;
    step.why = cat("the server refuses us: ", pong.reason.empty() ? "it gives no reason" : shown(pong.reason));
  } else if (pong.hostname == security_.self_hostname) {
    step.failure = Failure::own_hostname;
    step.why = cat("the server has our own self_hostname, '", step.hostname,
                   "': each end needs its own, and an output must not lead to its own input");
  } else if (!same_secret(hex_digest({salt_, pong.hostname, helo_.nonce, security_.shared_key}), pong.digest)) {
    step.failure = Failure::shared_key;
    step.why = "shared_key mismatch: the server does not know our shared_key";
  } else {
    step.is = Step::Is::accepted;
  }
}

}  // namespace logboom::forward
