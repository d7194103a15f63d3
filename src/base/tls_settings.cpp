#include "base/tls_settings.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/tls_certificate.hpp"

namespace logboom {

namespace {

int number_of(TlsVersion version, const std::string& parameter) {
  switch (version) {
    case TlsVersion::tls_1_2: return TLS1_2_VERSION;
    case TlsVersion::tls_1_3: return TLS1_3_VERSION;
    default: break;
  }
  throw TlsError(parameter,
                 cat(parameter, ": TLS 1.0 and 1.1 are broken, and not spoken here: write TLSv1_2 or TLSv1_3"));
}

/// A block that was cut within the line that begins it is none for OpenSSL.
bool ends_in_beginning(BIO* file) {
  constexpr std::string_view beginning = "-----BEGIN ";
  constexpr int longest = 64;
  const int size = static_cast<int>(BIO_tell(file));
  BIO_seek(file, std::max(0, size - longest));
  std::string end(longest, '\0');
  end.resize(static_cast<std::size_t>(std::max(0, ::BIO_read(file, end.data(), longest))));
  const std::string_view last = std::string_view(end).substr(end.rfind('\n') + 1);
  return !last.empty() && (beginning.starts_with(last) || last.starts_with(beginning));
}

bool is_end_of_pem(unsigned long error) {
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

}  // namespace

TlsNames TlsNames::with(const std::string& prefix) {
  TlsNames names;
  for (std::string* name : {&names.version, &names.min_version, &names.max_version, &names.ciphers, &names.ca_path,
                            &names.crl_path, &names.cert_path, &names.private_key_path}) {
    name->insert(0, prefix);
  }
  return names;
}

void set_tls_versions(SSL_CTX* context, const TlsVersions& versions, const TlsNames& names) {
  int least = TLS1_2_VERSION;
  int most = TLS1_3_VERSION;
  if (versions.only != TlsVersion::any) least = most = number_of(versions.only, names.version);
  if (versions.least != TlsVersion::any) least = number_of(versions.least, names.min_version);
  if (versions.most != TlsVersion::any) most = number_of(versions.most, names.max_version);
  if (versions.least != TlsVersion::any && versions.most == TlsVersion::any) most = TLS1_3_VERSION;
  if (versions.most != TlsVersion::any && versions.least == TlsVersion::any) least = TLS1_2_VERSION;
  if (least > most) throw TlsError(names.min_version, cat(names.min_version, " is newer than ", names.max_version));
  ::SSL_CTX_set_min_proto_version(context, least);
  ::SSL_CTX_set_max_proto_version(context, most);
}

/// The suites of TLS 1.3 have a list of their own in OpenSSL.
void set_tls_ciphers(SSL_CTX* context, const std::string& ciphers, const TlsNames& names) {
  std::string older;
  std::string newer;
  for (std::size_t at = 0; at < ciphers.size();) {
    const std::size_t end = std::min(ciphers.find(':', at), ciphers.size());
    const std::string one = ciphers.substr(at, end - at);
    std::string& list = one.starts_with("TLS_") ? newer : older;
    list += (list.empty() ? "" : ":") + one;
    at = end + 1;
  }
  const auto refuse = [&] {
    throw TlsError(names.ciphers, cat(names.ciphers, ": OpenSSL knows none of '", ciphers, "': ", openssl_reason()));
  };
  if (!newer.empty() && ::SSL_CTX_set_ciphersuites(context, newer.c_str()) != 1) refuse();
  if (!older.empty() && ::SSL_CTX_set_cipher_list(context, older.c_str()) != 1) refuse();
}

void use_tls_certificate(SSL_CTX* context, const std::string& cert_path, const std::string& key_path,
                         const std::string& passphrase, const TlsNames& names) {
  if (key_path.empty())
    throw TlsError(names.cert_path, cat(names.cert_path, " needs ", names.private_key_path, " beside it"));
  const X509Ptr certificate = read_certificate(cert_path, names.cert_path);
  const KeyPtr key = read_key(key_path, passphrase, names.private_key_path);
  if (::SSL_CTX_use_certificate(context, certificate.get()) != 1)
    throw TlsError(names.cert_path, cat(names.cert_path, ": ", cert_path, " can't be used: ", openssl_reason()));
  if (::SSL_CTX_use_PrivateKey(context, key.get()) != 1)
    throw TlsError(names.private_key_path,
                   cat(names.private_key_path, " is not the key of ", cert_path, ": ", openssl_reason()));
  if (::SSL_CTX_use_certificate_chain_file(context, cert_path.c_str()) != 1)
    throw TlsError(names.cert_path, cat(names.cert_path, ": ", cert_path, ": ", openssl_reason()));
}

bool add_tls_authorities(SSL_CTX* context, const std::string& path, const TlsNames& names) {
  struct stat status {};
  const bool folder = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  if (!folder) read_certificate(path, names.ca_path);
  if (::SSL_CTX_load_verify_locations(context, folder ? nullptr : path.c_str(), folder ? path.c_str() : nullptr) != 1)
    throw TlsError(names.ca_path, cat(names.ca_path, ": ", path, ": ", openssl_reason()));
  return folder;
}

void add_tls_revoked(SSL_CTX* context, const std::string& path, const TlsNames& names) {
  const BioPtr file(::BIO_new_file(path.c_str(), "r"));
  if (!file) {
    ::ERR_clear_error();
    throw TlsError(names.crl_path,
                   cat(names.crl_path, ": can't read ", path, ": ", std::string_view(std::strerror(errno))));
  }
  X509_STORE* store = ::SSL_CTX_get_cert_store(context);
  int lists = 0;
  while (X509_CRL* list = ::PEM_read_bio_X509_CRL(file.get(), nullptr, nullptr, nullptr)) {
    const bool added = ::X509_STORE_add_crl(store, list) == 1;
    ::X509_CRL_free(list);
    if (!added) throw TlsError(names.crl_path, cat(names.crl_path, ": ", path, ": ", openssl_reason()));
    ++lists;
  }
  const bool whole = is_end_of_pem(::ERR_peek_last_error()) && !ends_in_beginning(file.get());
  ::ERR_clear_error();
  if (lists == 0)
    throw TlsError(names.crl_path, cat(names.crl_path, ": ", path, " holds no list of revoked certificates in PEM"));
  if (!whole)
    throw TlsError(names.crl_path, cat(names.crl_path, ": ", path, " is cut or damaged behind ", lists,
                                       lists == 1 ? " list" : " lists", " of revoked certificates"));
  ::X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

int allow_authority_without_list(int good, X509_STORE_CTX* store) {
  if (good == 1 || ::X509_STORE_CTX_get_error(store) != X509_V_ERR_UNABLE_TO_GET_CRL ||
      ::X509_STORE_CTX_get_error_depth(store) == 0) {
    return good;
  }
  ::X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

bool has_expired_peer(SSL_SESSION* session) {
  const X509* const peer = ::SSL_SESSION_get0_peer(session);
  return peer == nullptr || ::X509_cmp_current_time(::X509_get0_notAfter(peer)) <= 0;
}

void set_tls_habits(SSL_CTX* context) {
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_COMPRESSION);
  ::SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}

std::vector<std::string> file_stamps(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  for (const std::string& path : paths) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      out.emplace_back("none");
      continue;
    }
    out.push_back(cat(status.st_ino, " ", status.st_size, " ", status.st_mtim.tv_sec, " ", status.st_mtim.tv_nsec, " ",
                      status.st_ctim.tv_sec, " ", status.st_ctim.tv_nsec));
  }
  return out;
}

}  // namespace logboom
