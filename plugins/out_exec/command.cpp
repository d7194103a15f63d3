#include "command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <system_error>

#include <logboom/log.hpp>

namespace logboom {

namespace {

using namespace std::chrono_literals;

/// How the child starts: its own process group, so that its own children end with it; no input; its output, which must
/// not get among the events on stdout, goes to stderr.
struct Spawning {
  Spawning() {
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  }
  ~Spawning() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
  Spawning(const Spawning&) = delete;
  Spawning& operator=(const Spawning&) = delete;

  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
};

std::string outcome(int status) {
  if (WIFSIGNALED(status)) return cat("it was ended by signal ", WTERMSIG(status));
  if (WEXITSTATUS(status) == 127) return "the shell ended with 127: is there such a command?";
  return WEXITSTATUS(status) == 0 ? std::string() : cat("it ended with ", WEXITSTATUS(status));
}

}  // namespace

std::string Command::run(const std::string& command, std::chrono::milliseconds limit) {
  if (interrupted_) return "logboom is stopping";
  const Spawning how;
  std::string shell = "sh", dash_c = "-c", text = command;
  char* const arguments[] = {shell.data(), dash_c.data(), text.data(), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawn(&child, "/bin/sh", &how.actions, &how.attributes, arguments, environ);
  if (error != 0) return cat("can't start /bin/sh: ", std::generic_category().message(error));
  return wait(child, limit);
}

std::string Command::wait(int child, std::chrono::milliseconds limit) {
  const int ended = static_cast<int>(::syscall(SYS_pidfd_open, child, 0U));
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::string cut;
  for (pollfd watch{ended, POLLIN, 0}; cut.empty();) {
    constexpr auto step = 100ms;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int ready = ::poll(&watch, ended >= 0 ? 1 : 0, static_cast<int>(std::clamp(left, 0ms, step).count()));
    int status = 0;
    if ((ready > 0 || ended < 0) && ::waitpid(child, &status, WNOHANG) == child) {
      if (ended >= 0) ::close(ended);
      return outcome(status);
    }
    if (interrupted_) cut = "logboom is stopping";
    if (left.count() <= 0) cut = cat("it took longer than ", limit.count() / 1000, " s and was killed");
  }
  ::kill(-child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  if (ended >= 0) ::close(ended);
  return cut;
}

}  // namespace logboom
