#include "pipeline/successor.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include <logboom/log.hpp>
#include <logboom/session_state.hpp>

extern char** environ;

namespace logboom {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// How long the new process may take for each of its steps.
constexpr auto talk_patience = 10s;
constexpr auto opening_patience = 30s;
constexpr auto leaving_patience = 2s;

/// Ours, with what tells the new process that it is to take over. What was for this process alone is gone already.
std::vector<std::string> environment_of_next(const ServiceManager& manager, const std::string& how) {
  std::vector<std::string> out;
  for (char** at = environ; *at != nullptr; ++at) {
    if (!std::string_view(*at).starts_with(cat(std::string_view(upgrade_variable), "="))) out.emplace_back(*at);
  }
  out.push_back(cat(std::string_view(upgrade_variable), "=", how));
  if (manager.listens()) out.push_back("NOTIFY_SOCKET=" + manager.socket());
  if (manager.watchdog().count() != 0) out.push_back(cat("WATCHDOG_USEC=", manager.watchdog().count()));
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// As if it had just been started: no signal is ignored or blocked.
void start_clean(posix_spawnattr_t& how) {
  sigset_t all;
  sigset_t none;
  ::sigfillset(&all);
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&how, &all);
  ::posix_spawnattr_setsigmask(&how, &none);
  ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

pid_t spawn(std::vector<std::string> arguments, std::vector<std::string> environment, int keep) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&how);
  // To the same number: it then outlives the exec.
  ::posix_spawn_file_actions_adddup2(&files, keep, keep);
  start_clean(how);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, arguments[0].c_str(), &files, &how, pointers_to(arguments).data(),
                                   pointers_to(environment).data());
  ::posix_spawnattr_destroy(&how);
  ::posix_spawn_file_actions_destroy(&files);
  if (error != 0)
    throw std::runtime_error(cat("can't start ", arguments[0], ": ", std::string_view(std::strerror(error))));
  return pid;
}

}  // namespace

Successor::Successor(const std::vector<std::string>& arguments, const ServiceManager& manager)
    : channel_(net::Fd()), path_(arguments.at(0)) {
  auto [ours, its] = net::DescriptorChannel::make();
  pid_ = spawn(arguments, environment_of_next(manager, cat("socket:", its.get())), its.get());
  channel_ = net::DescriptorChannel(std::move(ours));
}

Successor::~Successor() { kill(); }

void Successor::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

std::string Successor::how_it_ended() {
  int status = 0;
  pid_t ended = 0;
  for (const auto until = Clock::now() + leaving_patience; ended == 0 && Clock::now() < until;) {
    ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == 0) ::usleep(2000);
  }
  if (ended != pid_) return cat("the new process (", path_, ") says nothing that is understood");
  pid_ = -1;
  if (WIFSIGNALED(status))
    return cat("the new process (", path_, ") was ended by signal ", WTERMSIG(status), " before it was ready");
  return cat("the new process (", path_, ") ended with status ", WEXITSTATUS(status), " before it was ready");
}

bool Successor::offer(const net::Legacy& sockets) {
  return channel_.send_legacy(sockets, net::DescriptorChannel::Pace::at_once, Clock::now() + talk_patience);
}

std::optional<std::set<net::ListenerKey>> Successor::prepared(std::string& why) {
  constexpr std::string_view yes = "prepared\n";
  constexpr std::string_view no = "refused ";
  const auto message = channel_.receive(Clock::now() + leaving_patience);
  if (message && message->text.starts_with(no))
    why = message->text.substr(no.size());
  else if (!message || !message->text.starts_with(yes))
    why = how_it_ended();
  if (!why.empty()) return std::nullopt;
  std::set<net::ListenerKey> keys;
  std::string_view left = std::string_view(message->text).substr(yes.size());
  while (!left.empty()) {
    const std::size_t end = left.find('\n');
    keys.emplace(left.substr(0, end));
    left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
  }
  return keys;
}

void Successor::leave() {
  channel_.send("leave", Clock::now() + talk_patience);
  for (const auto until = Clock::now() + leaving_patience; pid_ > 0 && Clock::now() < until;) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    if (pid_ > 0) ::usleep(2000);
  }
}

bool Successor::take(const net::Legacy& legacy, bool alone, std::string& why) {
  alone_ = alone;
  const bool sent =
      channel_.send(alone ? "take alone" : "take", Clock::now() + talk_patience) &&
      channel_.send_legacy(legacy, net::DescriptorChannel::Pace::answered, Clock::now() + opening_patience);
  if (sent && alone) return true;
  const auto answer = sent ? channel_.receive(Clock::now() + opening_patience) : std::nullopt;
  if (answer && answer->text == "ready") return true;
  why = answer && answer->text.starts_with("refused ") ? answer->text.substr(8) : how_it_ended();
  kill();
  return false;
}

void Successor::go() {
  if (!alone_) channel_.send("go", Clock::now() + talk_patience);
  sigset_t waiting;
  sigemptyset(&waiting);
  ::sigpending(&waiting);
  if (sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1) ::kill(pid_, SIGTERM);
  pid_ = -1;
}

std::string become(const std::vector<std::string>& arguments, const ServiceManager& manager,
                   const net::Legacy& legacy) {
  StateWriter out;
  std::vector<int> kept = net::descriptors_of(legacy);
  out.put(kept.size());
  for (const int fd : kept) out.put(static_cast<std::uint64_t>(fd));
  out.put(net::encode(legacy));
  const net::Fd file = net::file_of(out.take());
  kept.push_back(file.get());
  for (const int fd : kept) ::fcntl(fd, F_SETFD, 0);
  std::vector<std::string> words = arguments;
  std::vector<std::string> environment = environment_of_next(manager, cat("file:", file.get()));
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGXFSZ, SIG_DFL);
  ::execvpe(words[0].c_str(), pointers_to(words).data(), pointers_to(environment).data());
  const std::string why = cat("can't become ", words[0], ": ", std::string_view(std::strerror(errno)));
  for (const int fd : kept) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::signal(SIGPIPE, SIG_IGN);
  return why;
}

}  // namespace logboom
