#include "cli/healthcheck.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

namespace logboom {

std::error_code healthcheck(std::uint16_t port, std::chrono::seconds patience) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return {errno, std::generic_category()};
  // On Linux the time limit of sending also limits connect().
  const timeval limit{patience.count(), 0};
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::error_code result;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    result = std::error_code(errno == EINPROGRESS ? ETIMEDOUT : errno, std::generic_category());
  }
  ::close(socket);
  return result;
}

}  // namespace logboom
