#include "cli/certs_x509.hpp"

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

#include <logboom/log.hpp>

namespace logboom {

namespace {

constexpr unsigned rsa_bits = 3072;
constexpr std::size_t serial_bytes = 20;
constexpr std::size_t longest_common_name = 64;
/// Peers' clocks may be behind.
constexpr long backdated = 3600;

struct AsnFree {
  void operator()(ASN1_TIME* one) const noexcept { ::ASN1_TIME_free(one); }
};
struct AsnIntegerFree {
  void operator()(ASN1_INTEGER* one) const noexcept { ::ASN1_INTEGER_free(one); }
};
using AsnTimePtr = std::unique_ptr<ASN1_TIME, AsnFree>;
using AsnIntegerPtr = std::unique_ptr<ASN1_INTEGER, AsnIntegerFree>;

void require(bool done, std::string_view what) {
  if (!done) throw std::runtime_error(cat("OpenSSL: ", what, ": ", openssl_reason()));
}

void add_name(X509_NAME* name, const char* field, const std::string& value) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
  require(::X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes, static_cast<int>(value.size()), -1, 0) == 1,
          cat("the name '", value, "'"));
}

/// In place of one of the same kind.
void set_extension(X509* certificate, X509* ca, int kind, const std::string& value) {
  if (const int at = ::X509_get_ext_by_NID(certificate, kind, -1); at >= 0)
    ::X509_EXTENSION_free(::X509_delete_ext(certificate, at));
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  ::X509V3_set_ctx(&context, ca, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = ::X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  require(extension != nullptr, value);
  const int added = ::X509_add_ext(certificate, extension, -1);
  ::X509_EXTENSION_free(extension);
  require(added == 1, value);
}

void set_random_serial(X509* certificate) {
  std::array<unsigned char, serial_bytes> bytes{};
  require(::RAND_bytes(bytes.data(), bytes.size()) == 1, "random numbers");
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3f) | 0x40);  // positive, and always as long
  BIGNUM* const number = ::BN_bin2bn(bytes.data(), bytes.size(), nullptr);
  require(number != nullptr, "a number");
  const bool set = ::BN_to_ASN1_INTEGER(number, ::X509_get_serialNumber(certificate)) != nullptr;
  ::BN_free(number);
  require(set, "a number");
}

void set_dates(X509* certificate, int days, const X509* ca) {
  require(::X509_gmtime_adj(::X509_getm_notBefore(certificate), -backdated) != nullptr, "a time");
  require(::X509_time_adj_ex(::X509_getm_notAfter(certificate), days, -backdated, nullptr) != nullptr, "a time");
  if (ca == nullptr) return;
  if (::ASN1_TIME_compare(::X509_get0_notAfter(certificate), ::X509_get0_notAfter(ca)) > 0)
    require(::X509_set1_notAfter(certificate, ::X509_get0_notAfter(ca)) == 1, "a time");
  if (::ASN1_TIME_compare(::X509_get0_notBefore(certificate), ::X509_get0_notBefore(ca)) < 0)
    require(::X509_set1_notBefore(certificate, ::X509_get0_notBefore(ca)) == 1, "a time");
}

std::string joined(const std::vector<AltName>& names) {
  std::string out;
  for (const AltName& name : names) out.append(out.empty() ? "" : ",").append(name.entry());
  return out;
}

void sign(X509* certificate, EVP_PKEY* key) { require(::X509_sign(certificate, key, ::EVP_sha256()) > 0, "signature"); }

/// As long as the CA is valid, and with the next number.
void finish_crl(X509_CRL* list, std::int64_t number, const Certificate& ca) {
  const ASN1_TIME* const ends = ::X509_get0_notAfter(ca.certificate.get());
  const AsnTimePtr now(::X509_gmtime_adj(nullptr, -backdated));
  require(now && ::X509_CRL_set1_lastUpdate(list, now.get()) == 1 && ::X509_CRL_set1_nextUpdate(list, ends) == 1,
          "a time");
  const AsnIntegerPtr value(::ASN1_INTEGER_new());
  require(value && ::ASN1_INTEGER_set_int64(value.get(), number) == 1 &&
              ::X509_CRL_add1_ext_i2d(list, NID_crl_number, value.get(), 0, X509V3_ADD_REPLACE) == 1,
          "the list's number");
  ::X509_CRL_sort(list);
  require(::X509_CRL_sign(list, ca.key.get(), ::EVP_sha256()) > 0, "signature");
}

std::int64_t number_of(const X509_CRL* list) {
  const AsnIntegerPtr number(
      static_cast<ASN1_INTEGER*>(::X509_CRL_get_ext_d2i(list, NID_crl_number, nullptr, nullptr)));
  std::int64_t value = 0;
  return number && ::ASN1_INTEGER_get_int64(&value, number.get()) == 1 ? value : 0;
}

void add_revoked(X509_CRL* list, const ASN1_INTEGER* serial) {
  X509_REVOKED* const entry = ::X509_REVOKED_new();
  const AsnTimePtr now(::X509_gmtime_adj(nullptr, 0));
  require(entry != nullptr && now && ::X509_REVOKED_set_serialNumber(entry, const_cast<ASN1_INTEGER*>(serial)) == 1 &&
              ::X509_REVOKED_set_revocationDate(entry, now.get()) == 1 && ::X509_CRL_add0_revoked(list, entry) == 1,
          "a revoked certificate");
}

template <class Write>
std::string pem_text(Write write) {
  const BioPtr memory(::BIO_new(::BIO_s_mem()));
  require(memory && write(memory.get()) == 1, "PEM");
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(::ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(::ASN1_STRING_length(text))};
}

std::optional<AltName> alt_name_of(const GENERAL_NAME* name) {
  if (name->type == GEN_DNS) return AltName{AltName::Kind::dns, text_of(name->d.dNSName)};
  if (name->type == GEN_EMAIL) return AltName{AltName::Kind::mail, text_of(name->d.rfc822Name)};
  if (name->type != GEN_IPADD) return std::nullopt;
  const std::string bytes = text_of(name->d.iPAddress);
  std::array<char, INET6_ADDRSTRLEN> out{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
  return AltName{AltName::Kind::address, ::inet_ntop(family, bytes.data(), out.data(), out.size())};
}

}  // namespace

KeyPtr make_private_key(bool rsa) {
  KeyPtr key(rsa ? EVP_RSA_gen(rsa_bits) : EVP_EC_gen("P-256"));
  require(key != nullptr, "a key");
  return key;
}

X509Ptr make_ca_certificate(EVP_PKEY* key, const std::string& name, int days) {
  X509Ptr certificate(::X509_new());
  require(certificate && ::X509_set_version(certificate.get(), X509_VERSION_3) == 1, "a certificate");
  set_random_serial(certificate.get());
  set_dates(certificate.get(), days, nullptr);
  add_name(::X509_get_subject_name(certificate.get()), "O", "logboom");
  add_name(::X509_get_subject_name(certificate.get()), "CN", name);
  ::X509_set_issuer_name(certificate.get(), ::X509_get_subject_name(certificate.get()));
  require(::X509_set_pubkey(certificate.get(), key) == 1, "the key");
  set_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  set_extension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  set_extension(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash");
  set_extension(certificate.get(), certificate.get(), NID_authority_key_identifier, "keyid:always");
  sign(certificate.get(), key);
  return certificate;
}

X509Ptr make_leaf_certificate(const LeafRequest& request, EVP_PKEY* key, const Certificate& ca) {
  X509Ptr made(::X509_new());
  X509* const certificate = made.get();
  X509* const issuer = ca.certificate.get();
  require(certificate != nullptr && ::X509_set_version(certificate, X509_VERSION_3) == 1, "a certificate");
  set_random_serial(certificate);
  set_dates(certificate, request.days, issuer);
  add_name(::X509_get_subject_name(certificate), "O", "logboom");
  if (request.common_name.size() <= longest_common_name)
    add_name(::X509_get_subject_name(certificate), "CN", request.common_name);
  ::X509_set_issuer_name(certificate, ::X509_get_subject_name(issuer));
  require(::X509_set_pubkey(certificate, key) == 1, "the key");
  const bool rsa = ::EVP_PKEY_is_a(key, "RSA") == 1;
  set_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
  set_extension(certificate, issuer, NID_key_usage,
                rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature");
  set_extension(certificate, issuer, NID_ext_key_usage,
                request.purpose == Purpose::server ? "serverAuth" : "clientAuth");
  set_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  set_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
  if (!request.names.empty()) set_extension(certificate, issuer, NID_subject_alt_name, joined(request.names));
  sign(certificate, ca.key.get());
  return made;
}

X509Ptr renew_certificate(const X509* old, EVP_PKEY* key, const Certificate& ca, int days) {
  X509Ptr made(::X509_dup(const_cast<X509*>(old)));
  require(made != nullptr, "a certificate");
  X509* const certificate = made.get();
  const bool of_ca = ::X509_cmp(old, ca.certificate.get()) == 0;
  X509* const issuer = of_ca ? certificate : ca.certificate.get();
  set_random_serial(certificate);
  set_dates(certificate, days, of_ca ? nullptr : issuer);
  ::X509_set_issuer_name(certificate, ::X509_get_subject_name(issuer));
  require(::X509_set_pubkey(certificate, key) == 1, "the key");
  set_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  set_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
  sign(certificate, ca.key.get());
  return made;
}

CrlPtr make_crl(const Certificate& ca) {
  CrlPtr list(::X509_CRL_new());
  X509* const issuer = ca.certificate.get();
  require(list && ::X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
              ::X509_CRL_set_issuer_name(list.get(), ::X509_get_subject_name(issuer)) == 1,
          "a list of revoked certificates");
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  ::X509V3_set_ctx(&context, issuer, nullptr, nullptr, list.get(), 0);
  X509_EXTENSION* const extension =
      ::X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always");
  require(extension != nullptr, "the list's issuer");
  ::X509_CRL_add_ext(list.get(), extension, -1);
  ::X509_EXTENSION_free(extension);
  finish_crl(list.get(), 1, ca);
  return list;
}

CrlPtr renew_crl(const X509_CRL* old, const ASN1_INTEGER* serial, const Certificate& ca) {
  CrlPtr list(::X509_CRL_dup(const_cast<X509_CRL*>(old)));
  require(list != nullptr, "a list of revoked certificates");
  if (serial != nullptr && !is_revoked(list.get(), serial)) add_revoked(list.get(), serial);
  finish_crl(list.get(), number_of(old) + 1, ca);
  return list;
}

bool is_revoked(const X509_CRL* list, const ASN1_INTEGER* serial) {
  X509_REVOKED* entry = nullptr;
  return ::X509_CRL_get0_by_serial(const_cast<X509_CRL*>(list), &entry, const_cast<ASN1_INTEGER*>(serial)) == 1;
}

std::string pem_of(const X509* certificate) {
  return pem_text([=](BIO* out) { return ::PEM_write_bio_X509(out, const_cast<X509*>(certificate)); });
}

std::string pem_of(const EVP_PKEY* key) {
  return pem_text([=](BIO* out) {
    return ::PEM_write_bio_PrivateKey(out, const_cast<EVP_PKEY*>(key), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string pem_of(const X509_CRL* list) {
  return pem_text([=](BIO* out) { return ::PEM_write_bio_X509_CRL(out, const_cast<X509_CRL*>(list)); });
}

std::time_t time_of(const ASN1_TIME* time) {
  std::tm parts{};
  require(::ASN1_TIME_to_tm(time, &parts) == 1, "a time");
  return ::timegm(&parts);
}

std::string serial_text(const ASN1_INTEGER* serial) {
  BIGNUM* const number = ::ASN1_INTEGER_to_BN(serial, nullptr);
  char* const digits = number == nullptr ? nullptr : ::BN_bn2hex(number);
  std::string text = digits == nullptr ? "" : digits;
  OPENSSL_free(digits);
  ::BN_free(number);
  return text;
}

std::vector<AltName> alt_names(const X509* certificate) {
  std::vector<AltName> out;
  auto* const names =
      static_cast<GENERAL_NAMES*>(::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  if (names == nullptr) return out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    if (auto name = alt_name_of(sk_GENERAL_NAME_value(names, i))) out.push_back(*std::move(name));
  }
  ::GENERAL_NAMES_free(names);
  return out;
}

std::string common_name_of(const X509* certificate) {
  const X509_NAME* const name = ::X509_get_subject_name(certificate);
  const int at = ::X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  return at < 0 ? "" : text_of(::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(name, at)));
}

Purpose purpose_of(const X509* certificate) {
  auto* const one = const_cast<X509*>(certificate);
  if (::X509_check_ca(one) > 0) return Purpose::ca;
  const std::uint32_t uses = ::X509_get_extended_key_usage(one);
  const bool any = (uses & XKU_ANYEKU) != 0;  // also where the certificate doesn't say
  const bool server = any || (uses & XKU_SSL_SERVER) != 0;
  const bool client = any || (uses & XKU_SSL_CLIENT) != 0;
  if (server && client) return Purpose::both;
  return server ? Purpose::server : client ? Purpose::client : Purpose::other;
}

bool is_signed_by(const X509* certificate, const X509* ca) {
  EVP_PKEY* const key = ::X509_get0_pubkey(ca);
  const bool good = key != nullptr &&
                    ::X509_check_issued(const_cast<X509*>(ca), const_cast<X509*>(certificate)) == X509_V_OK &&
                    ::X509_verify(const_cast<X509*>(certificate), key) == 1;
  ::ERR_clear_error();
  return good;
}

}  // namespace logboom
