#pragma once

#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <logboom/transport.hpp>

namespace logboom {

struct OpensslFree {
  void operator()(X509* one) const noexcept { ::X509_free(one); }
  void operator()(EVP_PKEY* one) const noexcept { ::EVP_PKEY_free(one); }
  void operator()(BIO* one) const noexcept { ::BIO_free_all(one); }
};
using X509Ptr = std::unique_ptr<X509, OpensslFree>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree>;
using BioPtr = std::unique_ptr<BIO, OpensslFree>;

/// OpenSSL's own words for what went wrong last on this thread; empties its list.
std::string openssl_reason();

/// Reads a PEM file. Throw TlsError that names the parameter.
X509Ptr read_certificate(const std::string& path, const std::string& parameter);
KeyPtr read_key(const std::string& path, const std::string& passphrase, const std::string& parameter);

struct Certificate {
  X509Ptr certificate;
  KeyPtr key;
};
/// A certificate for a server as `generate_*` say, signed by the CA that they name, or else by itself. Throws TlsError.
Certificate generate_certificate(const TransportOptions& options);

}  // namespace logboom
