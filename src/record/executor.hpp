#pragma once

#include <chrono>
#include <functional>

namespace logboom {

/// One worker's thread, for whoever has work for it. Tasks that are left when the worker ends are not run.
/// Threads: any.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Which worker this is, from 0 on.
  virtual unsigned index() const noexcept = 0;
  virtual void post(std::function<void()> task) = 0;
  virtual void call_at(std::chrono::steady_clock::time_point at, std::function<void()> task) = 0;
};

}  // namespace logboom
