#include "net/host_names.hpp"

#include <algorithm>
#include <utility>

namespace logboom::net {

namespace {

constexpr std::size_t most_names = 4096;
constexpr std::chrono::minutes name_lifetime{5};
constexpr int recovery = 50;
constexpr std::chrono::milliseconds shortest_wait{1};

const std::atomic<bool> never{false};

}  // namespace

HostNames::HostNames(std::chrono::milliseconds patience, LookUp look_up)
    : patience_(patience), look_up_(std::move(look_up)), left_(patience) {}

std::optional<std::string> HostNames::find(const SocketAddress& from, const std::string& address) {
  Name* const name = name_of(address);
  if (name == nullptr) return address;
  const auto now = Clock::now();
  if (!name->asked && name->until <= now && *running_ < most_at_once) name->asked = ask(from, address);
  if (name->asked && wait(*name->asked, now)) {
    const std::shared_ptr<Inquiry<Answer>> asked = std::exchange(name->asked, nullptr);
    name->host = asked->answer().host.empty() ? address : asked->answer().host;
    name->until = now + name_lifetime;
  }
  if (name->host.empty()) return std::nullopt;
  return name->host;
}

/// Null where there is none, and no new one can be looked up.
HostNames::Name* HostNames::name_of(const std::string& address) {
  const auto found = names_.find(address);
  if (found != names_.end()) return &found->second;
  if (*running_ >= most_at_once) return nullptr;
  if (names_.size() >= most_names) names_.clear();
  return &names_[address];
}

std::shared_ptr<Inquiry<HostNames::Answer>> HostNames::ask(const SocketAddress& from, const std::string& address) {
  ++*running_;
  const std::shared_ptr<void> turn(nullptr, [running = running_](void*) { --*running; });
  return Inquiry<Answer>::begin([turn, from, address, look_up = look_up_] {
    return Answer{look_up(from, address), {}};
  });
}

bool HostNames::wait(Inquiry<Answer>& asked, Clock::time_point now) {
  left_ = std::min(patience_, left_ + (now - counted_) / recovery);
  const bool answered = asked.wait(left_ < shortest_wait ? now : now + left_, never);
  counted_ = Clock::now();
  left_ = std::max(std::chrono::nanoseconds(0), left_ - (counted_ - now));
  return answered;
}

}  // namespace logboom::net
