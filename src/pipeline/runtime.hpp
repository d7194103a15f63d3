#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "net/server.hpp"
#include "pipeline/dispatcher.hpp"
#include "pipeline/pipeline.hpp"

namespace logboom {

/// A pipeline that runs: its workers, its listeners, the signals, and the orderly end.
class Runtime {
 public:
  Runtime(const Element& root, Pipeline::Context context, OwnLog& log, MetricsRegistry& metrics);
  ~Runtime();

  /// Listens, and runs until a signal ends it. Returns the exit status. Throws std::exception where it can't start.
  int run();

 private:
  void on_signal(int signal);
  void shut_down();
  void flush_and_leave();
  void reopen();
  void print_counters();
  void print_summary(bool clean);

  OwnLog& log_;
  MetricsRegistry& metrics_;
  net::Server server_;
  Pipeline pipeline_;
  std::vector<std::unique_ptr<Dispatcher>> dispatchers_;
  std::vector<std::unique_ptr<net::Host>> hosts_;
  std::chrono::steady_clock::time_point deadline_{};
  bool stopping_ = false;
  int status_ = 0;
};

}  // namespace logboom
