#include <logboom/transport.hpp>

#include <algorithm>
#include <array>

#include <logboom/log.hpp>

#include "base/tls_server.hpp"

namespace logboom {

namespace {

constexpr std::array<std::pair<std::string_view, TransportKind>, 4> kinds{{{"tcp", TransportKind::tcp},
                                                                           {"udp", TransportKind::udp},
                                                                           {"tls", TransportKind::tls},
                                                                           {"unix", TransportKind::unix_socket}}};

const Element* section_of(const Element& element) {
  const std::vector<const Element*> sections = element.sections("transport");
  return sections.empty() ? nullptr : sections.back();
}

std::string words(const std::vector<TransportKind>& allowed) {
  std::string out;
  for (const auto& [word, kind] : kinds) {
    if (std::find(allowed.begin(), allowed.end(), kind) == allowed.end()) continue;
    out += cat(out.empty() ? "" : ", ", "<transport ", word, ">");
  }
  return out;
}

TransportKind kind_of(const std::string& word, const Element* section, const std::vector<TransportKind>& allowed) {
  if (section == nullptr || word.empty()) return allowed.front();
  for (const auto& [name, kind] : kinds) {
    if (name == word && std::find(allowed.begin(), allowed.end(), kind) != allowed.end()) return kind;
  }
  throw ConfigError(section->pos, cat("<transport ", word, "> is not possible here: write one of ", words(allowed)),
                    "bad-transport");
}

}  // namespace

std::vector<std::pair<std::string, TlsVersion>> tls_version_words() {
  return {{"TLSv1_3", TlsVersion::tls_1_3}, {"TLS1_3", TlsVersion::tls_1_3},  {"TLSv1_2", TlsVersion::tls_1_2},
          {"TLS1_2", TlsVersion::tls_1_2},  {"TLSv1_1", TlsVersion::tls_1_1}, {"TLS1_1", TlsVersion::tls_1_1},
          {"TLSv1", TlsVersion::tls_1_0}};
}

void TransportOptions::describe(Describe<TransportOptions>& d) {
  using O = TransportOptions;
  const auto versions = tls_version_words();
  d.choice("version", &O::version, versions, "The only version of TLS to be spoken; 1.2 and 1.3 if not given.");
  d.choice("min_version", &O::min_version, versions, "The oldest version of TLS to be spoken.");
  d.choice("max_version", &O::max_version, versions, "The newest version of TLS to be spoken.");
  d.param("ciphers", &O::ciphers, "Ciphers in OpenSSL's notation; suites of TLS 1.3 may stand among them.");
  d.param("insecure", &O::insecure, "Makes a certificate that nobody has signed, where no other is given.");
  d.param("client_cert_auth", &O::client_cert_auth, "Only clients with a certificate that `ca_path` vouches for.");
  d.param("ca_path", &O::ca_path, "PEM file with the CAs, or folder of them, that sign clients' certificates.");
  d.param("crl_path", &O::crl_path, "PEM file with the lists of revoked certificates of those CAs.");
  d.param("cert_path", &O::cert_path, "PEM file with the certificate, and behind it those that lead to its CA.");
  d.param("private_key_path", &O::private_key_path, "PEM file with the certificate's key.");
  d.param("private_key_passphrase", &O::private_key_passphrase, "What the key's file is encrypted with.").secret();
  d.param("ca_cert_path", &O::ca_cert_path, "PEM file of a CA with which a certificate is made at the start.");
  d.param("ca_private_key_path", &O::ca_private_key_path, "PEM file with the key of that CA.");
  d.param("ca_private_key_passphrase", &O::ca_private_key_passphrase, "What that file is encrypted with.").secret();
  d.param("generate_private_key_length", &O::generate_private_key_length, "Bits of the RSA key of a made certificate.")
      .range(2048, 16384);
  d.param("generate_cert_country", &O::generate_cert_country, "The country of a made certificate.");
  d.param("generate_cert_state", &O::generate_cert_state, "The state of a made certificate.");
  d.param("generate_cert_locality", &O::generate_cert_locality, "The locality of a made certificate.");
  d.param("generate_cert_common_name", &O::generate_cert_common_name,
          "The name or address that a made certificate is for; the host's name if not given.");
  d.param("generate_cert_expiration", &O::generate_cert_expiration, "For how long a made certificate is valid.");
  d.choice("generate_cert_digest", &O::generate_cert_digest,
           {{"sha256", "sha256"}, {"sha384", "sha384"}, {"sha512", "sha512"}}, "The digest of a made certificate.");
  d.param("handshake_timeout", &O::handshake_timeout, "For how long a client may take to agree on TLS.");
  d.param("cert_verifier", &O::cert_verifier, "Refused: it is Ruby code.");
  d.param("ensure_fips", &O::ensure_fips, "Refused where it is true: that is the system's OpenSSL's matter.");
}

Transport read_transport(const TransportOptions& options, const Element& element,
                         const std::vector<TransportKind>& allowed) {
  const Element* section = section_of(element);
  Transport transport{kind_of(options.arg, section, allowed), nullptr};
  if (transport.kind != TransportKind::tls) return transport;
  try {
    transport.tls = std::make_shared<TlsServer>(options);
  } catch (const TlsError& error) {
    const Attribute* where = section == nullptr ? nullptr : section->find(error.parameter());
    const SourcePos pos = where != nullptr ? where->value_pos : section != nullptr ? section->pos : element.pos;
    throw ConfigError(pos, cat("<transport tls>: ", std::string_view(error.what())), "bad-tls");
  }
  return transport;
}

}  // namespace logboom
