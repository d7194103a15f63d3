#include "child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include <logboom/log.hpp>

extern char** environ;

namespace logboom::in_exec {

namespace {

struct Pipe {
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "can't make a pipe");
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) ::close(end);
    }
  }
  int take_reader() noexcept { return std::exchange(ends[0], -1); }
  int ends[2] = {-1, -1};
};

/// What the process is to be like: no stdin, its own group, no signals blocked or ignored as ours are.
struct SpawnSettings {
  SpawnSettings(int out, int err) {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t defaults;
    ::sigemptyset(&none);
    ::sigemptyset(&defaults);
    for (const int number : {SIGPIPE, SIGXFSZ}) ::sigaddset(&defaults, number);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
};

}  // namespace

Child::Pipes Child::start(const std::string& command, bool with_stderr) {
  Pipe out;
  std::optional<Pipe> err;
  if (!with_stderr) err.emplace();
  const SpawnSettings settings(out.ends[1], err ? err->ends[1] : out.ends[1]);
  std::string shell = "sh";
  std::string option = "-c";
  std::string text = command;
  char* arguments[] = {shell.data(), option.data(), text.data(), nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, "/bin/sh", &settings.files, &settings.attributes, arguments, environ);
  if (error != 0) throw std::system_error(error, std::generic_category(), "can't run /bin/sh");
  pid_ = pid;
  return {out.take_reader(), err ? err->take_reader() : -1};
}

void Child::signal(int number) noexcept {
  if (pid_ != 0) ::kill(-pid_, number);
}

std::optional<std::string> Child::reap() {
  int status = 0;
  if (pid_ == 0 || ::waitpid(pid_, &status, WNOHANG) == 0) return std::nullopt;
  pid_ = 0;
  if (WIFSIGNALED(status)) return cat("killed by signal ", WTERMSIG(status));
  return WEXITSTATUS(status) == 0 ? std::string() : cat("exit status ", WEXITSTATUS(status));
}

}  // namespace logboom::in_exec
