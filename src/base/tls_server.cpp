#include "base/tls_server.hpp"

#include <utility>

#include <logboom/log.hpp>

#include "base/tls_expiry.hpp"
#include "base/tls_settings.hpp"

namespace logboom {

namespace {

std::vector<std::string> paths_of(const TransportOptions& options) {
  std::vector<std::string> paths;
  for (const std::string* path : {&options.cert_path, &options.private_key_path, &options.ca_path, &options.crl_path,
                                  &options.ca_cert_path, &options.ca_private_key_path}) {
    if (!path->empty()) paths.push_back(*path);
  }
  return paths;
}

}  // namespace

TlsServer::TlsServer(TransportOptions options)
    : options_(std::move(options)), stamps_(file_stamps(paths_of(options_))), context_(make_tls_context(options_)) {}

std::shared_ptr<SSL_CTX> TlsServer::context() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

TlsServer::Refresh TlsServer::refresh(std::string& why) {
  std::vector<std::string> now = file_stamps(paths_of(options_));
  const std::lock_guard lock(mutex_);
  if (now == stamps_) return Refresh::unchanged;
  stamps_ = std::move(now);
  try {
    context_ = make_tls_context(options_);
    next_expiries_ = {};
    return Refresh::loaded;
  } catch (const TlsError& error) {
    why = error.what();
    return Refresh::refused;
  }
}

std::vector<std::string> TlsServer::expiries(std::chrono::system_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (now < next_expiries_) return {};
  next_expiries_ = now + std::chrono::hours(24);
  return expiring(context_.get(), std::chrono::system_clock::to_time_t(now));
}

std::string TlsServer::files() const {
  std::string out;
  for (const std::string& path : paths_of(options_)) out += (out.empty() ? "" : ", ") + path;
  return out;
}

}  // namespace logboom
