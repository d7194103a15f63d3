#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <cstring>

#include <logboom/log.hpp>

#include "base/tls_certificate.hpp"
#include "base/tls_server.hpp"

namespace logboom {

namespace {

constexpr std::size_t read_buffer = 64 * 1024;

int number_of(TlsVersion version, const char* parameter) {
  switch (version) {
    case TlsVersion::tls_1_2: return TLS1_2_VERSION;
    case TlsVersion::tls_1_3: return TLS1_3_VERSION;
    default: break;
  }
  throw TlsError(parameter, cat(std::string_view(parameter),
                                ": TLS 1.0 and 1.1 are broken, and not spoken here: "
                                "write TLSv1_2 or TLSv1_3"));
}

void set_versions(SSL_CTX* context, const TransportOptions& options) {
  int least = TLS1_2_VERSION;
  int most = TLS1_3_VERSION;
  if (options.version != TlsVersion::any) least = most = number_of(options.version, "version");
  if (options.min_version != TlsVersion::any) least = number_of(options.min_version, "min_version");
  if (options.max_version != TlsVersion::any) most = number_of(options.max_version, "max_version");
  if (options.min_version != TlsVersion::any && options.max_version == TlsVersion::any) most = TLS1_3_VERSION;
  if (options.max_version != TlsVersion::any && options.min_version == TlsVersion::any) least = TLS1_2_VERSION;
  if (least > most) throw TlsError("min_version", "min_version is newer than max_version");
  ::SSL_CTX_set_min_proto_version(context, least);
  ::SSL_CTX_set_max_proto_version(context, most);
}

/// The suites of TLS 1.3 have a list of their own in OpenSSL.
void set_ciphers(SSL_CTX* context, const std::string& ciphers) {
  std::string older;
  std::string newer;
  for (std::size_t at = 0; at < ciphers.size();) {
    const std::size_t end = std::min(ciphers.find(':', at), ciphers.size());
    const std::string one = ciphers.substr(at, end - at);
    std::string& list = one.starts_with("TLS_") ? newer : older;
    list += (list.empty() ? "" : ":") + one;
    at = end + 1;
  }
  const auto refuse = [&ciphers] {
    throw TlsError("ciphers", cat("ciphers: OpenSSL knows none of '", ciphers, "': ", openssl_reason()));
  };
  if (!newer.empty() && ::SSL_CTX_set_ciphersuites(context, newer.c_str()) != 1) refuse();
  if (!older.empty() && ::SSL_CTX_set_cipher_list(context, older.c_str()) != 1) refuse();
}

void use(SSL_CTX* context, const X509Ptr& certificate, const KeyPtr& key, const std::string& what) {
  if (::SSL_CTX_use_certificate(context, certificate.get()) != 1)
    throw TlsError("cert_path", cat("cert_path: ", what, " can't be used: ", openssl_reason()));
  if (::SSL_CTX_use_PrivateKey(context, key.get()) != 1)
    throw TlsError("private_key_path", cat("private_key_path is not the key of ", what, ": ", openssl_reason()));
}

void load_chain(SSL_CTX* context, const TransportOptions& options) {
  if (options.private_key_path.empty()) throw TlsError("cert_path", "cert_path needs private_key_path beside it");
  const X509Ptr certificate = read_certificate(options.cert_path, "cert_path");
  const KeyPtr key = read_key(options.private_key_path, options.private_key_passphrase, "private_key_path");
  use(context, certificate, key, options.cert_path);
  if (::SSL_CTX_use_certificate_chain_file(context, options.cert_path.c_str()) != 1)
    throw TlsError("cert_path", cat("cert_path: ", options.cert_path, ": ", openssl_reason()));
}

void set_certificate(SSL_CTX* context, const TransportOptions& options) {
  if (!options.cert_path.empty()) return load_chain(context, options);
  if (!options.ca_cert_path.empty() && options.ca_private_key_path.empty())
    throw TlsError("ca_cert_path", "ca_cert_path needs ca_private_key_path beside it");
  if (options.ca_cert_path.empty() && !options.insecure)
    throw TlsError("",
                   "there is no certificate: give cert_path and private_key_path, or ca_cert_path and "
                   "ca_private_key_path to make one, or `insecure true` for one that nobody has signed");
  const Certificate made = generate_certificate(options);
  use(context, made.certificate, made.key, "the made certificate");
}

void load_revoked(X509_STORE* store, const std::string& path) {
  const BioPtr file(::BIO_new_file(path.c_str(), "r"));
  if (!file) {
    ::ERR_clear_error();
    throw TlsError("crl_path", cat("crl_path: can't read ", path, ": ", std::string_view(std::strerror(errno))));
  }
  int lists = 0;
  while (X509_CRL* list = ::PEM_read_bio_X509_CRL(file.get(), nullptr, nullptr, nullptr)) {
    ::X509_STORE_add_crl(store, list);
    ::X509_CRL_free(list);
    ++lists;
  }
  ::ERR_clear_error();
  if (lists == 0) throw TlsError("crl_path", cat("crl_path: ", path, " holds no list of revoked certificates in PEM"));
  ::X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
}

void set_clients(SSL_CTX* context, const TransportOptions& options) {
  if (!options.client_cert_auth) {
    if (!options.crl_path.empty()) throw TlsError("crl_path", "crl_path needs `client_cert_auth true`");
    return;
  }
  if (options.ca_path.empty())
    throw TlsError("client_cert_auth",
                   "client_cert_auth needs ca_path: the CA that has signed the clients' certificates");
  struct stat status {};
  const bool folder = ::stat(options.ca_path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  const char* path = options.ca_path.c_str();
  if (!folder) read_certificate(options.ca_path, "ca_path");
  if (::SSL_CTX_load_verify_locations(context, folder ? nullptr : path, folder ? path : nullptr) != 1)
    throw TlsError("ca_path", cat("ca_path: ", options.ca_path, ": ", openssl_reason()));
  if (!folder) ::SSL_CTX_set_client_CA_list(context, ::SSL_load_client_CA_file(path));
  if (!options.crl_path.empty()) load_revoked(::SSL_CTX_get_cert_store(context), options.crl_path);
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

void refuse_the_impossible(const TransportOptions& options) {
  if (!options.cert_verifier.empty())
    throw TlsError("cert_verifier", "cert_verifier is Ruby code, which can't run here: use ca_path and crl_path");
  if (options.ensure_fips)
    throw TlsError("ensure_fips", "ensure_fips is not supported: configure the system's OpenSSL for FIPS instead");
  if (options.handshake_timeout.count() <= 0)
    throw TlsError("handshake_timeout", "handshake_timeout must be longer than nothing");
}

}  // namespace

std::shared_ptr<SSL_CTX> make_tls_context(const TransportOptions& options) {
  ::ERR_clear_error();
  refuse_the_impossible(options);
  std::shared_ptr<SSL_CTX> shared(::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free);
  SSL_CTX* context = shared.get();
  if (context == nullptr) throw TlsError("", cat("OpenSSL can't begin: ", openssl_reason()));
  set_versions(context, options);
  set_ciphers(context, options.ciphers);
  set_certificate(context, options);
  set_clients(context, options);
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_COMPRESSION);
  ::SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // Many records with one system call.
  ::SSL_CTX_set_read_ahead(context, 1);
  ::SSL_CTX_set_default_read_buffer_len(context, read_buffer);
  constexpr unsigned char name[] = "logboom";
  ::SSL_CTX_set_session_id_context(context, name, sizeof name - 1);
  return shared;
}

}  // namespace logboom
