#pragma once

#include <memory>
#include <string>
#include <vector>

#include <logboom/log.hpp>
#include <logboom/params.hpp>
#include <logboom/transport.hpp>

/// TLS of outgoing connections: made once of an output's parameters, and given to its SocketClients. An output has a
/// section for it:
///
///     struct Options {
///       TlsClientOptions transport;
///       static void describe(Describe<Options>& d) { d.section("transport", &Options::transport, tls_client_doc); }
///     };
///     …
///     client_(address, limits, read_client_transport(options.transport, context.element(), context.log()))
///
/// One whose parameters have other names fills in TlsClientOptions, `names` too, and calls `make_tls_client`.
namespace logboom {

/// What a plugin calls its parameters of TLS: errors speak of these.
struct TlsNames {
  std::string version = "version";
  std::string min_version = "min_version";
  std::string max_version = "max_version";
  std::string ciphers = "ciphers";
  std::string ca_path = "ca_path";
  std::string crl_path = "crl_path";
  std::string cert_path = "cert_path";
  std::string private_key_path = "private_key_path";
  /// The same with `prefix` before each: "tls_" makes tls_version.
  static TlsNames with(const std::string& prefix);
};

inline constexpr const char* tls_client_doc =
    "How to speak TLS, in <transport tls>; without it, or with <transport tcp>, nothing is encrypted.";

/// Paths are of PEM files.
struct TlsClientOptions {
  std::string arg;  // "tls" where it was read from <transport tls>
  TlsVersion version = TlsVersion::any;
  TlsVersion min_version = TlsVersion::any;
  TlsVersion max_version = TlsVersion::any;
  std::string ciphers;                // OpenSSL's list, suites of TLS 1.3 among them; empty: OpenSSL's own
  std::vector<std::string> ca_paths;  // files with CAs, or folders that `openssl rehash` made; none: the system's CAs
  std::string crl_path;               // lists of what those CAs have revoked
  std::string cert_path;              // the client's certificate and those that lead to its CA; empty: none
  std::string private_key_path;
  std::string private_key_passphrase;
  std::string server_name;              // what the certificate must be for, and SNI; empty: the host of the address
  bool verify_hostname = true;          // false: any name will do, where the CA vouches for it
  bool allow_self_signed_cert = false;  // a certificate that has signed itself, for the right name, will do
  bool insecure = false;                // any certificate will do
  TlsNames names;

  static void describe(Describe<TlsClientOptions>& d);
};

/// Settings and certificates of outgoing connections. Loads its files anew when they have changed; where something is
/// wrong with them, what was loaded before stays, and the log says so once. Threads: any.
class TlsClient;

/// Loads the files. Throws ConfigError at the parameter that is wrong, or at `element`. `log` must outlive it.
std::shared_ptr<TlsClient> make_tls_client(TlsClientOptions options, const Element& element, Log& log);
/// The same for the `<transport>` of `element`; null where there is none, or it is <transport tcp>.
std::shared_ptr<TlsClient> read_client_transport(const TlsClientOptions& options, const Element& element, Log& log);

}  // namespace logboom
