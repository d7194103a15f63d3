#pragma once

#include <cstdint>

namespace logboom::net {

/// How far a TCP connection is; nothing for other sockets.
struct TcpProgress {
  bool is_over = false;         // reset, or closed by both
  std::uint64_t confirmed = 0;  // bytes that the peer's system has confirmed
};
TcpProgress tcp_progress(int fd) noexcept;

}  // namespace logboom::net
