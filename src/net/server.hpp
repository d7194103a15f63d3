#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <logboom/net.hpp>

#include "net/hand_over.hpp"
#include "net/input_host.hpp"
#include "net/passed_sockets.hpp"
#include "net/worker.hpp"
#include "record/emitter.hpp"

namespace boost::asio {
class io_context;
}

namespace logboom::net {

/// The workers, the main thread's loop, and the listeners.
///
/// Threads: `run` takes the main thread; the rest is called on it, before `run` or from its handlers.
/// Lifetime: everything that inputs and sinks hold of workers' memory must be gone before this is.
class Server {
 public:
  Server(unsigned workers, Log& log);
  ~Server();

  std::vector<std::unique_ptr<Worker>>& workers() noexcept { return workers_; }
  void start_workers();
  DecompressBudget& decompress_budget() noexcept { return decompress_budget_; }
  /// Sockets that others have opened: a listener of their address takes them instead of opening its own.
  PassedSockets& passed_sockets() noexcept { return passed_sockets_; }

  /// What all connections together may hold of messages that are not whole.
  DecompressBudget& connection_memory() noexcept { return connection_memory_; }

  /// Calls `handler` on the main thread for each of these signals.
  void on_signals(const std::vector<int>& signals, std::function<void(int)> handler);
  /// Between two runs nobody hears these signals: they wait for this thread, whatever thread they come to, also for a
  /// program that this process becomes. Until the next `on_signals`.
  static void keep_signals_waiting(const std::vector<int>& signals);
  /// Runs until `stop`.
  void run();
  void stop();
  void post(std::function<void()> task);
  /// Calls it on the main thread after this time, if it still runs.
  void call_after(std::chrono::nanoseconds time, std::function<void()> task);

  /// Looks now whether files of certificates have changed. Is done every two seconds anyway.
  void refresh_certificates();

  /// Makes a Host for one input. `emitter` gives that input's way into the pipeline on each worker; `owner` is kept
  /// alive by connections that are on their way to their worker.
  std::unique_ptr<InputHost> host(std::string id, MetricLabels labels, Metrics& metrics, EmitterSource emitter,
                                  InputOwner owner = {});

  /// The listeners of all inputs.
  std::set<ListenerKey> listeners() const;
  /// The sockets of all inputs, and those that none has, for the next process. Throws std::runtime_error.
  std::vector<PassedSocket> offer() const;
  /// Nothing is taken in for now, or goes on: connections wait in the backlog, bytes in their sockets.
  void freeze(bool on);
  /// While it is frozen: calls `done` on the main thread when nothing is owed to any connection, or at the deadline.
  void when_quiet(std::chrono::steady_clock::time_point deadline, std::function<void()> done);
  /// As `shut_down`, but what of the wanted listeners can go on in the next process does: `done` gets the connections.
  void hand_over(std::set<ListenerKey> wanted, std::chrono::steady_clock::time_point deadline,
                 std::function<void(std::vector<HandedConnection>)> done);
  /// Goes on with connections of the process before. Returns how many belong to no listener: they are closed.
  std::size_t adopt(std::vector<HandedConnection> connections);
  /// Calls it on the main thread once this descriptor is readable; it stays the caller's.
  void when_readable(int fd, std::function<void()> task);

  /// Empties the backlogs, closes the listeners, lets every connection end as its protocol asks, and calls `done` on
  /// the main thread.
  void shut_down(std::chrono::steady_clock::time_point deadline, std::function<void()> done);

 private:
  friend class InputHost;
  struct Impl;
  boost::asio::io_context& main_loop() noexcept;
  Log& log() noexcept;
  /// From now on looks for changed files of certificates.
  void watch_certificates();
  /// From now on ends idle connections.
  void watch_idle();
  /// A socket whose place another one of its port has taken.
  void retire(std::shared_ptr<BoundSocket> socket);
  /// Whether one of those is still open and has this port.
  bool has_retired(std::uint16_t port);

  PassedSockets passed_sockets_;
  DecompressBudget decompress_budget_{std::uint64_t{512} << 20};
  DecompressBudget connection_memory_{std::uint64_t{1} << 30};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<InputHost*> hosts_;
  std::vector<std::weak_ptr<BoundSocket>> retired_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace logboom::net
