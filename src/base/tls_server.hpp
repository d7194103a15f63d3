#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <logboom/transport.hpp>

#include "base/tls_error.hpp"

using SSL_CTX = struct ssl_ctx_st;

namespace logboom {

/// Everything that the options say, as OpenSSL wants it, certificates included. Throws TlsError.
std::shared_ptr<SSL_CTX> make_tls_context(const TransportOptions& options);

/// The certificates and settings of one `<transport tls>`. A connection keeps the context that it began with.
/// Threads: any.
class TlsServer {
 public:
  /// Throws TlsError.
  explicit TlsServer(TransportOptions options);

  const TransportOptions& options() const noexcept { return options_; }
  std::shared_ptr<SSL_CTX> context() const;

  enum class Refresh : std::uint8_t { unchanged, loaded, refused };
  /// Loads the files anew if they have changed since it looked last. Where something is wrong with them, what was
  /// loaded before stays, and `why` says what it is.
  Refresh refresh(std::string& why);
  /// What expires soon or has expired, in sentences for the log: asked as often as one likes, it says so once after
  /// each load, then once a day.
  std::vector<std::string> expiries(std::chrono::system_clock::time_point now = std::chrono::system_clock::now());
  /// The files' names, for the log.
  std::string files() const;

 private:
  TransportOptions options_;
  mutable std::mutex mutex_;
  std::vector<std::string> stamps_;
  std::shared_ptr<SSL_CTX> context_;
  std::chrono::system_clock::time_point next_expiries_{};
};

}  // namespace logboom
