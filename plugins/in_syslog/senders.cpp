#include "senders.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace logboom::in_syslog {

namespace {

constexpr std::size_t most_senders = 4096;

bool is_name(const std::string& text) {
  return text.find_first_of(":/") == std::string::npos && text.find_first_not_of("0123456789.") != std::string::npos;
}

}  // namespace

std::vector<std::string> Senders::allow(const std::vector<std::string>& senders) {
  std::vector<std::string> unknown;
  for (const std::string& sender : senders) {
    everybody_ = false;
    if (!is_name(sender)) {
      networks_.add_network(sender);
      continue;
    }
    try {
      networks_.add_host(sender);
    } catch (const std::invalid_argument&) {
      unknown.push_back(sender);
    }
  }
  return unknown;
}

void Refusals::add(const std::string& address, Clock::time_point now) {
  counter_.add();
  std::uint64_t before = 0;
  {
    const std::lock_guard lock(mutex_);
    if (said_.size() >= most_senders) std::erase_if(said_, [now](const auto& each) { return each.second.next <= now; });
    if (said_.size() >= most_senders && said_.find(address) == said_.end()) return;
    Said& said = said_[address];
    if (now < said.next) {
      ++said.since;
      return;
    }
    before = std::exchange(said.since, 0);
    said.next = now + std::chrono::minutes(1);
  }
  log_.warn(cat("syslog: refused ", address, ", which is none of allowed_senders",
                before != 0 ? cat(" (and ", before, " times before)") : std::string()));
}

}  // namespace logboom::in_syslog
