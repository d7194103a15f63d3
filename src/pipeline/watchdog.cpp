#include "pipeline/watchdog.hpp"

namespace logboom {

void Watchdog::start() {
  if (manager_.watchdog().count() == 0) return;
  manager_.tell("WATCHDOG=1");
  ask_workers();
}

void Watchdog::ask_workers() {
  *missing_ = server_.workers().size();
  for (auto& worker : server_.workers()) {
    worker->post([missing = missing_] { missing->fetch_sub(1); });
  }
  // Several looks in the time that is given: one that comes a little late is not the end.
  server_.call_after(manager_.watchdog() / 4, [this, stopped = stopped_] {
    if (!*stopped) look();
  });
}

void Watchdog::look() {
  if (missing_->load() == 0) {
    manager_.tell("WATCHDOG=1");
    return ask_workers();
  }
  server_.call_after(manager_.watchdog() / 16, [this, stopped = stopped_] {
    if (!*stopped) look();
  });
}

}  // namespace logboom
