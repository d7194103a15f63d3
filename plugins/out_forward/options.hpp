#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <logboom/params.hpp>
#include <logboom/transport.hpp>

#include "message.hpp"
#include "setup.hpp"

namespace logboom::out_forward {

/// `<server>`, and `<service>` of a static `<service_discovery>`.
struct ServerOptions : ServerSettings {
  static void describe(Describe<ServerOptions>& d);
};

struct SecurityOptions {
  std::string self_hostname;
  std::string shared_key;

  static void describe(Describe<SecurityOptions>& d);
};

/// `<service_discovery>`: the parameters of all its types.
struct DiscoveryOptions {
  std::vector<ServerOptions> services;
  std::string path = "/etc/fluent/sd.yaml";
  std::string conf_encoding = "utf-8";
  std::string service;
  std::string proto = "tcp";
  std::string hostname;
  std::string dns_server_host;
  std::chrono::nanoseconds interval{std::chrono::seconds(60)};
  bool dns_lookup = true;
  std::string shared_key;
  std::string username;
  std::string password;

  static void describe(Describe<DiscoveryOptions>& d);
};

/// The parameters of `@type forward`: Fluentd's, with a server's `priority`, `ack_window` and `tls_crl_path` added.
struct Options {
  TransportKind transport = TransportKind::tcp;
  std::vector<ServerOptions> servers;
  std::vector<DiscoveryOptions> discoveries;
  std::optional<SecurityOptions> security;
  std::string host;
  std::uint16_t port = 24224;

  std::chrono::nanoseconds send_timeout{std::chrono::seconds(60)};
  std::optional<std::chrono::nanoseconds> connect_timeout;
  HeartbeatType heartbeat_type = HeartbeatType::transport;
  std::chrono::nanoseconds heartbeat_interval{std::chrono::seconds(1)};
  std::chrono::nanoseconds recover_wait{std::chrono::seconds(10)};
  std::chrono::nanoseconds hard_timeout{std::chrono::seconds(60)};
  double phi_threshold = 16;
  bool phi_failure_detector = true;
  bool require_ack_response = false;
  std::chrono::nanoseconds ack_response_timeout{std::chrono::seconds(190)};
  std::uint32_t ack_window = 64;
  std::int64_t read_interval_msec = 50;
  ByteSize read_length{512};
  std::optional<std::chrono::nanoseconds> expire_dns_cache;
  bool dns_round_robin = false;
  bool ignore_network_errors_at_startup = false;
  bool verify_connection_at_startup = false;
  Compression compress = Compression::text;
  bool time_as_integer = false;
  bool keepalive = false;
  std::optional<std::chrono::nanoseconds> keepalive_timeout;
  bool send_keepalive_packet = false;

  TlsVersion tls_version = TlsVersion::any;
  std::string tls_ciphers = "ALL:!aNULL:!eNULL:!SSLv2";
  bool tls_insecure_mode = false;
  bool tls_allow_self_signed_cert = false;
  bool tls_verify_hostname = true;
  std::vector<std::string> tls_cert_path;
  std::vector<std::string> tls_ca_cert_path;
  std::string tls_crl_path;
  std::string tls_client_cert_path;
  std::string tls_client_private_key_path;
  std::string tls_client_private_key_passphrase;
  std::string tls_cert_thumbprint;
  std::string tls_cert_logical_store_name;
  bool tls_cert_use_enterprise_store = true;

  static void describe(Describe<Options>& d);
};

/// Throws ConfigError for what can't be together.
void check(const Options& options, const Element& element);
Setup make_setup(const Options& options);

}  // namespace logboom::out_forward
