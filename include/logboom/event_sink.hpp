#pragma once

#include <string_view>

#include <logboom/event.hpp>

namespace logboom {

/// What filters and emitting outputs have in common: where they put what they decide, event by event, in order. Each
/// event of a batch is decided on once; one that is passed over counts as dropped.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// Which worker this is, from 0 on: see PerWorker.
  virtual unsigned worker() const noexcept = 0;
  /// The event is not wanted: counted as filtered.
  virtual void drop(const Event& event) = 0;
  /// The event could not be dealt with: it goes to `@ERROR` with the reason.
  virtual void fail(const Event& event, std::string_view reason) = 0;
  /// For a plugin with a Holder. The event is in the plugin's memory now, and counts as held.
  virtual void hold(const Event& event) = 0;
};

}  // namespace logboom
