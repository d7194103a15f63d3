#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "admin/service_manager.hpp"
#include "net/server.hpp"

namespace logboom {

/// Tells a service manager that asks for it that the program lives: only while the main loop turns, and each worker has
/// come to its turn since the last time.
///
/// Threads: the main one. Lifetime: the references outlive it; it outlives the workers.
class Watchdog {
 public:
  Watchdog(net::Server& server, const ServiceManager& manager) : server_(server), manager_(manager) {}
  /// When the workers run.
  void start();
  /// No more is said; a program that stops in its own time is watched by the manager's time-out for that.
  void stop() { *stopped_ = true; }

 private:
  void ask_workers();
  void look();

  net::Server& server_;
  const ServiceManager& manager_;
  std::shared_ptr<std::atomic<std::size_t>> missing_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::shared_ptr<bool> stopped_ = std::make_shared<bool>(false);
};

}  // namespace logboom
