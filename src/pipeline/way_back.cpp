#include "pipeline/way_back.hpp"

#include <memory>
#include <utility>

#include "pipeline/carries_events.hpp"
#include "pipeline/dispatcher.hpp"

namespace logboom {

void WayBack::open(std::vector<Dispatcher*> dispatchers) {
  const std::lock_guard lock(mutex_);
  dispatchers_ = std::move(dispatchers);
}

void WayBack::workers_ended(std::chrono::steady_clock::time_point deadline) {
  const std::lock_guard lock(mutex_);
  ended_until_ = deadline;
}

void WayBack::close() {
  const std::lock_guard lock(mutex_);
  dispatchers_.clear();
}

bool WayBack::emit(const std::string& label, Delivery delivery, bool made) {
  const std::lock_guard lock(mutex_);
  if (dispatchers_.empty()) return false;
  next_ = (next_ + 1) % dispatchers_.size();
  Dispatcher* dispatcher = dispatchers_[next_];
  if (ended_until_) {
    const CarriesEvents mark;
    dispatcher->inject(label, std::move(delivery), made);
    dispatcher->finish(*ended_until_);
    return true;
  }
  // A std::function must be copyable, and a delivery is not.
  dispatcher->executor().post([dispatcher, label, made, held = std::make_shared<Delivery>(std::move(delivery))] {
    dispatcher->inject(label, std::move(*held), made);
  });
  return true;
}

}  // namespace logboom
