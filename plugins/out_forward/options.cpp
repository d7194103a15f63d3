#include "options.hpp"

#include <algorithm>

namespace logboom::out_forward {

namespace {

using O = Options;

constexpr std::chrono::milliseconds longest_heartbeat{10000};

void describe_servers(Describe<O>& d) {
  d.section("server", &O::servers, "A server that gets a share of the chunks.");
  d.section("service_discovery", &O::discoveries,
            "More servers. Its `@type` says from where: static (`<service>` sections), file (`path`) or srv (records "
            "of DNS).");
  d.section("security", &O::security, "Who this is, for servers with a `<security>` of their own.");
  d.param("host", &O::host, "The only server, as Fluentd before version 1 had it: use `<server>`.");
  d.param("port", &O::port, "The port of `host`.");
}

void describe_health(Describe<O>& d) {
  d.choice("heartbeat_type", &O::heartbeat_type,
           {{"transport", HeartbeatType::transport},
            {"tcp", HeartbeatType::tcp},
            {"udp", HeartbeatType::udp},
            {"none", HeartbeatType::none}},
           "What shows that a server is there: a connection as for chunks (transport, and tcp as well), an answer to a "
           "datagram, or nothing but what becomes of chunks.");
  d.param("heartbeat_interval", &O::heartbeat_interval, "How often each server is asked.");
  d.param("hard_timeout", &O::hard_timeout, "A server that was silent for so long is lost.");
  d.param("phi_failure_detector", &O::phi_failure_detector,
          "A server may be lost earlier, where its heartbeats were more regular than its silence explains.");
  d.param("phi_threshold", &O::phi_threshold,
          "How improbable that silence must be: phi is 0.43 for each usual gap between heartbeats.");
  d.param("recover_wait", &O::recover_wait,
          "A lost server gets a share again after heartbeats of so long; without heartbeats it is tried again then.");
}

void describe_connections(Describe<O>& d) {
  d.param("connect_timeout", &O::connect_timeout,
          "How long a connection may take to be made, TLS and handshake included; send_timeout where nothing is said.");
  d.param("send_timeout", &O::send_timeout, "How long a server may take nothing before its connection is given up.");
  d.param("keepalive", &O::keepalive, "Keep connections from chunk to chunk.");
  d.param("keepalive_timeout", &O::keepalive_timeout, "One that was not used for so long is closed; unset: never.");
  d.param("send_keepalive_packet", &O::send_keepalive_packet, "Use TCP keepalive on kept connections.");
  d.param("expire_dns_cache", &O::expire_dns_cache,
          "How long a name's addresses count, also for kept connections; 0: they are looked up for each connection; "
          "unset: until the server fails.");
  d.param("dns_round_robin", &O::dns_round_robin, "Take any of a name's addresses, not the first one that works.");
  d.param("ignore_network_errors_at_startup", &O::ignore_network_errors_at_startup,
          "Begin although a name can't be looked up.");
  d.param("verify_connection_at_startup", &O::verify_connection_at_startup,
          "Don't begin where a server can't be reached, or refuses the handshake.");
}

void describe_messages(Describe<O>& d) {
  d.param("require_ack_response", &O::require_ack_response,
          "A chunk is written when its server has acked it, and comes again otherwise.");
  d.param(
      "ack_response_timeout", &O::ack_response_timeout,
      "How long an ack may take; no longer than `delayed_commit_timeout` of `<buffer>`, which is 60 seconds unless it "
      "says otherwise.");
  d.param("ack_window", &O::ack_window, "How many chunks may be sent and not yet acked.").range(1, 65536);
  d.choice("compress", &O::compress,
           {{"text", Compression::text}, {"gzip", Compression::gzip}, {"zstd", Compression::zstd}},
           "How events are compressed on their way; text is not at all.");
  d.param("time_as_integer", &O::time_as_integer, "Send times as whole seconds, for Fluentd before version 0.14.");
  d.param("read_interval_msec", &O::read_interval_msec, "Accepted for Fluentd's sake: answers are read as they come.");
  d.param("read_length", &O::read_length, "Accepted for Fluentd's sake.");
}

void describe_tls(Describe<O>& d) {
  d.choice("transport", &O::transport, {{"tcp", TransportKind::tcp}, {"tls", TransportKind::tls}},
           "TCP, or TLS over it.");
  d.choice("tls_version", &O::tls_version,
           {{"TLSv1_3", TlsVersion::tls_1_3},
            {"TLS1_3", TlsVersion::tls_1_3},
            {"TLSv1_2", TlsVersion::tls_1_2},
            {"TLS1_2", TlsVersion::tls_1_2},
            {"TLSv1_1", TlsVersion::tls_1_1},
            {"TLS1_1", TlsVersion::tls_1_1}},
           "The only version of TLS to be spoken; 1.2 and 1.3 if not given.");
  d.param("tls_ciphers", &O::tls_ciphers, "Ciphers in OpenSSL's notation; suites of TLS 1.3 may stand among them.");
  d.param("tls_insecure_mode", &O::tls_insecure_mode, "Any certificate will do: nothing shows who the server is.");
  d.param("tls_allow_self_signed_cert", &O::tls_allow_self_signed_cert, "One that has signed itself will do.");
  d.param("tls_verify_hostname", &O::tls_verify_hostname,
          "The certificate must be for the server's `host`, or for its `name` where the host is an address.");
  d.param("tls_cert_path", &O::tls_cert_path,
          "PEM files with the CAs that vouch for servers; the system's where nothing is said.");
  d.param("tls_ca_cert_path", &O::tls_ca_cert_path, "The same; tls_cert_path counts where both are given.");
  d.param("tls_crl_path", &O::tls_crl_path,
          "PEM file with lists of what those CAs have revoked: a server whose certificate is among it gets nothing.");
  d.param("tls_client_cert_path", &O::tls_client_cert_path,
          "PEM file with this side's certificate, and behind it those that lead to its CA.");
  d.param("tls_client_private_key_path", &O::tls_client_private_key_path, "PEM file with that certificate's key.");
  d.param("tls_client_private_key_passphrase", &O::tls_client_private_key_passphrase,
          "What the key's file is encrypted with.")
      .secret();
  d.param("tls_cert_thumbprint", &O::tls_cert_thumbprint, "Refused: it is for Windows.").secret();
  d.param("tls_cert_logical_store_name", &O::tls_cert_logical_store_name, "Refused: it is for Windows.");
  d.param("tls_cert_use_enterprise_store", &O::tls_cert_use_enterprise_store, "Without effect: it is for Windows.");
}

struct Checker {
  const Element& element;

  void operator()(bool fine, std::string_view key, std::string message) const {
    if (fine) return;
    const Attribute* const attribute = element.find(key);
    throw ConfigError(attribute != nullptr ? attribute->value_pos : element.pos, std::move(message));
  }
};

}  // namespace

void ServerOptions::describe(Describe<ServerOptions>& d) {
  using S = ServerOptions;
  const auto own = [](auto ServerSettings::*member) {
    using T = std::remove_reference_t<decltype(std::declval<S>().*member)>;
    return static_cast<T S::*>(member);
  };
  d.param("host", own(&ServerSettings::host), "Address or name of the server.").required();
  d.param("port", own(&ServerSettings::port), "Its port.");
  d.param("name", own(&ServerSettings::name),
          "What logs call it, and what its certificate must be for where `host` is an address.");
  d.param("shared_key", own(&ServerSettings::shared_key), "Its key, in place of that of `<security>`.").secret();
  d.param("username", own(&ServerSettings::username), "Who we are for it, where it asks for users.");
  d.param("password", own(&ServerSettings::password), "The password of that user.").secret();
  d.param("weight", own(&ServerSettings::weight), "Its share of the chunks, beside the others' weights; 0: none.")
      .range(0, 100000);
  d.param("standby", own(&ServerSettings::standby), "It gets a share only while others are lost.");
  d.param("priority", own(&ServerSettings::priority),
          "Servers with a larger number get something only while all those with a smaller one are lost.");
}

void SecurityOptions::describe(Describe<SecurityOptions>& d) {
  d.param("self_hostname", &SecurityOptions::self_hostname, "What this side calls itself.").required();
  d.param("shared_key", &SecurityOptions::shared_key, "The key that it shares with the servers.").required().secret();
}

void DiscoveryOptions::describe(Describe<DiscoveryOptions>& d) {
  using D = DiscoveryOptions;
  d.section("service", &D::services, "static: one server.");
  d.param("path", &D::path,
          "file: a list of servers in YAML, or JSON where its name ends in .json: maps with what `<server>` has. It is "
          "read again when it changes.");
  d.param("conf_encoding", &D::conf_encoding, "file: only utf-8 is read.");
  d.param("service", &D::service, "srv: the service's name, without an underscore.");
  d.param("proto", &D::proto, "srv: its protocol, without an underscore.");
  d.param("hostname", &D::hostname, "srv: the domain; `_SERVICE._PROTO.HOSTNAME` is asked for.");
  d.param("dns_server_host", &D::dns_server_host, "srv: whom to ask, an address, perhaps with `:port`.");
  d.param("interval", &D::interval, "srv: how often to ask again.");
  d.param("dns_lookup", &D::dns_lookup, "srv: look up the records' names with the same server.");
  d.param("shared_key", &D::shared_key, "srv: the servers' key, in place of that of `<security>`.").secret();
  d.param("username", &D::username, "srv: who we are for them.");
  d.param("password", &D::password, "srv: the password of that user.").secret();
}

void Options::describe(Describe<Options>& d) {
  describe_servers(d);
  describe_health(d);
  describe_connections(d);
  describe_messages(d);
  describe_tls(d);
  d.leave_section("buffer");
  d.leave_section("secondary");
}

void check(const Options& options, const Element& element) {
  const Checker need{element};
  need(options.heartbeat_interval.count() > 0, "heartbeat_interval", "heartbeat_interval must be more than 0");
  need(options.ack_response_timeout >= std::chrono::seconds(1), "ack_response_timeout",
       "ack_response_timeout must be 1 second or more");
  need(!options.dns_round_robin || options.heartbeat_type != HeartbeatType::udp, "heartbeat_type",
       "dns_round_robin needs heartbeat_type transport or none: a datagram asks one address only");
  need(options.keepalive || !options.send_keepalive_packet, "send_keepalive_packet",
       "send_keepalive_packet needs `keepalive true`");
  for (const char* windows : {"tls_cert_thumbprint", "tls_cert_logical_store_name"}) {
    need(element.find(windows) == nullptr, windows, std::string(windows) + " is for Windows: use tls_cert_path");
  }
  need(!options.servers.empty() || !options.discoveries.empty() || !options.host.empty(), "@type",
       "forward needs a <server>, or a <service_discovery>");
}

Setup make_setup(const Options& options) {
  Setup setup;
  setup.heartbeat = options.heartbeat_type;
  setup.heartbeat_interval = options.heartbeat_interval;
  setup.hard_timeout = options.hard_timeout;
  setup.recover_wait = options.recover_wait;
  setup.phi_threshold = options.phi_threshold;
  setup.phi = options.phi_failure_detector;
  setup.expire_dns = options.expire_dns_cache;
  setup.dns_round_robin = options.dns_round_robin;
  setup.keepalive = options.keepalive;
  setup.keepalive_timeout = options.keepalive_timeout;
  setup.limits = {milliseconds(options.connect_timeout.value_or(options.send_timeout)),
                  milliseconds(options.send_timeout)};
  const auto patience = std::min(setup.limits.connect, longest_heartbeat);
  setup.heartbeat_limits = {patience, patience};
  return setup;
}

}  // namespace logboom::out_forward
