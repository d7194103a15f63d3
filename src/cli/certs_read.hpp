#pragma once

#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/certs_x509.hpp"

namespace logboom {

/// What PEM files hold.
struct CertStore {
  struct Entry {
    std::filesystem::path file;
    X509Ptr certificate;  // one of these three
    CrlPtr list;
    KeyPtr key;
    bool locked_key = false;  // an encrypted one, which nobody is asked about
  };
  std::vector<Entry> entries;

  /// All of a file: how many things it has found.
  std::size_t read(const std::filesystem::path& file);

  /// The certificate of the entries that has signed this one; nullptr: none.
  const Entry* issuer_of(const Entry& entry) const;
  /// The file of the private key; nullptr: none.
  const Entry* key_of(const X509* certificate) const;
  /// Whether a list of the issuer's has its number on it.
  bool revoked(const X509* certificate) const;
};

/// The text of a PEM file with `made` in the place of the certificate `old`, each time that it is there, and with every
/// other byte as it was.
std::string with_certificate(const std::string& text, const X509* old, const X509* made);

/// The files below a folder whose names say that they are PEM, in their order; and a file itself.
std::vector<std::filesystem::path> pem_files(const std::filesystem::path& path);

}  // namespace logboom
