#include "buckets.hpp"

#include <algorithm>
#include <cmath>

namespace logboom::plugins::throttle {

using std::chrono::duration;
using std::chrono::seconds;

std::size_t Buckets::groups() const {
  const std::lock_guard lock(mutex_);
  return list_.size();
}

Buckets::Group& Buckets::touch(std::string_view name, Clock::time_point now) {
  if (const auto known = places_.find(name); known != places_.end()) {
    list_.splice(list_.end(), list_, known->second);
    return list_.back();
  }
  Group group;
  group.name = name;
  group.rate_since = group.bucket_since = now;
  list_.push_back(std::move(group));
  places_.emplace(list_.back().name, std::prev(list_.end()));
  return list_.back();
}

void Buckets::forget_quiet(Clock::time_point now) {
  while (!list_.empty()) {
    const bool quiet = now - list_.front().rate_since > seconds(limits_.gc_timeout_s);
    if (!quiet && list_.size() <= limits_.most_groups) return;
    places_.erase(list_.front().name);
    list_.pop_front();
    if (!quiet) return;
  }
}

std::int64_t Buckets::period_of(Clock::time_point at) const noexcept {
  return std::chrono::duration_cast<seconds>(at.time_since_epoch()).count() / limits_.period_s;
}

std::int64_t Buckets::rate_of(const Group& group, Clock::time_point now) noexcept {
  const double since = duration<double>(now - group.bucket_since).count();
  const auto in_bucket =
      since > 0 ? static_cast<std::int64_t>(std::min(static_cast<double>(group.in_bucket) / since + 0.5, 1e15))
                : group.in_bucket;
  return std::max(group.rate, in_bucket);
}

Buckets::Answer Buckets::beyond(Group& group, Clock::time_point now) const {
  Answer answer{Verdict::beyond, Note::none, 0};
  if (group.warned && now - group.last_warning < seconds(limits_.warning_delay_s)) return answer;
  group.warned = true;
  group.last_warning = now;
  answer.note = Note::exceeded;
  answer.rate = rate_of(group, now);
  return answer;
}

Buckets::Answer Buckets::count(std::string_view name, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  Group& group = touch(name, now);
  ++group.rate_count;
  if (const double since = duration<double>(now - group.rate_since).count(); since >= 1) {
    group.rate = std::llround(static_cast<double>(group.rate_count) / since);
    group.rate_count = 0;
    group.rate_since = now;
  }
  forget_quiet(now);
  Answer within{Verdict::within, Note::none, 0};
  if (period_of(now) > period_of(group.bucket_since)) {
    if (group.shut && limits_.reset_rate_s != -1) {
      if (group.rate >= limits_.reset_rate_s) return beyond(group, now);
      within = {Verdict::within, Note::back_down, group.rate};
    }
    group.shut = false;
    group.in_bucket = 0;
    group.bucket_since = now;
  } else if (group.shut) {
    return beyond(group, now);
  }
  if (++group.in_bucket > limits_.bucket_limit) {
    const Answer answer = beyond(group, now);
    group.shut = true;
    return answer;
  }
  return within;
}

}  // namespace logboom::plugins::throttle
