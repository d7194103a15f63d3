#include <logboom/networks.hpp>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include <logboom/log.hpp>

namespace logboom {

namespace {

constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

bool Networks::parse(const std::string& text, Address& address, bool& four) {
  std::copy(mapped.begin(), mapped.end(), address.begin());
  four = ::inet_pton(AF_INET, text.c_str(), &address[12]) == 1;
  return four || ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

void Networks::add_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  Network network{};
  bool four = false;
  std::string_view address = text.substr(0, slash);
  const bool brackets = address.starts_with('[') && address.ends_with(']');
  if (brackets) address = address.substr(1, address.size() - 2);
  if (!parse(std::string(address), network.address, four) || (brackets && four)) {
    throw std::invalid_argument(cat("'", text, "' is no network: write it as 192.0.2.0/24 or 2001:db8::/32"));
  }
  const unsigned most = four ? 32 : 128;
  unsigned bits = most;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits > most) {
      throw std::invalid_argument(cat("'", text, "': behind the slash must be a number from 0 to ", most));
    }
  }
  network.bits = bits + 128 - most;
  networks_.push_back(network);
}

void Networks::add_host(const std::string& name) {
  Network network{};
  network.bits = 128;
  bool four = false;
  if (parse(name, network.address, four)) return networks_.push_back(network);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int failed = ::getaddrinfo(name.c_str(), nullptr, &hints, &list); failed != 0) {
    throw std::invalid_argument(cat("can't resolve '", name, "': ", std::string_view(::gai_strerror(failed))));
  }
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    std::copy(mapped.begin(), mapped.end(), network.address.begin());
    if (at->ai_family == AF_INET) {
      std::memcpy(&network.address[12], &reinterpret_cast<const sockaddr_in*>(at->ai_addr)->sin_addr, 4);
    } else {
      std::memcpy(network.address.data(), &reinterpret_cast<const sockaddr_in6*>(at->ai_addr)->sin6_addr, 16);
    }
    networks_.push_back(network);
  }
  ::freeaddrinfo(list);
}

bool Networks::contains(const std::string& text) const {
  Address address{};
  bool four = false;
  if (!parse(text, address, four)) return false;
  return std::any_of(networks_.begin(), networks_.end(), [&address](const Network& network) {
    const unsigned whole = network.bits / 8;
    if (!std::equal(address.begin(), address.begin() + whole, network.address.begin())) return false;
    const unsigned rest = network.bits % 8;
    return rest == 0 || (address[whole] ^ network.address[whole]) >> (8 - rest) == 0;
  });
}

}  // namespace logboom
