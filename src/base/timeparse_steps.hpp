#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <logboom/time.hpp>
#include <logboom/timefmt.hpp>

/// A time format as the list of steps that read it, and what they find.
namespace logboom::timeparse {

/// What a text says. Nothing is checked against the calendar yet.
struct Parts {
  static constexpr std::int64_t none = INT64_MIN;

  std::int64_t year = none, century = none, month = none, day = none, day_of_year = none;
  std::int64_t hour = none, hour12 = none, half = none;  // half: 0 in the morning, 1 after noon
  std::int64_t minute = none, second = none;
  std::int64_t epoch = none;   // seconds since 1970, which make all but the fraction superfluous
  std::int64_t offset = none;  // of the zone, seconds east of UTC
  std::uint32_t nsec = 0;
  std::size_t fraction_begin = 0, fraction_end = 0;  // its digits in the text; the same where there are none
};

struct Step {
  enum class Kind : std::uint8_t {
    literal,
    space,  // white space, or none
    year,
    year_of_century,
    century,
    month,
    day,
    day_of_year,
    hour,
    hour12,
    minute,
    second,
    fraction,
    point_and_fraction,  // `.` or `,` and digits, or nothing
    epoch,
    epoch_ms,
    month_name,
    weekday_name,
    weekday,
    half,
    zone,
    zone_if_any,
    date_separator,  // `T`, `t`, `_` or a blank
  };
  Kind kind;
  std::uint8_t width = 0;  // the most digits, 0: any number
  char letter = 0;
};

using Steps = std::vector<Step>;

/// Throws std::invalid_argument for a conversion that is unknown.
Steps compile_format(std::string_view format);
/// `%iso8601`, and the fixed part of RFC 3339.
Steps iso8601_steps();

/// A reader's place in a text. Each function moves `at` over what it read, or returns false.
struct Scanner {
  const char* at;
  const char* end;

  bool done() const noexcept { return at == end; }
  bool take(char c) noexcept {
    if (at == end || *at != c) return false;
    ++at;
    return true;
  }
  void skip_space() noexcept;
  /// 1 to `most` digits; 0: as many as there are, the value stopping at 18 of them.
  bool digits(unsigned most, std::int64_t& value) noexcept;
  /// A month's or weekday's name, whole or three letters of it: its number from 0 on.
  bool month_name(std::int64_t& index) noexcept;
  bool weekday_name(std::int64_t& index) noexcept;
  /// `offset` stays as it is where the zone's name is unknown.
  bool zone(std::int64_t& offset) noexcept;
  bool fraction(unsigned most, std::uint32_t& nsec) noexcept;
};

/// True where the whole text, white space at its end apart, was read.
bool run(const Steps& steps, std::string_view text, Parts& parts) noexcept;
/// Any of the usual notations.
bool guess(std::string_view text, Parts& parts) noexcept;

/// Local times of one zone to UTC; remembers where its offset does not change.
class LocalTimes {
 public:
  explicit LocalTimes(TimeZone zone) : zone_(std::move(zone)) {}
  std::int64_t to_utc(std::int64_t local);
  std::int64_t from_utc(std::int64_t sec) const { return sec + zone_.at(sec).utc_offset; }

 private:
  TimeZone zone_;
  std::int64_t from_ = 0, to_ = -1;  // local times for which offset_ holds
  std::int64_t offset_ = 0;
};

/// True where the time depends on the present.
bool needs_now(const Parts& parts) noexcept;
/// `now` in seconds since 1970; only looked at where needs_now. False where there is no such day or time.
bool resolve(const Parts& parts, LocalTimes& zone, std::int64_t now, EventTime& time);

}  // namespace logboom::timeparse
