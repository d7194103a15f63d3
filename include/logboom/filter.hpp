#pragma once

#include <string_view>

#include <logboom/event_sink.hpp>
#include <logboom/holder.hpp>
#include <logboom/plugin.hpp>

namespace logboom {

/// Where a filter puts what it decides: each event of the batch is kept, replaced, dropped, failed or held.
class FilterSink : public EventSink {
 public:
  /// The event stays as it is; its bytes are not copied.
  virtual void keep(const Event& event) = 0;
  /// The event goes on with this record (one msgpack map), which is copied once into the worker's memory.
  virtual void replace(const Event& event, const EventTime& time, std::string_view record) = 0;
  /// One more event, beside those of the batch, at this place in the order: counted as made.
  virtual void add(const EventTime& time, std::string_view record) = 0;
  /// For a filter with a Holder: an event that `held` events, all of this batch's tag, have become goes on at this
  /// place in the order.
  virtual void release(const EventTime& time, std::string_view record, std::uint64_t held) = 0;
};

/// Looks at events and keeps, changes or drops them.
///
/// Threads: `apply` may run on several workers at once; what an instance keeps is its own to protect, or one for each
/// worker (PerWorker).
class Filter : public Plugin {
 public:
  virtual void apply(const EventBatch& batch, FilterSink& sink) = 0;
  /// Not null where the filter holds events back. Lives as long as the filter.
  virtual Holder* holder() noexcept { return nullptr; }
};

}  // namespace logboom
