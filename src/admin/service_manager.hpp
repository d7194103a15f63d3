#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace logboom {

/// Reads one variable of the environment.
using Variable = std::function<std::optional<std::string>(const char* name)>;

/// What has started the process and wants to hear from it, such as systemd with `Type=notify`: datagrams to a socket,
/// as sd_notify(3) says. Where nobody wants to hear anything, nothing is sent.
///
/// Threads: `tell` any; the rest one.
class ServiceManager {
 public:
  ServiceManager() = default;
  /// NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, where that is this process.
  ServiceManager(const Variable& variable, long pid);
  /// Of this process. Removes the variables, so that no child takes them for its own.
  static ServiceManager of_process();

  bool listens() const noexcept { return !socket_.empty(); }
  /// Lines of sd_notify(3): "READY=1\nSTATUS=…". A manager that can't be reached is no trouble of ours.
  void tell(std::string_view lines) const noexcept;
  void ready(std::string_view status) const;
  void reloading() const;
  void stopping() const;
  /// From now on another process is the service. Comes last.
  void hand_over_to(long pid) const;
  /// At least once in this time it wants to hear that we live; 0: it does not.
  std::chrono::microseconds watchdog() const noexcept { return watchdog_; }
  /// The socket's address, for the process that takes over.
  const std::string& socket() const noexcept { return socket_; }

 private:
  std::string socket_;
  std::chrono::microseconds watchdog_{0};
};

}  // namespace logboom
