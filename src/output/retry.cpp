#include "output/retry.hpp"

#include <algorithm>
#include <cmath>

namespace logboom {

RetryPolicy::Duration RetryPolicy::step(std::uint64_t attempts) const {
  constexpr double longest = 365.0 * 86400 * 1e9;
  double wait = static_cast<double>(settings_.wait.count());
  if (settings_.type == RetryType::exponential_backoff) {
    wait *= std::pow(settings_.base, static_cast<double>(std::min<std::uint64_t>(attempts - 1, 1000)));
  }
  if (settings_.max_interval) wait = std::min(wait, static_cast<double>(settings_.max_interval->count()));
  return Duration(static_cast<std::int64_t>(std::min(wait, longest)));
}

bool RetryPolicy::is_for_secondary(std::uint64_t attempts, Duration failing_for) const {
  if (settings_.forever) return false;
  const double part = settings_.secondary_threshold;
  if (settings_.max_times && static_cast<double>(attempts) > part * static_cast<double>(*settings_.max_times))
    return true;
  return static_cast<double>(failing_for.count()) >= part * static_cast<double>(settings_.timeout.count());
}

std::optional<RetryPolicy::Duration> RetryPolicy::next(std::uint64_t attempts, Duration failing_for) {
  if (!settings_.forever) {
    if (settings_.max_times && attempts > *settings_.max_times) return std::nullopt;
    if (failing_for >= settings_.timeout) return std::nullopt;
  }
  Duration wait = step(attempts);
  if (settings_.randomize) {
    std::uniform_real_distribution<double> factor(0.875, 1.125);
    wait = Duration(static_cast<std::int64_t>(static_cast<double>(wait.count()) * factor(random_)));
  }
  // The last attempt comes when the time is over, not after a step that leads far beyond.
  if (!settings_.forever) wait = std::min(wait, settings_.timeout - failing_for);
  return std::max(wait, Duration(1));
}

}  // namespace logboom
