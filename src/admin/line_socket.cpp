#include "admin/line_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>

namespace logboom {

namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

int make_socket() {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) fail(errno, "can't make a socket");
  return socket;
}

/// A unix address has room for 107 bytes; a longer path is reached by way of its folder.
class Address {
 public:
  explicit Address(const std::string& path) {
    address_.sun_family = AF_UNIX;
    std::string name = path;
    if (name.size() >= sizeof address_.sun_path) {
      const std::size_t slash = path.rfind('/');
      const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
      folder_ = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
      if (folder_ < 0) fail(errno, "can't open " + folder);
      name = "/proc/self/fd/" + std::to_string(folder_) + "/" + path.substr(slash + 1);
    }
    if (name.size() >= sizeof address_.sun_path) fail(ENAMETOOLONG, path);
    name.copy(address_.sun_path, name.size());
  }
  ~Address() {
    if (folder_ >= 0) ::close(folder_);
  }
  Address(const Address&) = delete;
  Address& operator=(const Address&) = delete;
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&address_); }

 private:
  int folder_ = -1;
  sockaddr_un address_{};
};

}  // namespace

LineSocket::LineSocket(LineSocket&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), read_(std::move(other.read_)) {}

LineSocket::~LineSocket() {
  if (socket_ >= 0) ::close(socket_);
}

LineSocket LineSocket::listen(const std::string& path) {
  LineSocket out(make_socket());
  const Address address(path);
  ::unlink(path.c_str());
  // The file that bind() makes has the socket's mode, so that nobody else can connect at any moment.
  if (::fchmod(out.fd(), 0600) != 0 || ::bind(out.fd(), address.get(), sizeof(sockaddr_un)) != 0 ||
      ::listen(out.fd(), 16) != 0)
    fail(errno, "can't listen on " + path);
  return out;
}

LineSocket LineSocket::connect(const std::string& path) {
  LineSocket out(make_socket());
  const Address address(path);
  if (::connect(out.fd(), address.get(), sizeof(sockaddr_un)) != 0) fail(errno, "can't connect to " + path);
  return out;
}

bool LineSocket::wait_for(short events, Clock::time_point deadline) const {
  pollfd poll{socket_, events, 0};
  for (;;) {
    const std::int64_t left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    constexpr std::int64_t longest = std::numeric_limits<int>::max();
    const int ready = ::poll(&poll, 1, static_cast<int>(std::min(left, longest)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

std::optional<std::string> LineSocket::read_line(std::size_t limit, Clock::time_point deadline) {
  std::size_t looked = 0;
  for (;;) {
    const std::size_t end = read_.find('\n', looked);
    if (end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    looked = read_.size();
    if (looked > limit || !wait_for(POLLIN, deadline)) return std::nullopt;
    std::array<char, 16384> bytes;
    const ssize_t n = ::recv(socket_, bytes.data(), bytes.size(), 0);
    ended_ = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    if (ended_) return std::nullopt;
    if (n > 0) read_.append(bytes.data(), static_cast<std::size_t>(n));
  }
}

bool LineSocket::write_line(std::string_view line, Clock::time_point deadline) {
  std::string bytes(line);
  bytes += '\n';
  for (std::size_t at = 0; at < bytes.size();) {
    if (!wait_for(POLLOUT, deadline)) return false;
    const ssize_t n = ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (n > 0) at += static_cast<std::size_t>(n);
  }
  return true;
}

bool LineSocket::is_over() const {
  pollfd poll{socket_, 0, 0};
  return ::poll(&poll, 1, 0) > 0 && (poll.revents & (POLLHUP | POLLERR)) != 0;
}

}  // namespace logboom
