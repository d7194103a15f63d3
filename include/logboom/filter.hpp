#pragma once

#include <string_view>

#include <logboom/event.hpp>
#include <logboom/plugin.hpp>

namespace logboom {

/// Where a filter puts what it decides, event by event, in order. What it does not mention is kept out silently by
/// nobody: each event of the batch is either kept, replaced, dropped or failed.
class FilterSink {
 public:
  virtual ~FilterSink() = default;
  /// The event stays as it is; its bytes are not copied.
  virtual void keep(const Event& event) = 0;
  /// The event goes on with this record (one msgpack map), which is copied once into the worker's memory.
  virtual void replace(const Event& event, const EventTime& time, std::string_view record) = 0;
  /// The event is not wanted: counted as filtered.
  virtual void drop(const Event& event) = 0;
  /// The event could not be dealt with: it goes to `@ERROR` with the reason.
  virtual void fail(const Event& event, std::string_view reason) = 0;
};

/// Looks at events and keeps, changes or drops them.
///
/// Threads: `apply` may run on several workers at once; state that an instance keeps is its own to protect.
class Filter : public Plugin {
 public:
  virtual void apply(const EventBatch& batch, FilterSink& sink) = 0;
};

}  // namespace logboom
