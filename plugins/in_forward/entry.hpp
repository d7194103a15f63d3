#pragma once

#include <cstdint>

#include <logboom/event.hpp>

namespace logboom::in_forward {

/// What an entry `[time, record]` turned out to be, once its bytes are known to be whole and well-formed msgpack.
enum class Shape : std::uint8_t {
  good,       // can be passed on as it is
  rewrite,    // right in meaning, but its time must be written anew
  bad_entry,  // not an array of two
  bad_time,
  bad_record,
};

struct EntryView {
  Shape shape = Shape::bad_entry;
  EventTime time;  // for `rewrite`: what to write; "now" where the sender left the time out
  bool now = false;
  const std::uint8_t* record = nullptr;
};

/// Forward protocol v1.5, "Entry": time is an integer, an EventTime, or an array of one of these and metadata.
/// Second 0 means that the sender knows no time.
EntryView view_entry(const std::uint8_t* begin, const std::uint8_t* end) noexcept;

/// The same for a time and a record that stand one after the other without an array around them.
EntryView view_time_and_record(const std::uint8_t* time, const std::uint8_t* end) noexcept;

}  // namespace logboom::in_forward
