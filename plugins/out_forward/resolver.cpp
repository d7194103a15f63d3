#include "resolver.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <random>

#include <logboom/log.hpp>

namespace logboom::out_forward {

namespace {

std::vector<std::string> look_up(const std::string& host, std::string& why) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); failed != 0) {
    why = cat(host, ": ", std::string_view(::gai_strerror(failed)));
    return {};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
  std::vector<std::string> found;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (std::find(found.begin(), found.end(), text) == found.end()) found.emplace_back(text);
  }
  if (found.empty()) why = cat(host, ": it has no address");
  return found;
}

}  // namespace

std::vector<std::string> Resolver::addresses(std::string& why) {
  std::vector<std::string> found;
  {
    const std::lock_guard lock(mutex_);
    const bool is_old = expire_ && Clock::now() - when_ >= *expire_;
    if (!is_old) found = found_;
  }
  if (found.empty()) {
    found = look_up(host_, why);
    const std::lock_guard lock(mutex_);
    found_ = found;
    when_ = Clock::now();
  }
  if (shuffle_) {
    thread_local std::minstd_rand random(std::random_device{}());
    std::shuffle(found.begin(), found.end(), random);
  }
  return found;
}

void Resolver::forget() {
  const std::lock_guard lock(mutex_);
  found_.clear();
}

}  // namespace logboom::out_forward
