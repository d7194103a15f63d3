#pragma once

#include <logboom/time.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace logboom {

// A time zone: UTC, the machine's local time, a fixed offset, or a zone of the system's tz database. Immutable and
// cheap to copy; may be shared by threads.
class TimeZone {
 public:
  struct Local {
    std::int32_t utc_offset = 0;  // seconds east of UTC
    std::string abbreviation;     // as %Z prints it; empty for a fixed offset, as in Ruby
  };

  static TimeZone utc();
  // What the environment's TZ or /etc/localtime says when this is called.
  static TimeZone local();
  static TimeZone fixed(std::chrono::seconds utc_offset);
  // `+09:00`, `+0900` or `+09` (also with `-`), `UTC`, `Z`, `local`, or the name of a zone such as `Asia/Tokyo`, read
  // from $TZDIR or else /usr/share/zoneinfo (TZif files, RFC 8536). Throws std::invalid_argument; the message tells an
  // unknown name from a missing database.
  static TimeZone named(std::string_view name);

  // Any time is allowed; beyond some 10^8 years from now the offset is that of the nearest such year.
  Local at(std::int64_t sec) const;
  bool is_utc() const;
  // True for copies of one object.
  bool is_same(const TimeZone& other) const { return data_ == other.data_; }

  struct Data;

 private:
  explicit TimeZone(std::shared_ptr<const Data> data);
  std::shared_ptr<const Data> data_;
};

// Formats times by a strftime format with Ruby's extensions:
//   %a %A %b %B %c %C %d %D %e %F %g %G %h %H %I %j %k %l %L %m %M %n %N %p %P %r %R %s %S %t %T %u %U %v %V %w %W %x
//   %X %y %Y %z %:z %::z %Z %+ %%, the flags `-` (don't pad), `0`, `_` (pad with zeros, spaces), `^` (upper case), `#`
//   (change case), and a width, which for %N and %L is the number of digits (%3N: milliseconds, cut and not rounded).
// An unknown conversion stands for itself. Names are English whatever the locale. The formats "", "iso8601" and
// "%iso8601" mean `2023-11-14T22:13:20+00:00`, with `Z` as the offset of the zone UTC.
//
// An object remembers the text of the last second it formatted, so that within a second only the digits after it are
// written: give each thread its own (a copy will do).
class TimeFormatter {
 public:
  // Throws std::invalid_argument for a width above 1024.
  static TimeFormatter compile(std::string_view format, TimeZone zone);
  TimeFormatter(const TimeFormatter& other);
  TimeFormatter(TimeFormatter&&) noexcept;
  TimeFormatter& operator=(TimeFormatter other) noexcept;
  ~TimeFormatter();

  // Appends the text of `t`. Takes any time; an `nsec` beyond 999'999'999 is taken as that.
  void append(std::string& out, EventTime t);
  std::string format(EventTime t);

 private:
  struct Impl;
  explicit TimeFormatter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The time part of out_file's names for a timekey: as fine as the slice.
std::string timekey_format(std::chrono::seconds timekey);

// Start of the slice of `timekey` seconds that holds `sec`, slices being aligned to the local midnight of `utc_offset`
// (seconds). A timekey of 0 or less gives `sec`.
std::int64_t timekey_floor(std::int64_t sec, std::int64_t timekey, std::int64_t utc_offset);

}  // namespace logboom
