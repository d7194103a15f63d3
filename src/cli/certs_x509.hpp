#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "base/tls_certificate.hpp"
#include "cli/certs_names.hpp"

/// Certificates and lists of revoked ones, in memory. Everything here throws std::runtime_error where OpenSSL fails.
namespace logboom {

inline constexpr int ca_days = 3650;
/// The longest that Apple's systems accept of a private CA.
inline constexpr int longest_leaf_days = 825;

struct CrlFree {
  void operator()(X509_CRL* one) const noexcept { ::X509_CRL_free(one); }
};
using CrlPtr = std::unique_ptr<X509_CRL, CrlFree>;

/// ECDSA on P-256, or RSA with 3072 bits.
KeyPtr make_private_key(bool rsa);

/// A CA's certificate of itself, which can sign no other CA's.
X509Ptr make_ca_certificate(EVP_PKEY* key, const std::string& name, int days);

enum class Purpose : std::uint8_t { ca, server, client, both, other };

struct LeafRequest {
  Purpose purpose = Purpose::server;
  std::string common_name;
  std::vector<AltName> names;
  int days = longest_leaf_days;
};
/// Ends with the CA's at the latest. `key` need only have its public half.
X509Ptr make_leaf_certificate(const LeafRequest& request, EVP_PKEY* key, const Certificate& ca);

/// The same certificate with new dates, number and signature, for `key`. A CA's is renewed with `ca` itself.
X509Ptr renew_certificate(const X509* old, EVP_PKEY* key, const Certificate& ca, int days);

/// A list of what the CA has revoked: nothing. Valid as long as the CA is, because nobody makes a new one every week.
CrlPtr make_crl(const Certificate& ca);
/// `old`, and this number, at the time of the call. A list that has it already only gets the CA's end and a new number.
CrlPtr renew_crl(const X509_CRL* old, const ASN1_INTEGER* serial, const Certificate& ca);
bool is_revoked(const X509_CRL* list, const ASN1_INTEGER* serial);

std::string pem_of(const X509* certificate);
std::string pem_of(const EVP_PKEY* key);
std::string pem_of(const X509_CRL* list);

std::time_t time_of(const ASN1_TIME* time);
std::string serial_text(const ASN1_INTEGER* serial);
std::vector<AltName> alt_names(const X509* certificate);
std::string common_name_of(const X509* certificate);
Purpose purpose_of(const X509* certificate);
bool is_signed_by(const X509* certificate, const X509* ca);

}  // namespace logboom
