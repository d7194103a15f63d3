#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <logboom/address_limiter.hpp>
#include <logboom/forward_handshake.hpp>
#include <logboom/net.hpp>
#include <logboom/params.hpp>
#include <logboom/plugin.hpp>

namespace logboom::in_forward {

struct UserOptions {
  std::string username;
  std::string password;

  static void describe(Describe<UserOptions>& d);
};

struct ClientOptions {
  std::string host;
  std::string network;
  std::optional<std::string> shared_key;
  std::vector<std::string> users;

  static void describe(Describe<ClientOptions>& d);
};

/// The parameters of `<security>`: Fluentd's, with `handshake_timeout` added.
struct SecurityOptions {
  std::string self_hostname;
  std::string shared_key;
  bool user_auth = false;
  bool allow_anonymous_source = true;
  std::chrono::nanoseconds handshake_timeout = std::chrono::seconds(10);
  std::vector<UserOptions> users;
  std::vector<ClientOptions> clients;

  static void describe(Describe<SecurityOptions>& d);
};

/// What the options of `element`'s `<security>` mean; looks names of clients up. Throws ConfigError at what is wrong.
forward::ServerSecurity read_security(const SecurityOptions& options, const Element& element, const WarnFn& warn);

/// What the handshakes of one input share. Threads: any.
class Doorkeeper {
 public:
  Doorkeeper(forward::ServerSecurity rules, const SecurityOptions& options, net::Host& host);

  const forward::ServerSecurity& rules() const noexcept { return rules_; }
  std::chrono::microseconds patience() const noexcept { return patience_; }
  void refused(const net::Connection& connection, const forward::HandshakeServer::Step& step);
  void too_slow(const net::Connection& connection);
  void gone(const net::Connection& connection);

 private:
  void say(const net::Connection& connection, std::string_view what);

  forward::ServerSecurity rules_;
  std::chrono::microseconds patience_;
  Log& log_;
  std::map<forward::Refusal, Counter&> refusals_;
  Counter& timeouts_;
  Counter& closed_;
  AddressLimiter limiter_{std::chrono::minutes(1)};
};

}  // namespace logboom::in_forward
