#pragma once

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include <logboom/net.hpp>

#include "net/address.hpp"
#include "net/bind.hpp"

namespace logboom::net {

/// A bound socket that somebody else has opened: a service manager, or the process before this one.
struct PassedSocket {
  Fd fd;
  std::string name;  // that a service manager has for it, may be empty; else the input that had it
  int type = 0;      // SOCK_STREAM, which listens, or SOCK_DGRAM
  SocketAddress address;
  std::string unix_path;  // absolute; empty: a port
  bool managed = false;   // by a service manager: the path is its to remove
  /// Of datagrams: how many that the kernel had no room for are counted already. Nothing: all up to now are.
  std::optional<std::uint32_t> dropped;

  /// "tcp://0.0.0.0:24224", "udp://[::]:514", "unix:///run/logboom/syslog.sock"
  std::string where() const;
  /// "tcp://0.0.0.0:24224", with the name where there is one.
  std::string to_string() const;
};

/// Those of them that no listener has taken yet. Each serves one.
///
/// Threads: the main one.
class PassedSockets {
 public:
  /// Owns the descriptor. Throws std::runtime_error, with `name`, where it is none that one can listen on.
  void add(int fd, std::string name, bool managed) { add(look_at(fd, std::move(name), managed)); }
  void add(PassedSocket socket) { left_.push_back(std::move(socket)); }
  /// The same, without adding it.
  static PassedSocket look_at(int fd, std::string name, bool managed);
  /// The socket for this address; else a managed one that is named like the input; else, where any port will do, one
  /// that the input had before.
  std::optional<PassedSocket> take(const StreamListen& where, const std::string& input);
  std::optional<PassedSocket> take(const DatagramListen& where, const std::string& input);
  const std::list<PassedSocket>& left() const noexcept { return left_; }

 private:
  std::optional<PassedSocket> take(int type, const std::string& bind, std::uint16_t port, const std::string& path,
                                   const std::string& input);

  std::list<PassedSocket> left_;
};

/// What LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES say (sd_listen_fds(3)): descriptors from 3 on, with their names.
struct Activation {
  int count = 0;
  std::vector<std::string> names;  // as many
};
/// Nothing where it is not for this process. Throws std::runtime_error where the numbers are none.
Activation read_activation(const std::function<std::optional<std::string>(const char*)>& variable, long pid);
/// Those of this process. Removes the variables, so that no child takes them for its own.
PassedSockets sockets_of_service_manager();

}  // namespace logboom::net
