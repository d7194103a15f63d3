#include "tls_test_support.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>

#include "base/tls_server.hpp"

namespace logboom::tls_test {

namespace {

constexpr int patience_ms = 10000;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string(what) + ": " + openssl_reason());
}

KeyPtr make_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  require(key != nullptr, "key");
  return key;
}

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  require(extension != nullptr, value.c_str());
  ::X509_add_ext(certificate, extension, -1);
  ::X509_EXTENSION_free(extension);
}

X509Ptr make_certificate(EVP_PKEY* key, const Wanted& wanted, long serial) {
  X509Ptr made(::X509_new());
  X509* const certificate = made.get();
  ::X509_set_version(certificate, 2);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate), serial);
  ::X509_time_adj_ex(::X509_getm_notBefore(certificate), wanted.days_from, 0, nullptr);
  ::X509_time_adj_ex(::X509_getm_notAfter(certificate), wanted.days_to, wanted.seconds_to, nullptr);
  ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wanted.common_name.c_str()), -1, -1, 0);
  ::X509_set_pubkey(certificate, key);
  return made;
}

void save(const std::filesystem::path& path, const std::function<int(BIO*)>& write) {
  const BioPtr file(::BIO_new_file(path.c_str(), "w"));
  require(file && write(file.get()) == 1, path.c_str());
}

void wait(int fd, int result, SSL* ssl) {
  pollfd watch{fd, static_cast<short>(::SSL_get_error(ssl, result) == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN), 0};
  ::poll(&watch, 1, patience_ms);
}

bool again(SSL* ssl, int result) {
  const int error = ::SSL_get_error(ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

}  // namespace

Authority::Authority() : key_(make_key()) {
  std::array<char, 32> name{"/tmp/logboom-tls-XXXXXX"};
  directory_ = ::mkdtemp(name.data());
  Wanted wanted;
  wanted.common_name = "test CA " + directory_.filename().string();
  certificate_ = make_certificate(key_.get(), wanted, serial_++);
  ::X509_set_issuer_name(certificate_.get(), ::X509_get_subject_name(certificate_.get()));
  add_extension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  require(::X509_sign(certificate_.get(), key_.get(), ::EVP_sha256()) > 0, "signature");
  save(path(), [this](BIO* file) { return ::PEM_write_bio_X509(file, certificate_.get()); });
}

Authority::~Authority() { std::filesystem::remove_all(directory_); }

Paths Authority::issue(const std::string& file, const Wanted& wanted) {
  const KeyPtr key = make_key();
  const X509Ptr certificate = make_certificate(key.get(), wanted, serial_++);
  ::X509_set_issuer_name(certificate.get(), ::X509_get_subject_name(certificate_.get()));
  if (!wanted.names.empty()) add_extension(certificate.get(), NID_subject_alt_name, wanted.names);
  require(::X509_sign(certificate.get(), key_.get(), ::EVP_sha256()) > 0, "signature");
  Paths paths{(directory_ / (file + ".pem")).string(), (directory_ / (file + ".key")).string()};
  save(paths.certificate, [&](BIO* out) { return ::PEM_write_bio_X509(out, certificate.get()); });
  save(paths.key,
       [&](BIO* out) { return ::PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  return paths;
}

std::string Authority::revoke(const std::vector<Paths>& which) {
  const std::unique_ptr<X509_CRL, decltype(&::X509_CRL_free)> list(::X509_CRL_new(), ::X509_CRL_free);
  ::X509_CRL_set_version(list.get(), 1);
  ::X509_CRL_set_issuer_name(list.get(), ::X509_get_subject_name(certificate_.get()));
  const std::unique_ptr<ASN1_TIME, decltype(&::ASN1_TIME_free)> time(::ASN1_TIME_new(), ::ASN1_TIME_free);
  ::X509_time_adj_ex(time.get(), -1, 0, nullptr);
  ::X509_CRL_set1_lastUpdate(list.get(), time.get());
  for (const Paths& paths : which) {
    X509_REVOKED* const one = ::X509_REVOKED_new();
    const X509Ptr certificate = read_certificate(paths.certificate, "");
    ::X509_REVOKED_set_serialNumber(one, ::X509_get_serialNumber(certificate.get()));
    ::X509_REVOKED_set_revocationDate(one, time.get());
    ::X509_CRL_add0_revoked(list.get(), one);
  }
  ::X509_time_adj_ex(time.get(), 30, 0, nullptr);
  ::X509_CRL_set1_nextUpdate(list.get(), time.get());
  ::X509_CRL_sort(list.get());
  require(::X509_CRL_sign(list.get(), key_.get(), ::EVP_sha256()) > 0, "signature");
  const std::filesystem::path path = directory_ / "crl.pem";
  save(path, [&](BIO* file) { return ::PEM_write_bio_X509_CRL(file, list.get()); });
  return path.string();
}

bool Peer::resumed() const { return ::SSL_session_reused(ssl_) == 1; }

std::string Peer::read() {
  std::array<char, 65536> block;
  for (;;) {
    std::size_t got = 0;
    const int result = ::SSL_read_ex(ssl_, block.data(), block.size(), &got);
    if (result == 1) return {block.data(), got};
    if (!again(ssl_, result)) return {};
    wait(fd_, result, ssl_);
  }
}

std::string Peer::read_until(std::string_view end) {
  std::string all;
  while (all.find(end) == std::string::npos) {
    const std::string more = read();
    if (more.empty()) break;
    all += more;
  }
  return all;
}

std::string Peer::read_all() {
  std::string all;
  for (std::string more = read(); !more.empty(); more = read()) all += more;
  return all;
}

void Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t done = 0;
    const int result = ::SSL_write_ex(ssl_, bytes.data(), bytes.size(), &done);
    if (result != 1 && !again(ssl_, result)) return;
    if (result != 1) wait(fd_, result, ssl_);
    bytes.remove_prefix(result == 1 ? done : 0);
  }
}

bool Peer::heard_goodbye() const { return (::SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }

Server::Server(const TransportOptions& options, std::function<void(Peer&)> serve, int connections)
    : context_(make_tls_context(options)) {
  // A peer's end without a close_notify must not look like one.
  ::SSL_CTX_clear_options(context_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  run(serve, connections);
}

Server::Server(std::function<void(Peer&)> serve, int connections) { run(serve, connections); }

void Server::run(const std::function<void(Peer&)>& serve, int connections) {
  std::signal(SIGPIPE, SIG_IGN);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(fd_, reinterpret_cast<sockaddr*>(&where), size) != 0 || ::listen(fd_, 8) != 0 ||
      ::getsockname(fd_, reinterpret_cast<sockaddr*>(&where), &size) != 0) {
    throw std::runtime_error("can't listen");
  }
  port_ = ntohs(where.sin_port);
  thread_ = std::thread([this, serve, connections] {
    for (int i = 0; i < connections; ++i) {
      pollfd watch{fd_, POLLIN, 0};
      if (::poll(&watch, 1, patience_ms) <= 0) return;
      const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      Peer peer(fd, context_ ? ::SSL_new(context_.get()) : nullptr);
      if (peer.ssl_ != nullptr) {
        ::SSL_set_fd(peer.ssl_, fd);
        ::SSL_set_num_tickets(peer.ssl_, 1);
        int result = ::SSL_accept(peer.ssl_);
        for (; result != 1 && again(peer.ssl_, result); result = ::SSL_accept(peer.ssl_)) wait(fd, result, peer.ssl_);
        peer.accepted_ = result == 1;
      }
      serve(peer);
      if (peer.ssl_ != nullptr) ::SSL_free(peer.ssl_);
      ::close(fd);
    }
  });
}

void Server::join() {
  if (thread_.joinable()) thread_.join();
}

Server::~Server() {
  ::shutdown(fd_, SHUT_RDWR);
  join();
  ::close(fd_);
}

TransportOptions serving(const Paths& paths) {
  TransportOptions options;
  options.arg = "tls";
  options.cert_path = paths.certificate;
  options.private_key_path = paths.key;
  return options;
}

}  // namespace logboom::tls_test
