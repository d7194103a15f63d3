#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <logboom/tls_client.hpp>

#include "base/tls_error.hpp"
#include "base/tls_stream.hpp"

using SSL_SESSION = struct ssl_session_st;
using X509 = struct x509_st;

namespace logboom {

/// What one client remembers of its connections to one address. Must outlive their streams. Threads: one at a time.
struct TlsMemory {
  struct Free {
    void operator()(SSL_SESSION* one) const noexcept;
  };
  std::shared_ptr<SSL_CTX> context;  // of the session
  std::unique_ptr<SSL_SESSION, Free> session;
  // Of the present handshake:
  bool certificate_wanted = false;  // by the server
  std::string names;                // what its certificate is for, where that is not the host
};

/// "a.example.org, 192.0.2.7": what a certificate is for, shortened where that is much.
std::string names_in(X509* certificate);

class TlsClient {
 public:
  /// Throws TlsError. `log` must outlive it.
  TlsClient(TlsClientOptions options, Log& log);

  const TlsClientOptions& options() const noexcept { return options_; }
  /// A stream before its handshake, which goes on with the last session where there is one.
  std::unique_ptr<TlsStream> open(int fd, const std::string& host, TlsMemory& memory);
  /// What the stream's last step failed with, in words. Empties OpenSSL's list of errors.
  std::string failure_of(TlsStream& stream, const std::string& host) const;

 private:
  std::shared_ptr<SSL_CTX> context();

  const TlsClientOptions options_;
  Log& log_;
  std::mutex mutex_;
  std::vector<std::string> paths_, stamps_;
  std::shared_ptr<SSL_CTX> context_;
};

}  // namespace logboom
