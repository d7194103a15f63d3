#include "security.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace logboom::in_forward {

namespace {

using forward::Refusal;

std::chrono::microseconds rounded(std::chrono::nanoseconds time) {
  return std::max(std::chrono::microseconds(1), std::chrono::duration_cast<std::chrono::microseconds>(time));
}

/// What a key or a password is must not stand in a message.
void require_key(const Element& section, std::string_view parameter, const std::string& value) {
  if (!value.empty()) return;
  const Attribute* attribute = section.find(parameter);
  throw ConfigError(attribute != nullptr ? attribute->value_pos : section.pos,
                    cat("<", section.name, ">: ", parameter, " must not be empty"), "bad-security");
}

Networks networks_of(const ClientOptions& options, const Element& section) {
  if (options.host.empty() == options.network.empty()) {
    throw ConfigError(section.pos, "<client> needs either `host` or `network`", "bad-security");
  }
  Networks networks;
  try {
    options.network.empty() ? networks.add_host(options.host) : networks.add_network(options.network);
  } catch (const std::invalid_argument& error) {
    const Attribute* attribute = section.find(options.network.empty() ? "host" : "network");
    throw ConfigError(attribute->value_pos, cat("<client>: ", std::string_view(error.what())), "bad-security");
  }
  return networks;
}

forward::ServerSecurity::Client client_of(const ClientOptions& options, const std::string& shared_key,
                                          const Element& section) {
  forward::ServerSecurity::Client client;
  client.networks = networks_of(options, section);
  client.shared_key = options.shared_key.value_or(shared_key);
  require_key(section, "shared_key", client.shared_key);
  client.users = options.users;
  return client;
}

void warn_of_unknown_users(const SecurityOptions& options, const Element& section, const WarnFn& warn) {
  const auto clients = section.sections("client");
  for (std::size_t i = 0; i < clients.size(); ++i) {
    for (const std::string& name : options.clients[i].users) {
      const bool known = std::any_of(options.users.begin(), options.users.end(),
                                     [&name](const UserOptions& user) { return user.username == name; });
      if (!known) warn(clients[i]->pos, cat("<client>: there is no <user> with the username '", name, "'"));
    }
  }
}

}  // namespace

void UserOptions::describe(Describe<UserOptions>& d) {
  d.param("username", &UserOptions::username, "The user's name.").required();
  d.param("password", &UserOptions::password, "The user's password.").required().secret();
}

void ClientOptions::describe(Describe<ClientOptions>& d) {
  d.param("host", &ClientOptions::host,
          "An address, or a name that is looked up at the start: all its addresses count.");
  d.param("network", &ClientOptions::network, "A network, such as 192.0.2.0/24 or 2001:db8::/32.");
  d.param("shared_key", &ClientOptions::shared_key, "The key of these clients, instead of the one of `<security>`.")
      .secret();
  d.param("users", &ClientOptions::users, "The users that these clients may be; all if none are named.");
}

void SecurityOptions::describe(Describe<SecurityOptions>& d) {
  using O = SecurityOptions;
  d.param("self_hostname", &O::self_hostname, "What this end calls itself; each client must have another name.")
      .required();
  d.param("shared_key", &O::shared_key, "The key that clients must know.").required().secret();
  d.param("user_auth", &O::user_auth, "Clients must also give the name and password of a `<user>`.");
  d.param("allow_anonymous_source", &O::allow_anonymous_source,
          "Let clients in that no `<client>` names; a unix socket's are never named.");
  d.param("handshake_timeout", &O::handshake_timeout, "For how long a client may take to say who it is.");
  d.section("user", &O::users, "Who may send, with `user_auth`.");
  d.section("client", &O::clients, "What holds for clients of an address; the first that has the address counts.");
}

forward::ServerSecurity read_security(const SecurityOptions& options, const Element& element, const WarnFn& warn) {
  const auto sections = element.sections("security");
  if (sections.size() > 1) throw ConfigError(sections[1]->pos, "there may be only one <security>", "bad-security");
  const Element& section = *sections.front();
  const auto refuse = [&section](const char* parameter, const char* why) {
    const Attribute* attribute = section.find(parameter);
    throw ConfigError(attribute != nullptr ? attribute->value_pos : section.pos, why, "bad-security");
  };
  require_key(section, "self_hostname", options.self_hostname);
  require_key(section, "shared_key", options.shared_key);
  if (options.user_auth && options.users.empty()) {
    refuse("user_auth", "`user_auth true` without a <user> would refuse everybody: add one");
  }
  if (!options.allow_anonymous_source && options.clients.empty()) {
    refuse("allow_anonymous_source",
           "`allow_anonymous_source false` without a <client> would refuse everybody: add one");
  }
  if (options.handshake_timeout.count() <= 0)
    refuse("handshake_timeout", "handshake_timeout must be longer than nothing");
  forward::ServerSecurity rules;
  rules.self_hostname = options.self_hostname;
  rules.shared_key = options.shared_key;
  rules.user_auth = options.user_auth;
  rules.allow_anonymous_source = options.allow_anonymous_source;
  for (const UserOptions& user : options.users) rules.users.push_back({user.username, user.password});
  const auto clients = section.sections("client");
  for (std::size_t i = 0; i < clients.size(); ++i) {
    rules.clients.push_back(client_of(options.clients[i], options.shared_key, *clients[i]));
  }
  warn_of_unknown_users(options, section, warn);
  return rules;
}

Doorkeeper::Doorkeeper(forward::ServerSecurity rules, const SecurityOptions& options, net::Host& host)
    : rules_(std::move(rules)),
      patience_(rounded(options.handshake_timeout)),
      log_(host.log()),
      refusals_{{Refusal::invalid_ping, host.errors("security_invalid_ping")},
                {Refusal::anonymous_source, host.errors("security_anonymous_source")},
                {Refusal::shared_key, host.errors("security_shared_key")},
                {Refusal::user, host.errors("security_user")}},
      timeouts_(host.errors("security_timeout")),
      closed_(host.errors("security_closed")) {}

void Doorkeeper::refused(const net::Connection& connection, const forward::HandshakeServer::Step& step) {
  refusals_.at(step.refusal).add();
  std::string hint;
  switch (step.refusal) {
    case Refusal::invalid_ping:
      hint = ": it is no client of <security>, or not one of forward; turn that on at the client";
      break;
    case Refusal::anonymous_source: hint = ": no <client> has its address"; break;
    case Refusal::user: hint = cat(": user '", step.user, "'"); break;
    default: break;
  }
  say(connection, cat(step.hostname.empty() ? "" : cat("'", step.hostname, "' "), "is refused: ", step.reason, hint));
}

void Doorkeeper::too_slow(const net::Connection& connection) {
  timeouts_.add();
  say(connection, "did not say in time who it is (handshake_timeout); the connection is reset");
}

void Doorkeeper::gone(const net::Connection& connection) {
  closed_.add();
  say(connection, "has gone before it had said who it is");
}

void Doorkeeper::say(const net::Connection& connection, std::string_view what) {
  std::uint64_t more = 0;
  if (!limiter_.due(connection.peer_address(), more)) return;
  log_.warn(
      cat("forward: ", connection.peer(), ": ", what, more == 0 ? "" : cat(" (and ", more, " more of this address)")));
}

}  // namespace logboom::in_forward
