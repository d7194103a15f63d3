#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

#include <arpa/inet.h>

#include "base/tls_client.hpp"

namespace logboom {

namespace {

struct FreeNames {
  void operator()(GENERAL_NAMES* names) const noexcept { ::GENERAL_NAMES_free(names); }
};

std::string text_of(const GENERAL_NAME& name) {
  if (name.type == GEN_DNS) {
    const auto size = static_cast<std::size_t>(::ASN1_STRING_length(name.d.dNSName));
    return {reinterpret_cast<const char*>(::ASN1_STRING_get0_data(name.d.dNSName)), size};
  }
  if (name.type != GEN_IPADD) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ::ASN1_STRING_length(name.d.iPAddress) == 4 ? AF_INET : AF_INET6;
  if (::ASN1_STRING_length(name.d.iPAddress) != (family == AF_INET ? 4 : 16)) return {};
  ::inet_ntop(family, ::ASN1_STRING_get0_data(name.d.iPAddress), text.data(), text.size());
  return text.data();
}

std::string of_certificate(SSL* ssl, const std::string& host, const TlsNames& names) {
  const long result = ::SSL_get_verify_result(ssl);
  const std::string_view text = ::X509_verify_cert_error_string(result);
  switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: {
      const auto* const memory = static_cast<const TlsMemory*>(SSL_get_app_data(ssl));
      const bool known = memory != nullptr && !memory->names.empty();
      return cat("the server's certificate is not for ", host, known ? ", but for " + memory->names : "");
    }
    case X509_V_ERR_CERT_HAS_EXPIRED: return "the server's certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "the server's certificate is not yet valid: look at both clocks";
    case X509_V_ERR_CERT_REVOKED:
      return cat("the server's certificate, or a CA that vouches for it, is revoked by ", names.crl_path);
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      return cat("the server's certificate can't be looked up in ", names.crl_path, ": ", text);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return cat("the server's certificate is not signed by a CA that is known here (", text, "): name its CA in ",
                 names.ca_path);
    default: return cat("the server's certificate is not accepted: ", text);
  }
}

std::string of_alert(int reason, const TlsNames& names) {
  switch (reason) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return cat("the server wants a client's certificate: give ", names.cert_path, " and ", names.private_key_path);
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return cat("the server refuses our certificate (", names.cert_path, "): it does not know its CA");
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return cat("the server refuses our certificate (", names.cert_path, "): it has expired");
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return cat("the server refuses our certificate (", names.cert_path, "): it is revoked");
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return cat("the server refuses our certificate, or that we have none (", names.cert_path, ")");
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return cat("the server and we have no cipher in common (", names.ciphers,
                 "), or it wants a client's certificate (", names.cert_path, ")");
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return cat("the server speaks no version of TLS that is spoken here (TLS 1.2 and 1.3, or ", names.version, ")");
    case SSL_R_TLSV1_UNRECOGNIZED_NAME: return "the server has no certificate for the name that we asked for";
    default:
      return cat(
          "the server ended the connection: ",
          std::string_view(::ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, static_cast<unsigned long>(reason)))));
  }
}

}  // namespace

std::string names_in(X509* certificate) {
  std::string out;
  if (certificate == nullptr) return out;
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(
      static_cast<GENERAL_NAMES*>(::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()) && out.size() < 200; ++i) {
    std::string name = text_of(*sk_GENERAL_NAME_value(names.get(), i));
    for (char& c : name) c = c > ' ' && c < 0x7f ? c : '?';
    if (!name.empty()) out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

std::string TlsClient::failure_of(TlsStream& stream, const std::string& host) const {
  // Why the server ended it may stand behind what could not be written.
  if (::ERR_peek_error() == 0) stream.peek();
  const unsigned long code = ::ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  ::ERR_clear_error();
  if (code == 0) {
    return stream.is_established() ? "the server closed the connection"
                                   : "the server closed the connection during the TLS handshake: does its port speak "
                                     "TLS, and does it know our address?";
  }
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      if (stream.is_established()) break;
      return "the server answers in plaintext: its port does not speak TLS";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW: return of_alert(SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, options_.names);
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return of_certificate(stream.ssl(), options_.server_name.empty() ? host : options_.server_name, options_.names);
    default: break;
  }
  constexpr int first_alert = 1000;
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= first_alert) return of_alert(reason, options_.names);
  const char* const text = ::ERR_reason_error_string(code);
  return cat("TLS failed: ", std::string_view(text != nullptr ? text : "unknown reason"));
}

}  // namespace logboom
