#include <logboom/name_lookup.hpp>

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>

namespace logboom {

namespace {

/// EAI_…, or 0.
int ask_resolver(const std::string& host, int flags, std::vector<std::string>& found) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); failed != 0) return failed;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (std::find(found.begin(), found.end(), text) == found.end()) found.emplace_back(text);
  }
  return 0;
}

}  // namespace

std::shared_ptr<NameLookup> look_up(const std::string& host) {
  HostAddresses known;
  if (ask_resolver(host, AI_NUMERICHOST, known.addresses) == 0 && !known.addresses.empty()) {
    return NameLookup::of(std::move(known));
  }
  return NameLookup::begin([host] {
    HostAddresses found;
    const int failed = ask_resolver(host, 0, found.addresses);
    if (failed != 0) found.why = ::gai_strerror(failed);
    if (failed == 0 && found.addresses.empty()) found.why = "it has no address";
    return found;
  });
}

}  // namespace logboom
