#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include <logboom/plugin.hpp>

namespace logboom {

/// One `T` for each worker: what a plugin that is called on several workers keeps to itself (a parser, buffers, a
/// cache), without a lock. Each is made when the plugin is.
///
/// Threads: `at(n)` belongs to worker n.
template <class T>
class PerWorker {
 public:
  /// Default-constructed.
  explicit PerWorker(const BuildContext& context) : PerWorker(context, [] { return std::make_unique<T>(); }) {}
  /// `make()` returns a std::unique_ptr<T>.
  template <class Make>
  PerWorker(const BuildContext& context, Make&& make) {
    const unsigned workers = std::max(1U, context.system().workers);
    all_.reserve(workers);
    for (unsigned i = 0; i < workers; ++i) all_.push_back(make());
  }

  T& at(unsigned worker) noexcept { return *all_[worker]; }
  const T& at(unsigned worker) const noexcept { return *all_[worker]; }

 private:
  std::vector<std::unique_ptr<T>> all_;
};

}  // namespace logboom
