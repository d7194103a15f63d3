#include "net/address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <memory>
#include <stdexcept>

namespace logboom::net {

namespace {

/// Name servers know an IPv4 address by itself, not as it is written in IPv6.
SocketAddress unmapped(const SocketAddress& address) {
  if (address.storage.ss_family != AF_INET6) return address;
  const auto& six = reinterpret_cast<const sockaddr_in6&>(address.storage);
  if (!IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) return address;
  SocketAddress out;
  auto& four = reinterpret_cast<sockaddr_in&>(out.storage);
  four.sin_family = AF_INET;
  four.sin_port = six.sin6_port;
  std::memcpy(&four.sin_addr, &six.sin6_addr.s6_addr[12], sizeof four.sin_addr);
  out.size = sizeof four;
  return out;
}

}  // namespace

SocketAddress resolve_bind(const std::string& bind, std::uint16_t port, int socket_type) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = socket_type;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string service = std::to_string(port);
  const int failed = ::getaddrinfo(bind.empty() ? nullptr : bind.c_str(), service.c_str(), &hints, &list);
  if (failed != 0)
    throw std::runtime_error(
        cat("can't resolve bind address '", bind, "': ", std::string_view(::gai_strerror(failed))));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  SocketAddress address;
  std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
  address.size = list->ai_addrlen;
  return address;
}

SocketAddress unix_address(const std::string& path) {
  SocketAddress address;
  auto& un = reinterpret_cast<sockaddr_un&>(address.storage);
  if (path.size() >= sizeof un.sun_path) {
    throw std::runtime_error(
        cat("unix socket path is too long (", path.size(), " bytes, at most ", sizeof un.sun_path - 1, "): ", path));
  }
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.c_str(), path.size() + 1);
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

std::uint16_t port_of(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in&>(address.storage).sin_port);
  if (address.storage.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_port);
  return 0;
}

std::string host_name(const SocketAddress& address, const std::string& otherwise) {
  char name[NI_MAXHOST];
  const SocketAddress asked = unmapped(address);
  const auto* from = reinterpret_cast<const sockaddr*>(&asked.storage);
  return ::getnameinfo(from, asked.size, name, sizeof name, nullptr, 0, 0) == 0 ? name : otherwise;
}

PeerName peer_name(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  PeerName name;
  bool six = false;
  if (address.storage.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr, text, sizeof text);
  } else if (address.storage.ss_family == AF_INET6) {
    const in6_addr& ip = reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr;
    six = !IN6_IS_ADDR_V4MAPPED(&ip);
    ::inet_ntop(six ? AF_INET6 : AF_INET, six ? static_cast<const void*>(&ip) : &ip.s6_addr[12], text, sizeof text);
  } else {
    return {"unix", "", "localhost"};
  }
  name.address = text;
  name.host = text;
  name.full = cat(six ? "[" : "", name.address, six ? "]:" : ":", port_of(address));
  return name;
}

}  // namespace logboom::net
