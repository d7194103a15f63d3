#include "pipeline/way_back.hpp"

#include <memory>
#include <utility>

#include "pipeline/dispatcher.hpp"

namespace logboom {

void WayBack::open(std::vector<Dispatcher*> dispatchers) {
  const std::lock_guard lock(mutex_);
  dispatchers_ = std::move(dispatchers);
}

void WayBack::workers_ended() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
}

void WayBack::close() {
  const std::lock_guard lock(mutex_);
  dispatchers_.clear();
}

bool WayBack::emit(const std::string& label, Delivery delivery) {
  const std::lock_guard lock(mutex_);
  if (dispatchers_.empty()) return false;
  next_ = (next_ + 1) % dispatchers_.size();
  Dispatcher* dispatcher = dispatchers_[next_];
  if (ended_) {
    dispatcher->inject(label, std::move(delivery));
    return true;
  }
  // A std::function must be copyable, and a delivery is not.
  dispatcher->executor().post([dispatcher, label, held = std::make_shared<Delivery>(std::move(delivery))] {
    dispatcher->inject(label, std::move(*held));
  });
  return true;
}

}  // namespace logboom
