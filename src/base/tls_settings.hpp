#pragma once

#include <string>
#include <vector>

#include <logboom/tls_client.hpp>

#include "base/tls_error.hpp"

using SSL_CTX = struct ssl_ctx_st;
using SSL_SESSION = struct ssl_session_st;
using X509_STORE_CTX = struct x509_store_ctx_st;

/// What both sides of TLS set in the same way. All throw TlsError with the name of the parameter.
namespace logboom {

struct TlsVersions {
  TlsVersion only = TlsVersion::any, least = TlsVersion::any, most = TlsVersion::any;
};
void set_tls_versions(SSL_CTX* context, const TlsVersions& versions, const TlsNames& names);
/// OpenSSL's list, suites of TLS 1.3 among them.
void set_tls_ciphers(SSL_CTX* context, const std::string& ciphers, const TlsNames& names);
/// A certificate, those that lead to its CA, and its key.
void use_tls_certificate(SSL_CTX* context, const std::string& cert_path, const std::string& key_path,
                         const std::string& passphrase, const TlsNames& names);
/// Adds the CAs of a file or folder; true for a folder.
bool add_tls_authorities(SSL_CTX* context, const std::string& path, const TlsNames& names);
/// Adds the lists of a file, all of which must be whole.
void add_tls_revoked(SSL_CTX* context, const std::string& path, const TlsNames& names);
/// A step of each callback that verifies: an authority above the one that has signed the certificate counts as not
/// revoked where there is no list of its own one.
int allow_authority_without_list(int good, X509_STORE_CTX* store);
/// Whether the certificate that the session began with is valid no more, or there was none: who resumes it shows none.
bool has_expired_peer(SSL_SESSION* session);
/// What each side's connections are like: no renegotiation, partial writes, many records with one system call.
void set_tls_habits(SSL_CTX* context);

/// What tells each file from the one that was there before, and from itself when it could not be read.
std::vector<std::string> file_stamps(const std::vector<std::string>& paths);

}  // namespace logboom
