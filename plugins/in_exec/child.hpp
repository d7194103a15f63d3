#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace logboom::in_exec {

/// One run of a shell command, in a process group of its own.
///
/// Threads: one at a time. Lifetime: `reap` must have said that it ended, or it stays as a zombie.
class Child {
 public:
  /// Descriptors to read from; the caller's to close. `err` is -1 where stderr goes to `out`.
  struct Pipes {
    int out = -1;
    int err = -1;
  };
  /// Throws std::system_error.
  Pipes start(const std::string& command, bool with_stderr);

  bool running() const noexcept { return pid_ != 0; }
  pid_t pid() const noexcept { return pid_; }
  /// Signals the whole group.
  void signal(int number) noexcept;
  /// Once it has ended: how, in words; empty for exit status 0. Nothing while it runs.
  std::optional<std::string> reap();

 private:
  pid_t pid_ = 0;
};

}  // namespace logboom::in_exec
