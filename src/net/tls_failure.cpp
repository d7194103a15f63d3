#include "net/tls_failure.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <utility>

namespace logboom::net {

namespace {

constexpr const char* on_plaintext = "tls_on_plaintext";
constexpr std::array<const char*, 14> reasons{"tls_plaintext",       "tls_timeout",
                                              "tls_closed",          "tls_version",
                                              "tls_cipher",          "tls_no_client_certificate",
                                              "tls_unknown_ca",      "tls_expired",
                                              "tls_not_yet_valid",   "tls_revoked",
                                              "tls_bad_certificate", "tls_refused_by_client",
                                              "tls_broken",          "tls_other"};

TlsFailure of_client_certificate(long result) {
  const std::string_view text = ::X509_verify_cert_error_string(result);
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return {"tls_expired", "the client's certificate has expired"};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {"tls_not_yet_valid", "the client's certificate is not yet valid: look at both clocks"};
    case X509_V_ERR_CERT_REVOKED:
      return {"tls_revoked", "the client's certificate, or a CA that vouches for it, is revoked by crl_path"};
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      return {"tls_bad_certificate", cat("the client's certificate can't be looked up in crl_path: ", text)};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return {"tls_unknown_ca", cat("the client's certificate is not signed by a CA of ca_path (", text, ")")};
    default: return {"tls_bad_certificate", cat("the client's certificate is not accepted: ", text)};
  }
}

TlsFailure of_alert(int reason) {
  switch (reason) {
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return {"tls_refused_by_client",
              "the client refuses our certificate (unknown CA): give it the CA that has signed ours"};
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return {"tls_refused_by_client", "the client refuses our certificate: it has expired"};
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return {"tls_refused_by_client", "the client refuses our certificate: it is revoked"};
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return {
          "tls_refused_by_client",
          "the client refuses our certificate: it does not know the CA, or the name that it connects to is not in it"};
    default:
      return {"tls_refused_by_client",
              cat("the client ended the handshake: ", std::string_view(::ERR_reason_error_string(ERR_PACK(
                                                          ERR_LIB_SSL, 0, static_cast<unsigned long>(reason)))))};
  }
}

bool is_about_records(int reason) {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_BAD_LENGTH:
    case SSL_R_BAD_PACKET:
    case SSL_R_LENGTH_MISMATCH:
    case SSL_R_LENGTH_TOO_SHORT:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_DATA_LENGTH_TOO_LONG:
    case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_UNEXPECTED_RECORD: return true;
    default: return false;
  }
}

TlsFailure of_bytes(unsigned long code) {
  const char* const text = ::ERR_reason_error_string(code);
  return {"tls_broken",
          cat("the client sends bytes that are no TLS (", std::string_view(text != nullptr ? text : "unknown reason"),
              "): something between it and us may have changed them")};
}

bool is_alert(unsigned long code) {
  constexpr int first_alert = 1000;
  return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) >= first_alert;
}

}  // namespace

TlsFailure plaintext_failure() {
  return {"tls_plaintext", "the client sends plaintext to a port that speaks TLS: turn TLS on at the client"};
}

TlsFailure tls_on_plaintext_failure() {
  return {on_plaintext,
          "the client speaks TLS to a port that does not: give the source a <transport tls>, or turn TLS "
          "off at the client"};
}

TlsFailure timeout_failure() {
  return {"tls_timeout", "the client did not finish the TLS handshake in time (handshake_timeout)"};
}

TlsFailure failure_of(const TlsStream& stream) {
  const unsigned long code = ::ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  ::ERR_clear_error();
  if (code == 0) return {"tls_closed", "the client closed the connection during the TLS handshake"};
  switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST: return plaintext_failure();
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return {"tls_version",
              "the client speaks no version of TLS that is spoken here (TLS 1.2 and 1.3, or those of "
              "version, min_version and max_version)"};
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return {"tls_cipher", "the client and `ciphers` have no cipher in common"};
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return {"tls_no_client_certificate", "the client shows no certificate, which client_cert_auth wants"};
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return of_client_certificate(::SSL_get_verify_result(stream.ssl()));
    default: break;
  }
  if (is_alert(code)) return of_alert(reason);
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && is_about_records(reason)) return of_bytes(code);
  const char* text = ::ERR_reason_error_string(code);
  return {"tls_other", cat("the TLS handshake failed: ", std::string_view(text != nullptr ? text : "unknown reason"))};
}

TlsFailure established_failure(unsigned long error) {
  return is_alert(error) ? of_alert(ERR_GET_REASON(error)) : of_bytes(error);
}

bool is_client_hello(const std::uint8_t* data, std::size_t size) noexcept {
  constexpr std::size_t header = 6;
  return size >= header && data[0] == 0x16 && data[1] == 3 && data[2] <= 4 && data[5] == 1;
}

TlsFailures::TlsFailures(const std::function<Counter&(std::string_view reason)>& counter, Log& log, std::string name,
                         bool speaks_tls)
    : log_(log), name_(std::move(name)) {
  if (!speaks_tls) {
    entries_.try_emplace(on_plaintext, counter(on_plaintext));
    return;
  }
  for (const char* reason : reasons) entries_.try_emplace(reason, counter(reason));
}

void TlsFailures::note(const TlsFailure& failure, const std::string& peer) {
  Entry& entry = entries_.find(std::string_view(failure.reason))->second;
  entry.counter.add();
  std::uint64_t more = 0;
  if (!entry.limiter.due(more)) return;
  log_.warn(cat(name_, ": ", peer, ": ", failure.words, more == 0 ? "" : cat(" (and ", more, " more)")));
}

}  // namespace logboom::net
