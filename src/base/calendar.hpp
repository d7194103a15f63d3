#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// The proleptic Gregorian calendar's arithmetic and its English names, for zones and formats.
namespace logboom::calendar {

inline constexpr std::int64_t day_seconds = 86'400;
inline constexpr std::array<std::string_view, 12> months{"January",   "February", "March",    "April",
                                                         "May",       "June",     "July",     "August",
                                                         "September", "October",  "November", "December"};
inline constexpr std::array<std::string_view, 7> weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                          "Thursday", "Friday", "Saturday"};
/// Keeps calendar arithmetic and glibc's int years in range: 1.4 × 10^8 years.
inline constexpr std::int64_t max_sec = std::int64_t{1} << 52;

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
constexpr std::int64_t floor_mod(std::int64_t a, std::int64_t b) { return a % b + (a % b < 0 ? b : 0); }
constexpr bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
/// Days from 1970-01-01 to the given day of the proleptic Gregorian calendar.
constexpr std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = floor_div(y, 400);
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t year_of_era = y - era * 400;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}
constexpr std::int64_t days_in_month(std::int64_t year, std::int64_t month) {
  return month == 2 ? (is_leap(year) ? 29 : 28) : 30 + (month + (month > 7 ? 1 : 0)) % 2;
}
constexpr std::int64_t year_of_days(std::int64_t days) {
  const std::int64_t estimate = 1970 + floor_div(days * 400, 146'097);
  if (days < days_from_civil(estimate, 1, 1)) return estimate - 1;
  return days < days_from_civil(estimate + 1, 1, 1) ? estimate : estimate + 1;
}

}  // namespace logboom::calendar
