#include "storm.hpp"

namespace logboom::in_forward {

void StormWatch::short_connection(const std::string& container, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (seen_.size() >= most_containers && !seen_.contains(container)) {
    std::erase_if(
        seen_, [now](const auto& item) { return now - item.second.since > window && now > item.second.quiet_until; });
    if (seen_.size() >= most_containers) return;
  }
  Seen& seen = seen_[container];
  if (seen.count == 0 || now - seen.since > window) {
    seen.since = now;
    seen.count = 0;
  }
  if (++seen.count < storm_count || now < seen.quiet_until) return;
  seen.quiet_until = now + warn_interval;
  log_.warn(cat("container ", container, " opened ", seen.count, " connections within ",
                std::chrono::duration_cast<std::chrono::milliseconds>(now - seen.since).count(),
                " ms and sent a message or two on each: Docker's client gets there when fluentd-request-ack is on and "
                "both stdout and "
                "stderr are busy, and then it loses lines. What helps: --log-opt fluentd-async=true, or "
                "--log-opt fluentd-read-timeout=1s, or no fluentd-request-ack for this container"));
}

}  // namespace logboom::in_forward
