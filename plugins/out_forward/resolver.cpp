#include "resolver.hpp"

#include <algorithm>
#include <random>

#include <logboom/log.hpp>

namespace logboom::out_forward {

std::vector<std::string> Resolver::addresses(std::string& why, Clock::time_point until) {
  std::vector<std::string> found;
  std::shared_ptr<NameLookup> wanted;
  {
    const std::lock_guard lock(mutex_);
    const bool is_old = expire_ && Clock::now() - when_ >= *expire_;
    if (!is_old) found = found_;
    if (found.empty()) wanted = lookup();
  }
  if (wanted) found = await(wanted, why, until);
  if (shuffle_) {
    thread_local std::minstd_rand random(std::random_device{}());
    std::shuffle(found.begin(), found.end(), random);
  }
  return found;
}

/// The one that is under way, or a new one.
std::shared_ptr<NameLookup> Resolver::lookup() {
  if (!lookup_) lookup_ = look_up_(host_);
  return lookup_;
}

std::vector<std::string> Resolver::await(const std::shared_ptr<NameLookup>& lookup, std::string& why,
                                         Clock::time_point until) {
  if (!lookup->wait(until, interrupted_)) {
    why = cat(host_, ": no name server answers");
    return {};
  }
  const HostAddresses& answer = lookup->answer();
  if (answer.addresses.empty()) why = cat(host_, ": ", answer.why);
  const std::lock_guard lock(mutex_);
  if (lookup_ != lookup) return answer.addresses;
  lookup_.reset();
  found_ = answer.addresses;
  when_ = Clock::now();
  return found_;
}

void Resolver::prepare() {
  const std::lock_guard lock(mutex_);
  if (found_.empty()) lookup();
}

void Resolver::forget() {
  const std::lock_guard lock(mutex_);
  found_.clear();
}

}  // namespace logboom::out_forward
