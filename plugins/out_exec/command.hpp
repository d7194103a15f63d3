#pragma once

#include <atomic>
#include <chrono>
#include <string>

namespace logboom {

/// Runs one shell command at a time and waits for its end.
///
/// Threads: `run` on one thread at a time, `interrupt` on any.
class Command {
 public:
  /// Empty when the command ended with 0; else what happened instead. After `limit` it is killed, with the processes
  /// that it started.
  std::string run(const std::string& command, std::chrono::milliseconds limit);
  /// A command that runs is killed soon, and none is started any more.
  void interrupt() noexcept { interrupted_ = true; }

 private:
  std::string wait(int child, std::chrono::milliseconds limit);

  std::atomic<bool> interrupted_{false};
};

}  // namespace logboom
