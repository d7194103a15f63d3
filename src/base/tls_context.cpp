#include <openssl/err.h>
#include <openssl/ssl.h>

#include <logboom/log.hpp>

#include "base/tls_certificate.hpp"
#include "base/tls_server.hpp"
#include "base/tls_settings.hpp"

namespace logboom {

namespace {

void set_certificate(SSL_CTX* context, const TransportOptions& options) {
  if (!options.cert_path.empty())
    return use_tls_certificate(context, options.cert_path, options.private_key_path, options.private_key_passphrase,
                               {});
  if (!options.ca_cert_path.empty() && options.ca_private_key_path.empty())
    throw TlsError("ca_cert_path", "ca_cert_path needs ca_private_key_path beside it");
  if (options.ca_cert_path.empty() && !options.insecure)
    throw TlsError("",
                   "there is no certificate: give cert_path and private_key_path, or ca_cert_path and "
                   "ca_private_key_path to make one, or `insecure true` for one that nobody has signed");
  const Certificate made = generate_certificate(options);
  if (::SSL_CTX_use_certificate(context, made.certificate.get()) != 1 ||
      ::SSL_CTX_use_PrivateKey(context, made.key.get()) != 1)
    throw TlsError("", cat("the made certificate can't be used: ", openssl_reason()));
}

SSL_TICKET_RETURN resume_while_valid(SSL*, SSL_SESSION* session, const unsigned char*, std::size_t,
                                     SSL_TICKET_STATUS status, void*) {
  const bool good = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
  if (!good || has_expired_peer(session)) return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

void set_clients(SSL_CTX* context, const TransportOptions& options) {
  if (!options.client_cert_auth) {
    if (!options.crl_path.empty()) throw TlsError("crl_path", "crl_path needs `client_cert_auth true`");
    return;
  }
  if (options.ca_path.empty())
    throw TlsError("client_cert_auth",
                   "client_cert_auth needs ca_path: the CA that has signed the clients' certificates");
  const bool folder = add_tls_authorities(context, options.ca_path, {});
  if (!folder) ::SSL_CTX_set_client_CA_list(context, ::SSL_load_client_CA_file(options.ca_path.c_str()));
  if (!options.crl_path.empty()) add_tls_revoked(context, options.crl_path, {});
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, allow_authority_without_list);
  // Sessions without a ticket would be in OpenSSL's memory, which asks nobody.
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_session_ticket_cb(context, nullptr, resume_while_valid, nullptr);
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
  set_tls_versions(context, {options.version, options.min_version, options.max_version}, {});
  set_tls_ciphers(context, options.ciphers, {});
  set_certificate(context, options);
  set_clients(context, options);
  set_tls_habits(context);
  ::SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  constexpr unsigned char name[] = "logboom";
  ::SSL_CTX_set_session_id_context(context, name, sizeof name - 1);
  // TlsStream sends a ticket with the first answer: see there.
  ::SSL_CTX_set_num_tickets(context, 0);
  return shared;
}

}  // namespace logboom
