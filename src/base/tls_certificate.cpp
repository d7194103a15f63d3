#include "base/tls_certificate.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <limits>

#include <logboom/log.hpp>

#include "base/tls_server.hpp"

namespace logboom {

namespace {

BioPtr open(const std::string& path, const std::string& parameter) {
  BioPtr file(::BIO_new_file(path.c_str(), "r"));
  if (file) return file;
  ::ERR_clear_error();
  throw TlsError(parameter, cat(parameter, ": can't read ", path, ": ", std::string_view(std::strerror(errno))));
}

/// Never asks at the terminal.
int passphrase_of(char* out, int size, int, void* given) {
  const auto& text = *static_cast<const std::string*>(given);
  if (text.empty() || text.size() > static_cast<std::size_t>(size)) return -1;
  text.copy(out, text.size());
  return static_cast<int>(text.size());
}

std::string common_name(const TransportOptions& options) {
  if (!options.generate_cert_common_name.empty()) return options.generate_cert_common_name;
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

void require(bool done, const char* what) {
  if (!done) throw TlsError("", cat("can't make a certificate: ", std::string_view(what), ": ", openssl_reason()));
}

void add_name(X509_NAME* name, const char* field, const std::string& value) {
  if (value.empty()) return;
  require(::X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0) == 1,
          field);
}

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  ::X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  require(extension != nullptr, value.c_str());
  ::X509_add_ext(certificate, extension, -1);
  ::X509_EXTENSION_free(extension);
}

void name_and_number(X509* certificate, const TransportOptions& options, const std::string& name) {
  ::X509_set_version(certificate, 2);
  std::uint64_t serial = 0;
  ::RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ::ASN1_INTEGER_set_uint64(::X509_get_serialNumber(certificate), (serial >> 1) | 1);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.generate_cert_expiration).count();
  constexpr std::int64_t day = 86400;
  ::X509_gmtime_adj(::X509_getm_notBefore(certificate), -day);
  ::X509_time_adj_ex(::X509_getm_notAfter(certificate), static_cast<int>(seconds / day),
                     static_cast<long>(seconds % day), nullptr);
  X509_NAME* subject = ::X509_get_subject_name(certificate);
  add_name(subject, "C", options.generate_cert_country);
  add_name(subject, "ST", options.generate_cert_state);
  add_name(subject, "L", options.generate_cert_locality);
  add_name(subject, "CN", name);
}

bool is_address(const std::string& name) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

}  // namespace

std::string openssl_reason() {
  const unsigned long code = ::ERR_get_error();
  ::ERR_clear_error();
  const char* text = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  return text != nullptr ? text : "unknown reason";
}

X509Ptr read_certificate(const std::string& path, const std::string& parameter) {
  X509Ptr certificate(::PEM_read_bio_X509(open(path, parameter).get(), nullptr, nullptr, nullptr));
  if (!certificate)
    throw TlsError(parameter, cat(parameter, ": ", path, " holds no certificate in PEM: ", openssl_reason()));
  return certificate;
}

KeyPtr read_key(const std::string& path, const std::string& passphrase, const std::string& parameter) {
  KeyPtr key(::PEM_read_bio_PrivateKey(open(path, parameter).get(), nullptr, passphrase_of,
                                       const_cast<std::string*>(&passphrase)));
  if (!key)
    throw TlsError(parameter, cat(parameter, ": ", path, " holds no private key that can be read: ", openssl_reason(),
                                  "; an encrypted one needs its passphrase"));
  return key;
}

Certificate generate_certificate(const TransportOptions& options) {
  Certificate made{X509Ptr(::X509_new()),
                   KeyPtr(::EVP_RSA_gen(static_cast<unsigned>(options.generate_private_key_length)))};
  require(made.certificate && made.key, "key");
  X509* certificate = made.certificate.get();
  const std::string name = common_name(options);
  name_and_number(certificate, options, name);
  ::X509_set_pubkey(certificate, made.key.get());
  add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyEncipherment");
  add_extension(certificate, NID_ext_key_usage, "serverAuth");
  add_extension(certificate, NID_subject_alt_name, cat(is_address(name) ? "IP:" : "DNS:", name));
  const EVP_MD* digest = ::EVP_get_digestbyname(options.generate_cert_digest.c_str());
  if (options.ca_cert_path.empty()) {
    ::X509_set_issuer_name(certificate, ::X509_get_subject_name(certificate));
    require(::X509_sign(certificate, made.key.get(), digest) > 0, "signature");
    return made;
  }
  const X509Ptr ca = read_certificate(options.ca_cert_path, "ca_cert_path");
  const KeyPtr key = read_key(options.ca_private_key_path, options.ca_private_key_passphrase, "ca_private_key_path");
  if (::X509_check_private_key(ca.get(), key.get()) != 1) {
    ::ERR_clear_error();
    throw TlsError("ca_private_key_path", cat("ca_private_key_path: ", options.ca_private_key_path,
                                              " is not the key of ", options.ca_cert_path));
  }
  ::X509_set_issuer_name(certificate, ::X509_get_subject_name(ca.get()));
  require(::X509_sign(certificate, key.get(), digest) > 0, "signature");
  return made;
}

}  // namespace logboom
