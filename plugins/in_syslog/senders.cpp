#include "senders.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace logboom::in_syslog {

namespace {

constexpr std::size_t most_senders = 4096;

bool is_name(const std::string& text) {
  return text.find_first_of(":/[]") == std::string::npos && text.find_first_not_of("0123456789.") != std::string::npos;
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

}  // namespace

void Senders::allow(const std::vector<std::string>& senders) {
  for (const std::string& sender : senders) {
    everybody_ = false;
    if (sender.find('*') != std::string::npos) {
      if (!sender.starts_with("*.") || sender.size() < 3 || sender.find_first_of("*:/", 1) != std::string::npos) {
        throw std::invalid_argument(cat("'", sender, "': a wildcard is written as *.example.net"));
      }
      endings_.push_back(lower(sender.substr(1)));
    } else if (is_name(sender)) {
      names_.push_back({sender, nullptr});
    } else {
      networks_.add_network(sender);
    }
  }
}

std::vector<std::string> Senders::look_up() {
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    auto found = std::make_shared<Networks>();
    try {
      resolve_(names_[i].name, *found);
    } catch (const std::invalid_argument&) {
      unknown.push_back(names_[i].name);
      continue;
    }
    const std::lock_guard lock(*mutex_);
    names_[i].addresses = std::move(found);
  }
  return unknown;
}

bool Senders::allows(const std::string& address, const std::string& host) const {
  if (everybody_ || networks_.contains(address)) return true;
  if (has_names()) {
    const std::lock_guard lock(*mutex_);
    for (const Name& name : names_) {
      if (name.addresses && name.addresses->contains(address)) return true;
    }
  }
  return has_wildcards() && matches_wildcard(host) && leads_back(host, address);
}

bool Senders::matches_wildcard(const std::string& host) const {
  const std::string name = lower(host);
  return std::any_of(endings_.begin(), endings_.end(), [&name](const std::string& ending) {
    return name.size() > ending.size() && name.ends_with(ending);
  });
}

bool Senders::leads_back(const std::string& host, const std::string& address) const {
  const Clock::time_point now = Clock::now();
  const std::string key = cat(address, " ", host);
  {
    const std::lock_guard lock(*mutex_);
    if (verdicts_.size() >= most_senders) verdicts_.clear();
    if (const auto found = verdicts_.find(key); found != verdicts_.end() && now < found->second.until) {
      return found->second.good;
    }
  }
  Networks addresses;
  try {
    resolve_(host, addresses);
  } catch (const std::invalid_argument&) {
    // A name without an address leads nowhere.
  }
  const bool good = addresses.contains(address);
  const std::lock_guard lock(*mutex_);
  verdicts_[key] = {now + (good ? std::chrono::minutes(5) : std::chrono::minutes(1)), good};
  return good;
}

NameWatch::NameWatch(Senders& senders, std::chrono::nanoseconds interval, Log& log)
    : senders_(senders), interval_(interval), log_(log), thread_([this] { run(); }) {}

NameWatch::~NameWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void NameWatch::run() {
  std::vector<std::string> unknown;
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, interval_, [this] { return stopping_; })) {
    lock.unlock();
    std::vector<std::string> now = senders_.look_up();
    for (const std::string& name : now) {
      if (std::find(unknown.begin(), unknown.end(), name) != unknown.end()) continue;
      log_.warn(cat("syslog: allowed_senders: '", name, "' has no address now; those that it had stay allowed"));
    }
    unknown = std::move(now);
    lock.lock();
  }
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
