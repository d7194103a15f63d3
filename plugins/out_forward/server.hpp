#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connection.hpp"
#include "health.hpp"
#include "resolver.hpp"
#include "setup.hpp"

namespace logboom::out_forward {

/// How a server is found and connections to it are made, so that tests can say it too.
struct ServerAccess {
  std::function<std::shared_ptr<Connection>(const std::string& address, SocketClient::Limits limits)> make;
  Resolver::LookUp look_up = logboom::look_up;
};

/// One server: its health, its connections, and the lines of the log about it. Threads: any.
class Server {
 public:
  /// `setup` and `counts` outlive it.
  Server(ServerSettings settings, const Setup& setup, ServerCounts& counts, ServerAccess access);

  const ServerSettings& settings() const noexcept { return settings_; }
  const Setup& setup() const noexcept { return setup_; }
  ServerCounts& counts() noexcept { return counts_; }
  Resolver& resolver() noexcept { return resolver_; }

  bool is_available() const;
  void heartbeat_came();
  void heartbeat_failed(const std::string& why);
  void succeeded(std::uint64_t events);
  /// Marks it lost.
  void failed(const std::string& why);
  /// It took events within the heartbeats' interval.
  bool is_busy() const;
  /// To be called at intervals: marks it lost where it has been silent for too long.
  void look();

  /// A connection that nobody else uses just now.
  struct Held {
    std::shared_ptr<Connection> connection;  // null: there is none
    std::unique_lock<std::mutex> lock{};
    bool was_kept = false;
  };
  /// A kept one, as long as there is one that works and `fresh` is false; else a new one. Without one `why` says why.
  Held connection(bool fresh, std::string& why);
  /// A new one to see whether the server is there.
  Held probe(std::string& why) { return new_connection(setup_.heartbeat_limits, why); }
  /// After messages that nobody acks: whether the server has taken them, as far as that shows. Empty, or why not; the
  /// connection is closed then, and where it is not to be kept.
  std::string confirm(Connection& connection);
  /// Keeps it for the next chunk. False: it is not to be kept.
  bool keep(const std::shared_ptr<Connection>& connection);

  /// Of the kept connections: gives up those that are too old, or lead where the name does not any more; all of them
  /// where `all` says so. Those that wait for no acks are closed.
  void tidy(bool all);
  /// Whatever blocks, or would, fails soon.
  void interrupt() noexcept;

 private:
  /// How the server answers to the end of a connection: with its own, or with a reset or not at all, so that neither
  /// says anything of what was sent.
  enum class Manners : std::uint8_t { unknown, orderly, none };

  std::shared_ptr<Connection> kept();
  Held new_connection(SocketClient::Limits limits, std::string& why);
  void register_connection(const std::shared_ptr<Connection>& connection);
  void say(Health::Change change, const std::string& why);
  std::string part(Connection& connection);

  const ServerSettings settings_;
  const Setup& setup_;
  ServerCounts& counts_;
  const ServerAccess access_;
  Resolver resolver_;

  mutable std::mutex health_mutex_;
  Health health_;
  std::string heartbeat_error_;  // of the last one; empty: it came

  std::atomic<double> last_success_;
  std::atomic<Manners> manners_{Manners::unknown};

  std::mutex mutex_;
  std::vector<std::shared_ptr<Connection>> kept_;
  std::vector<std::weak_ptr<Connection>> all_;
  bool interrupted_ = false;
};

/// Seconds of a clock that does not jump.
double steady_seconds();

}  // namespace logboom::out_forward
