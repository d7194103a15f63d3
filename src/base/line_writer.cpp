#include <logboom/line_writer.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <system_error>

namespace logboom {

namespace {

/// All outputs of this process that write to its stdout take turns: the one thing that they share is the descriptor,
/// which belongs to the process too.
std::mutex& turn() {
  static std::mutex mutex;
  return mutex;
}

int open_again(int fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

}  // namespace

LineWriter::LineWriter(int fd) : fd_(fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return;
  is_socket_ = S_ISSOCK(info.st_mode);
  if (S_ISFIFO(info.st_mode) || ::isatty(fd) == 1) own_fd_ = open_again(fd);
}

LineWriter::~LineWriter() {
  if (own_fd_ >= 0) ::close(own_fd_);
}

std::string LineWriter::write(std::string_view text) {
  const std::lock_guard lock(turn());
  if (mid_line_) {
    bool ignored = false;
    if (std::string error = write_all("\n", ignored); !error.empty()) return error;
    mid_line_ = false;
  }
  bool in_mid_line = false;
  std::string error = write_all(text, in_mid_line);
  if (!error.empty()) mid_line_ = in_mid_line;
  return error;
}

std::string LineWriter::write_all(std::string_view text, bool& in_mid_line) {
  const int fd = own_fd_ >= 0 ? own_fd_ : fd_;
  while (!text.empty()) {
    if (interrupted_) return "interrupted by the shutdown";
    const ssize_t written = is_socket_ ? ::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                       : ::write(fd, text.data(), text.size());
    if (written >= 0) {
      if (written > 0) in_mid_line = text[static_cast<std::size_t>(written) - 1] != '\n';
      text.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    const int error = errno;
    if (error == EINTR) continue;
    if ((error != EAGAIN && error != EWOULDBLOCK) || !wait_until_writable()) {
      return std::generic_category().message(error);
    }
  }
  return {};
}

bool LineWriter::wait_until_writable() const {
  constexpr int look_ms = 100;
  pollfd entry{own_fd_ >= 0 ? own_fd_ : fd_, POLLOUT, 0};
  while (!interrupted_) {
    const int ready = ::poll(&entry, 1, look_ms);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  return true;
}

}  // namespace logboom
