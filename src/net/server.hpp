#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <logboom/net.hpp>

#include "net/input_host.hpp"
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

  /// What all connections together may hold of messages that are not whole.
  DecompressBudget& connection_memory() noexcept { return connection_memory_; }

  /// Calls `handler` on the main thread for each of these signals.
  void on_signals(const std::vector<int>& signals, std::function<void(int)> handler);
  /// Runs until `stop`.
  void run();
  void stop();
  void post(std::function<void()> task);

  /// Looks now whether files of certificates have changed. Is done every two seconds anyway.
  void refresh_certificates();

  /// Makes a Host for one input. `emitter` gives that input's way into the pipeline on each worker; `owner` is kept
  /// alive by connections that are on their way to their worker.
  std::unique_ptr<InputHost> host(std::string id, MetricLabels labels, Metrics& metrics, EmitterSource emitter,
                                  InputOwner owner = {});

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

  DecompressBudget decompress_budget_{std::uint64_t{512} << 20};
  DecompressBudget connection_memory_{std::uint64_t{1} << 30};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<InputHost*> hosts_;
  std::vector<std::weak_ptr<BoundSocket>> retired_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace logboom::net
