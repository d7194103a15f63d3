#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <logboom/integrity.hpp>
#include <logboom/log.hpp>

namespace logboom::integrity {

namespace {

EVP_MD_CTX* digest_context(void* context) { return static_cast<EVP_MD_CTX*>(context); }
EVP_PKEY* pkey(void* key) { return static_cast<EVP_PKEY*>(key); }
const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;
using Context = std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)>;

template <class Read>
void* read_key(const std::string& path, const char* what, Read read) {
  const Bio file(BIO_new_file(path.c_str(), "r"), BIO_free);
  if (!file) throw std::runtime_error(cat("can't read the key ", path, ": ", std::strerror(errno)));
  EVP_PKEY* const key = read(file.get(), nullptr, nullptr, nullptr);
  if (key == nullptr || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
    EVP_PKEY_free(key);
    throw std::runtime_error(cat(path, " is no ", what, " Ed25519 key in PEM; `logboom verify --make-key` makes one"));
  }
  return key;
}

template <class Write>
void write_key(const std::string& path, int mode, Write write) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) throw std::runtime_error(cat("can't make ", path, ": ", std::strerror(errno)));
  const Bio file(BIO_new_fd(fd, BIO_CLOSE), BIO_free);
  if (!file || write(file.get()) != 1 || ::fsync(fd) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    throw std::runtime_error(cat("can't write ", path, ": ", std::strerror(error)));
  }
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    out += digits[value >> 4];
    out += digits[value & 15];
  }
  return out;
}

void Sha256::Free::operator()(void* context) const noexcept { EVP_MD_CTX_free(digest_context(context)); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(digest_context(context_.get()), EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL has no SHA-256");
}

Sha256& Sha256::add(std::string_view bytes) {
  EVP_DigestUpdate(digest_context(context_.get()), bytes.data(), bytes.size());
  return *this;
}

Digest Sha256::finish() {
  Digest out;
  if (EVP_DigestFinal_ex(digest_context(context_.get()), out.data(), nullptr) != 1 ||
      EVP_DigestInit_ex(digest_context(context_.get()), nullptr, nullptr) != 1)
    throw std::runtime_error("SHA-256 failed in OpenSSL");
  return out;
}

void Key::free(void* key) noexcept { EVP_PKEY_free(pkey(key)); }

Key Key::read_private(const std::string& path) { return Key(read_key(path, "private", PEM_read_bio_PrivateKey)); }
Key Key::read_public(const std::string& path) { return Key(read_key(path, "public", PEM_read_bio_PUBKEY)); }

Key Key::from_raw_public(const Digest& bytes) {
  EVP_PKEY* const key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size());
  if (key == nullptr) throw std::runtime_error("these bytes are no public Ed25519 key");
  return Key(key);
}

Key Key::make(const std::string& path) {
  EVP_PKEY* const made = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (made == nullptr) throw std::runtime_error("OpenSSL can't make an Ed25519 key");
  Key key(made);
  write_key(path, 0600, [made](BIO* file) {
    return PEM_write_bio_PKCS8PrivateKey(file, made, nullptr, nullptr, 0, nullptr, nullptr);
  });
  write_key(path + ".pub", 0644, [made](BIO* file) { return PEM_write_bio_PUBKEY(file, made); });
  return key;
}

Digest Key::raw_public() const {
  Digest out{};
  std::size_t size = out.size();
  EVP_PKEY_get_raw_public_key(pkey(key_.get()), out.data(), &size);
  return out;
}

Key::Signature Key::sign(std::string_view text) const {
  Signature out{};
  std::size_t size = out.size();
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pkey(key_.get())) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &size, bytes_of(text), text.size()) != 1)
    throw std::runtime_error("signing failed in OpenSSL");
  return out;
}

bool Key::verifies(std::string_view text, std::string_view signature) const {
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey(key_.get())) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) == 1;
}

}  // namespace logboom::integrity
