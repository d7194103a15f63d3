#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <logboom/params.hpp>

/// `<transport>`: how an input listens. One declaration for all inputs, so that each of them knows the same parameters.
///
///     struct Options {
///       TransportOptions transport;
///       static void describe(Describe<Options>& d) { d.section("transport", &Options::transport, transport_doc); }
///     };
///     …
///     transport_ = read_transport(options.transport, element, {TransportKind::tcp, TransportKind::tls});
///     where.tls = transport_.tls;  // net::StreamListen
namespace logboom {

/// A server's side of TLS: its certificates, which are loaded anew where their files change.
class TlsServer;

enum class TransportKind : std::uint8_t { tcp, udp, tls, unix_socket };
enum class TlsVersion : std::uint8_t { any, tls_1_0, tls_1_1, tls_1_2, tls_1_3 };
/// What a parameter says for each of them.
std::vector<std::pair<std::string, TlsVersion>> tls_version_words();

inline constexpr const char* transport_doc =
    "How to listen: <transport tcp> or <transport tls>; the parameters are those of TLS.";

/// The parameters of `<transport>`: Fluentd's, with `crl_path` and `handshake_timeout` added.
struct TransportOptions {
  std::string arg;  // "tcp", "udp", "tls" or "unix"; empty: the input's usual one
  TlsVersion version = TlsVersion::any;
  TlsVersion min_version = TlsVersion::any;
  TlsVersion max_version = TlsVersion::any;
  std::string ciphers = "ALL:!aNULL:!eNULL:!SSLv2";
  bool insecure = false;
  bool client_cert_auth = false;
  std::string ca_path;
  std::string crl_path;
  std::string cert_path;
  std::string private_key_path;
  std::string private_key_passphrase;
  std::string ca_cert_path;
  std::string ca_private_key_path;
  std::string ca_private_key_passphrase;
  int generate_private_key_length = 2048;
  std::string generate_cert_country = "US";
  std::string generate_cert_state = "CA";
  std::string generate_cert_locality = "Mountain View";
  std::string generate_cert_common_name;
  std::chrono::nanoseconds generate_cert_expiration = std::chrono::hours(24 * 365 * 10);
  std::string generate_cert_digest = "sha256";
  std::chrono::nanoseconds handshake_timeout = std::chrono::seconds(10);
  std::string cert_verifier;
  bool ensure_fips = false;

  static void describe(Describe<TransportOptions>& d);
};

struct Transport {
  TransportKind kind = TransportKind::tcp;
  std::shared_ptr<TlsServer> tls;  // where the kind is tls
};

/// What the section asks for; `allowed` are the kinds that the input has, its usual one first. Loads the certificates.
/// Throws ConfigError, at the parameter that is wrong, or at `element`'s `<transport>`.
Transport read_transport(const TransportOptions& options, const Element& element,
                         const std::vector<TransportKind>& allowed);

}  // namespace logboom
