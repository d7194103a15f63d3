#include "net/passed_sockets.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace logboom::net {

namespace {

constexpr int first_descriptor = 3;
constexpr int most_descriptors = 4096;

int option_of(int fd, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, level, option, &value, &size) == 0 ? value : -1;
}

std::string absolute(const std::string& path) { return std::filesystem::absolute(path).lexically_normal().string(); }

bool is_any(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET)
    return reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr.s_addr == INADDR_ANY;
  return IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr);
}

bool same_host(const SocketAddress& a, const SocketAddress& b) {
  if (a.storage.ss_family == AF_INET) {
    return reinterpret_cast<const sockaddr_in&>(a.storage).sin_addr.s_addr ==
           reinterpret_cast<const sockaddr_in&>(b.storage).sin_addr.s_addr;
  }
  return std::memcmp(&reinterpret_cast<const sockaddr_in6&>(a.storage).sin6_addr,
                     &reinterpret_cast<const sockaddr_in6&>(b.storage).sin6_addr, sizeof(in6_addr)) == 0;
}

/// Whether a listener that wants `wanted` is served by the socket: also one of all addresses of both families.
bool serves(const PassedSocket& socket, const SocketAddress& wanted) {
  if (port_of(socket.address) != port_of(wanted)) return false;
  if (socket.address.storage.ss_family == wanted.storage.ss_family) return same_host(socket.address, wanted);
  return socket.address.storage.ss_family == AF_INET6 && is_any(socket.address) && is_any(wanted) &&
         option_of(socket.fd.get(), IPPROTO_IPV6, IPV6_V6ONLY) == 0;
}

std::optional<int> number(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  int out = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  return error == std::errc() && end == text->data() + text->size() ? std::optional(out) : std::nullopt;
}

}  // namespace

std::string PassedSocket::where() const {
  if (!unix_path.empty()) return "unix://" + unix_path;
  return (type == SOCK_STREAM ? "tcp://" : "udp://") + peer_name(address).full;
}

std::string PassedSocket::to_string() const { return name.empty() ? where() : cat(where(), " ('", name, "')"); }

PassedSocket PassedSockets::look_at(int fd, std::string name, bool managed) {
  PassedSocket socket;
  socket.fd = Fd(fd);
  socket.name = std::move(name);
  socket.managed = managed;
  const auto refuse = [&](std::string_view why) {
    throw std::runtime_error(cat("the descriptor ", fd, " ('", socket.name, "') that was passed is ", why));
  };
  socket.type = option_of(fd, SOL_SOCKET, SO_TYPE);
  if (socket.type < 0) refuse("no socket");
  if (socket.type != SOCK_STREAM && socket.type != SOCK_DGRAM) refuse("neither a stream's nor a datagrams' socket");
  if (socket.type == SOCK_STREAM && option_of(fd, SOL_SOCKET, SO_ACCEPTCONN) != 1)
    refuse("a connection, and not a socket that listens: in a .socket unit say Accept=no");
  socket.address = local_address(fd);
  const auto family = socket.address.storage.ss_family;
  if (family == AF_UNIX) {
    const auto& un = reinterpret_cast<const sockaddr_un&>(socket.address.storage);
    if (socket.address.size <= offsetof(sockaddr_un, sun_path) || un.sun_path[0] == '\0')
      refuse("a unix socket without a path");
    socket.unix_path = absolute(un.sun_path);
  } else if (family != AF_INET && family != AF_INET6) {
    refuse("of a family that logboom does not listen on");
  }
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  return socket;
}

std::optional<PassedSocket> PassedSockets::take(const StreamListen& where, const std::string& input) {
  return take(SOCK_STREAM, where.bind, where.port, where.unix_path, input);
}

std::optional<PassedSocket> PassedSockets::take(const DatagramListen& where, const std::string& input) {
  return take(SOCK_DGRAM, where.bind, where.port, where.unix_path, input);
}

std::optional<PassedSocket> PassedSockets::take(int type, const std::string& bind, std::uint16_t port,
                                                const std::string& path, const std::string& input) {
  if (left_.empty()) return std::nullopt;
  auto found = left_.end();
  if (!path.empty()) {
    const std::string wanted = absolute(path);
    found = std::find_if(left_.begin(), left_.end(),
                         [&](const PassedSocket& s) { return s.type == type && s.unix_path == wanted; });
  } else {
    const SocketAddress wanted = resolve_bind(bind, port, type);
    found = std::find_if(left_.begin(), left_.end(), [&](const PassedSocket& s) {
      return s.type == type && s.unix_path.empty() && serves(s, wanted);
    });
  }
  if (found == left_.end()) {
    found = std::find_if(left_.begin(), left_.end(), [&](const PassedSocket& s) {
      return s.type == type && s.unix_path.empty() == path.empty() && s.name == input &&
             (s.managed || (path.empty() && port == 0));
    });
  }
  if (found == left_.end()) return std::nullopt;
  std::optional<PassedSocket> out(std::move(*found));
  left_.erase(found);
  return out;
}

Activation read_activation(const std::function<std::optional<std::string>(const char*)>& variable, long pid) {
  Activation out;
  const std::optional<std::string> whose = variable("LISTEN_PID");
  if (!whose || *whose != std::to_string(pid)) return out;
  const std::optional<int> count = number(variable("LISTEN_FDS"));
  if (!count || *count < 0 || *count > most_descriptors) {
    throw std::runtime_error(cat("LISTEN_FDS='", variable("LISTEN_FDS").value_or(""),
                                 "' is no number of sockets that a service manager passes"));
  }
  out.count = *count;
  std::string names = variable("LISTEN_FDNAMES").value_or("");
  for (int i = 0; i < out.count; ++i) {
    const std::size_t end = names.find(':');
    std::string name = names.substr(0, end);
    names.erase(0, end == std::string::npos ? end : end + 1);
    // What systemd calls a socket that has no name.
    out.names.push_back(name == "unknown" ? std::string() : std::move(name));
  }
  return out;
}

PassedSockets sockets_of_service_manager() {
  const auto variable = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  const Activation activation = read_activation(variable, ::getpid());
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  PassedSockets sockets;
  for (int i = 0; i < activation.count; ++i) {
    sockets.add(first_descriptor + i, activation.names[static_cast<std::size_t>(i)], true);
  }
  return sockets;
}

}  // namespace logboom::net
