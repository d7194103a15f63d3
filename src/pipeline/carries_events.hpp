#pragma once

#include <utility>

namespace logboom {

/// Lives while this thread carries events that came from within: what is logged meanwhile is for the log alone, or each
/// line about an event would be the next event.
class CarriesEvents {
 public:
  CarriesEvents() noexcept : before_(std::exchange(here_, true)) {}
  CarriesEvents(const CarriesEvents&) = delete;
  CarriesEvents& operator=(const CarriesEvents&) = delete;
  ~CarriesEvents() { here_ = before_; }
  static bool here() noexcept { return here_; }

 private:
  static inline thread_local bool here_ = false;
  bool before_;
};

}  // namespace logboom
