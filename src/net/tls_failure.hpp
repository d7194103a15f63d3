#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <logboom/log.hpp>
#include <logboom/metrics.hpp>

#include "base/tls_server.hpp"
#include "base/tls_stream.hpp"

namespace logboom::net {

/// Why a handshake came to nothing: the reason that is counted, and words for the log.
struct TlsFailure {
  const char* reason;
  std::string words;
};

/// What the stream's last step failed with. Empties OpenSSL's list of errors.
TlsFailure failure_of(const TlsStream& stream);
/// Of a connection whose handshake is done; `error`: the stream's.
TlsFailure established_failure(unsigned long error);
TlsFailure plaintext_failure();
TlsFailure timeout_failure();
TlsFailure tls_on_plaintext_failure();

/// True for the beginning of a TLS client's first message; `size` may be any.
bool is_client_hello(const std::uint8_t* data, std::size_t size) noexcept;

/// Counts failures by reason, and says each reason at most once in ten seconds.
/// Threads: any, once it is made; the counters outlive it.
class TlsFailures {
 public:
  /// `counter`: the counter of a reason; `name`: the input's, for the log; `speaks_tls`: whether the listener does.
  TlsFailures(const std::function<Counter&(std::string_view reason)>& counter, Log& log, std::string name,
              bool speaks_tls);
  void note(const TlsFailure& failure, const std::string& peer);

 private:
  struct Entry {
    explicit Entry(Counter& of) : counter(of) {}
    Counter& counter;
    LogLimiter limiter{std::chrono::seconds(10)};
  };
  std::map<std::string, Entry, std::less<>> entries_;
  Log& log_;
  std::string name_;
};

/// What the connections of one TLS listener share.
struct TlsGroup {
  TlsGroup(std::shared_ptr<TlsServer> of, const std::function<Counter&(std::string_view reason)>& counter, Log& log,
           const std::string& name)
      : server(std::move(of)), failures(counter, log, name, true) {}
  std::shared_ptr<TlsServer> server;
  TlsFailures failures;
  Counter handshakes;
  Counter resumed;
  Gauge shaking;
};

}  // namespace logboom::net
