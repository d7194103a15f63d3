#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <logboom/event.hpp>

namespace logboom {

class Dispatcher;

/// The way into the rules for events that no connection brings: those that an output sends on from its flush threads,
/// and logboom's own log. They are spread over the workers.
///
/// Threads: `emit` any; `open` and `workers_ended` on the main thread. Lifetime: outlives every output.
class WayBack {
 public:
  /// Before, what is emitted is dropped. The dispatchers live until `close`.
  void open(std::vector<Dispatcher*> dispatchers);
  /// From here on nobody else uses the dispatchers: what is emitted is carried on the caller's thread, one at a time.
  /// What finds no room waits for it until `deadline`.
  void workers_ended(std::chrono::steady_clock::time_point deadline);
  /// From here on what is emitted is dropped.
  void close();

  /// Into the rules of this label (empty: the top level), counted as made or not. False where nobody takes it any more;
  /// the receipts are then destroyed unconfirmed.
  bool emit(const std::string& label, Delivery delivery, bool made);

 private:
  std::mutex mutex_;
  std::vector<Dispatcher*> dispatchers_;
  std::optional<std::chrono::steady_clock::time_point> ended_until_;
  std::size_t next_ = 0;
};

}  // namespace logboom
