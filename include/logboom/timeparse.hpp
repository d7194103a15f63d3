#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/msgpack.hpp>
#include <logboom/time.hpp>
#include <logboom/timefmt.hpp>

namespace logboom {

/// Reads times from text, as Ruby's Time.strptime and Time.parse do for Fluentd.
///
/// A format has Ruby's conversions:
///   %a %A %b %B %c %C %d %D %e %F %h %H %I %j %k %l %L %m %M %n %N %p %P %Q %r %R %s %S %t %T %u %v %w %x %X %y %Y %z
///   %Z %+ %%
/// Names are English, their case does not count; the full name is taken where it stands, else three letters. A number
/// may have fewer digits than its field is wide, and a blank in place of a day's or an hour's leading zero. White space
/// in a format stands for any amount of it, none included. %N and %L take all digits (%3N at most three); those beyond
/// nanoseconds don't count. %z and %Z take `+0900`, `+09:00`, `+09`, `Z`, `UTC`, `GMT+9` and the abbreviations that
/// Ruby knows; another word is a zone of which nothing is known, so that the time is read as one of the parser's zone.
/// Flags and widths of strftime are allowed and have no meaning, but for that of %N and %L.
///
/// What a text does not say is taken from the present, so that the time is the latest possible: without a year, the
/// last one in which it is not more than a day ahead of now; without a date, the last day on which it is not more than
/// twelve hours ahead. A local time that a change of the clocks repeats is the first of the two; one that it skips is
/// as much later as was skipped.
///
/// An object remembers the last text, so that while only the fraction of the second changes, only that is read: give
/// each thread its own (a copy will do). Nothing is allocated after `compile`.
class TimeParser {
 public:
  /// Now, in seconds since 1970.
  using Clock = std::int64_t (*)();
  static std::int64_t system_clock() noexcept;

  /// Besides a format:
  /// - "": any of the usual notations, dates and times in any order, as Ruby's Time.parse takes them
  /// - "iso8601", "%iso8601": ISO 8601 as RFC 3339 has it, with any number of decimals, the zone optional
  /// - "unixtime", "float": seconds since 1970, the fraction being cut off or not; a text that is no number is read as
  ///   with ""
  /// `zone` is that of times whose text says none. Throws std::invalid_argument for an unknown conversion.
  static TimeParser compile(std::string_view format, const TimeZone& zone, Clock clock = system_clock);
  /// Tries each in turn. At least one.
  static TimeParser any_of(std::vector<TimeParser> parsers);

  TimeParser(const TimeParser& other);
  TimeParser(TimeParser&&) noexcept;
  TimeParser& operator=(TimeParser other) noexcept;
  ~TimeParser();

  /// False where the text is not wholly of the format (white space around it apart), or no day or time that exists;
  /// `time` is then undefined.
  bool parse(std::string_view text, EventTime& time);
  /// The same for a value of a record: text, a number (seconds since 1970), or an EventTime. False for any other.
  bool parse(const msgpack::Value& value, EventTime& time);

  /// What a text has to be, for messages: "of the format %H:%M".
  const std::string& expected() const noexcept;

 private:
  struct Impl;
  explicit TimeParser(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Reads a date and time of RFC 3339 (https://www.rfc-editor.org/rfc/rfc3339): any number of decimals, `Z` or an
/// offset. False for any other text.
bool parse_rfc3339(std::string_view text, EventTime& time) noexcept;

}  // namespace logboom
