#include "cli/certs_read.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "cli/certs_files.hpp"

namespace logboom {

namespace fs = std::filesystem;

namespace {

struct PemBlock {
  std::string kind;
  std::string header;
  std::string bytes;
};

/// The next block; none at the end.
bool read_block(BIO* from, PemBlock& block) {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  const bool found = ::PEM_read_bio(from, &name, &header, &data, &size) == 1;
  if (found) {
    block.kind = name;
    block.header = header;
    block.bytes.assign(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  }
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  ::ERR_clear_error();
  return found;
}

bool take(const PemBlock& block, CertStore::Entry& entry) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(block.bytes.data());
  const auto size = static_cast<long>(block.bytes.size());
  const std::string_view kind = block.kind;
  if (kind == "CERTIFICATE" || kind == "X509 CERTIFICATE" || kind == "TRUSTED CERTIFICATE") {
    entry.certificate.reset(::d2i_X509(nullptr, &bytes, size));
  } else if (kind == "X509 CRL") {
    entry.list.reset(::d2i_X509_CRL(nullptr, &bytes, size));
  } else if (kind == "ENCRYPTED PRIVATE KEY" || (kind.ends_with("PRIVATE KEY") && !block.header.empty())) {
    entry.locked_key = true;
  } else if (kind.ends_with("PRIVATE KEY")) {
    entry.key.reset(::d2i_AutoPrivateKey(nullptr, &bytes, size));
  }
  ::ERR_clear_error();
  return entry.certificate || entry.list || entry.key || entry.locked_key;
}

bool is_block_of(std::string_view text, const X509* certificate) {
  const BioPtr memory(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  PemBlock block;
  CertStore::Entry entry;
  return read_block(memory.get(), block) && take(block, entry) && entry.certificate &&
         ::X509_cmp(entry.certificate.get(), certificate) == 0;
}

bool has_pem_name(const fs::path& path) {
  const std::string ending = path.extension().string();
  return ending == ".pem" || ending == ".crt" || ending == ".cer" || ending == ".key" || ending == ".crl";
}

}  // namespace

std::size_t CertStore::read(const fs::path& file) {
  const std::string text = read_file(file);
  const BioPtr memory(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  std::size_t found = 0;
  PemBlock block;
  while (read_block(memory.get(), block)) {
    Entry entry;
    entry.file = file;
    if (!take(block, entry)) continue;
    entries.push_back(std::move(entry));
    ++found;
  }
  return found;
}

const CertStore::Entry* CertStore::issuer_of(const Entry& entry) const {
  const auto signs = [&entry](const Entry& each) {
    if (!each.certificate) return false;
    if (entry.certificate) return is_signed_by(entry.certificate.get(), each.certificate.get());
    if (::X509_NAME_cmp(::X509_CRL_get_issuer(entry.list.get()), ::X509_get_subject_name(each.certificate.get())) != 0)
      return false;
    const bool good = ::X509_CRL_verify(entry.list.get(), ::X509_get0_pubkey(each.certificate.get())) == 1;
    ::ERR_clear_error();
    return good;
  };
  const auto found = std::find_if(entries.begin(), entries.end(), signs);
  return found == entries.end() ? nullptr : &*found;
}

const CertStore::Entry* CertStore::key_of(const X509* certificate) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [certificate](const Entry& each) {
    const bool same = each.key && ::X509_check_private_key(certificate, each.key.get()) == 1;
    ::ERR_clear_error();
    return same;
  });
  return found == entries.end() ? nullptr : &*found;
}

bool CertStore::revoked(const X509* certificate) const {
  return std::any_of(entries.begin(), entries.end(), [this, certificate](const Entry& each) {
    if (!each.list || ::X509_NAME_cmp(::X509_CRL_get_issuer(each.list.get()), ::X509_get_issuer_name(certificate)) != 0)
      return false;
    const Entry* const issuer = issuer_of(each);
    return issuer != nullptr && is_signed_by(certificate, issuer->certificate.get()) &&
           is_revoked(each.list.get(), ::X509_get0_serialNumber(certificate));
  });
}

std::string with_certificate(const std::string& text, const X509* old, const X509* made) {
  constexpr std::string_view begins = "-----BEGIN ";
  constexpr std::string_view ends = "-----END ";
  constexpr std::string_view closes = "-----";
  std::string out;
  std::size_t done = 0;
  for (std::size_t last = text.find(ends); last != std::string::npos; last = text.find(ends, last + 1)) {
    const std::size_t begin = text.rfind(begins, last);
    const std::size_t close = text.find(closes, last + ends.size());
    if (begin == std::string::npos || begin < done || close == std::string::npos) continue;
    const std::size_t end = close + closes.size();
    if (!is_block_of(std::string_view(text).substr(begin, end - begin), old)) continue;
    std::string replacement = pem_of(made);
    replacement.pop_back();  // the line feed behind the block stays as it is
    out.append(text, done, begin - done).append(replacement);
    done = end;
  }
  return out.append(text, done);
}

std::vector<fs::path> pem_files(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> out;
  for (const auto& each : fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied)) {
    if (each.is_regular_file() && has_pem_name(each.path())) out.push_back(each.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace logboom
