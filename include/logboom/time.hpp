#pragma once

#include <compare>
#include <cstdint>

namespace logboom {

// A point in time: seconds since 1970-01-01T00:00:00Z (may be negative) and nanoseconds after that second. Senders may
// put any 32-bit number into `nsec`; it is 0..999'999'999 in a well-formed time.
struct EventTime {
  std::int64_t sec = 0;
  std::uint32_t nsec = 0;

  friend constexpr auto operator<=>(const EventTime&, const EventTime&) = default;
};

}  // namespace logboom
