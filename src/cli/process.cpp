#include "cli/process.hpp"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace logboom {

namespace {

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

std::optional<unsigned> number_of(const std::string& text) {
  unsigned out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

struct Identity {
  std::optional<uid_t> user;
  std::optional<gid_t> group;
  std::string user_name;  // empty for a number that has no name
};

Identity find_identity(const std::string& user, const std::string& group) {
  Identity out;
  if (!user.empty()) {
    const std::optional<unsigned> number = number_of(user);
    const passwd* const entry = number ? ::getpwuid(*number) : ::getpwnam(user.c_str());
    if (entry == nullptr && !number) throw std::runtime_error("--user: there is no user '" + user + "'");
    out.user = entry != nullptr ? entry->pw_uid : *number;
    if (entry != nullptr) {
      out.group = entry->pw_gid;
      out.user_name = entry->pw_name;
    }
  }
  if (!group.empty()) {
    const ::group* const entry = ::getgrnam(group.c_str());
    const std::optional<unsigned> number = number_of(group);
    if (entry == nullptr && !number) throw std::runtime_error("--group: there is no group '" + group + "'");
    out.group = entry != nullptr ? entry->gr_gid : *number;
  }
  return out;
}

/// Of root's rights, keeps the one to listen on ports below 1024.
void keep_low_ports() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  const std::uint32_t wanted = 1U << CAP_NET_BIND_SERVICE;
  if (::syscall(SYS_capget, &header, data.data()) != 0 || (data[0].permitted & wanted) == 0) return;
  data = {};
  data[0].permitted = data[0].effective = wanted;
  ::syscall(SYS_capset, &header, data.data());
}

void lead_nowhere(std::initializer_list<int> files) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) fail("can't open /dev/null");
  for (const int file : files) ::dup2(null, file);
  ::close(null);
}

}  // namespace

void set_process_name(const std::string& name) {
  ::prctl(PR_SET_NAME, name.substr(0, 15).c_str());
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string line((std::istreambuf_iterator<char>(file)), {});
  // The arguments lie one behind the other, the first where glibc remembers it.
  if (line.empty() || program_invocation_name == nullptr ||
      line.compare(0, line.find('\0'), program_invocation_name) != 0)
    return;
  std::memset(program_invocation_name, 0, line.size());
  name.copy(program_invocation_name, std::min(name.size(), line.size() - 1));
}

void change_user(const std::string& user, const std::string& group, const std::string& log_path) {
  if (user.empty() && group.empty()) return;
  const Identity identity = find_identity(user, group);
  const uid_t uid = identity.user.value_or(static_cast<uid_t>(-1));
  const gid_t gid = identity.group.value_or(static_cast<gid_t>(-1));
  if (!log_path.empty() && ::chown(log_path.c_str(), uid, gid) != 0) fail("can't give away the log file " + log_path);
  ::prctl(PR_SET_KEEPCAPS, 1);
  if (::geteuid() == 0) {
    const int groups = identity.user_name.empty() || !identity.group
                           ? ::setgroups(identity.group ? 1 : 0, &gid)
                           : ::initgroups(identity.user_name.c_str(), *identity.group);
    if (groups != 0) fail("can't change the supplementary groups");
  }
  if (identity.group && ::setgid(*identity.group) != 0) fail("can't change to the group of --user or --group");
  if (identity.user && ::setuid(*identity.user) != 0) fail("can't change to the user " + user);
  if (identity.user && *identity.user != 0) keep_low_ports();
}

Daemon::Daemon(std::string pid_path) : pid_path_(std::move(pid_path)) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) fail("can't make a pipe");
  const pid_t child = ::fork();
  if (child < 0) fail("can't fork");
  if (child > 0) {
    ::close(pipe[1]);
    ::waitpid(child, nullptr, 0);
    char byte = 0;
    ssize_t got = 0;
    do got = ::read(pipe[0], &byte, 1);
    while (got < 0 && errno == EINTR);
    ::_exit(got == 1 ? 0 : 1);
  }
  ::setsid();
  const pid_t second = ::fork();
  if (second != 0) ::_exit(second < 0 ? 1 : 0);
  ::close(pipe[0]);
  parent_ = pipe[1];
  write_number();
  lead_nowhere({STDIN_FILENO, STDOUT_FILENO});
}

std::unique_ptr<Daemon> Daemon::in_background(std::string pid_path) {
  std::unique_ptr<Daemon> daemon(new Daemon);
  daemon->waiting_path_ = std::move(pid_path);
  return daemon;
}

Daemon::~Daemon() {
  if (parent_ >= 0) ::close(parent_);
  if (!pid_path_.empty()) ::unlink(pid_path_.c_str());
}

void Daemon::write_number() const {
  errno = 0;
  std::ofstream file(pid_path_);
  file << ::getpid() << std::flush;
  if (!file) fail("can't write the process's number to " + pid_path_);
}

void Daemon::ready() {
  if (!waiting_path_.empty()) {
    pid_path_ = std::exchange(waiting_path_, {});
    return write_number();
  }
  if (parent_ < 0) return;
  lead_nowhere({STDERR_FILENO});
  const char byte = 1;
  static_cast<void>(!::write(parent_, &byte, 1));
  ::close(std::exchange(parent_, -1));
}

}  // namespace logboom
