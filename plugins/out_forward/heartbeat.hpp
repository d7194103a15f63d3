#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <logboom/socket_client.hpp>

#include "server.hpp"

namespace logboom::out_forward {

/// Asks one server at intervals whether it is there, on a thread of its own: a slow one does not delay the others.
/// Threads: one, and `interrupt` on any.
class Heartbeat {
 public:
  explicit Heartbeat(std::shared_ptr<Server> server) : server_(std::move(server)) {}
  ~Heartbeat() { stop(); }
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  void start();
  /// The thread ends soon.
  void interrupt();
  void stop();
  /// The thread is at its end, or was never begun.
  bool has_ended() const noexcept { return done_; }

 private:
  void run();
  bool wait();
  /// Empty where the server answered.
  std::string beat();
  std::string beat_udp();
  std::string beat_by_connection();

  std::shared_ptr<Server> server_;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::atomic<bool> done_{true};
  std::thread thread_;
};

}  // namespace logboom::out_forward
