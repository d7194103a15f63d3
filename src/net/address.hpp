#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "net/connection.hpp"

namespace logboom::net {

/// An address as the system's calls take it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// The first address of `bind` (an IPv4 or IPv6 literal, or a name) with this port. Throws std::runtime_error.
SocketAddress resolve_bind(const std::string& bind, std::uint16_t port, int socket_type);
SocketAddress unix_address(const std::string& path);

/// "192.0.2.7:50123" and its parts; an IPv4 address inside IPv6 is shown as IPv4.
PeerName peer_name(const SocketAddress& address);
/// The name that a resolver knows, or `otherwise`. May take seconds.
std::string host_name(const SocketAddress& address, const std::string& otherwise);
std::uint16_t port_of(const SocketAddress& address);

}  // namespace logboom::net
