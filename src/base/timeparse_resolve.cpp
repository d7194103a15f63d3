#include "base/calendar.hpp"
#include "base/timeparse_steps.hpp"

namespace logboom::timeparse {
namespace {

using namespace calendar;

/// How far ahead of now a time may be whose date or year is not said.
constexpr std::int64_t ahead_without_year = day_seconds;
constexpr std::int64_t ahead_without_date = day_seconds / 2;

bool said(std::int64_t field) noexcept { return field != Parts::none; }
bool within(std::int64_t value, std::int64_t low, std::int64_t high) noexcept { return value >= low && value <= high; }

/// Seconds since midnight.
bool clock_of(const Parts& parts, std::int64_t& seconds) noexcept {
  std::int64_t hour = said(parts.hour) ? parts.hour : 0;
  if (said(parts.hour12)) {
    if (!within(parts.hour12, 1, 12)) return false;
    hour = parts.hour12 % 12 + (parts.half == 1 ? 12 : 0);
  }
  const std::int64_t minute = said(parts.minute) ? parts.minute : 0;
  const std::int64_t second = said(parts.second) ? parts.second : 0;
  seconds = hour * 3600 + minute * 60 + second;
  if (hour == 24) return minute == 0 && second == 0;
  return hour < 24 && minute < 60 && second <= 60;
}

bool days_of(const Parts& parts, std::int64_t year, std::int64_t month, std::int64_t& days) noexcept {
  if (said(parts.day_of_year)) {
    days = days_from_civil(year, 1, 1) + parts.day_of_year - 1;
    return within(parts.day_of_year, 1, is_leap(year) ? 366 : 365);
  }
  if (said(parts.month)) month = parts.month;
  const std::int64_t day = said(parts.day) ? parts.day : 1;
  if (!within(month, 1, 12) || !within(day, 1, days_in_month(year, month))) return false;
  days = days_from_civil(year, month, day);
  return true;
}

std::int64_t month_of(std::int64_t days, std::int64_t year) noexcept {
  std::int64_t month = 1;
  while (month < 12 && days >= days_from_civil(year, month + 1, 1)) ++month;
  return month;
}

std::int64_t year_said(const Parts& parts) noexcept {
  if (!said(parts.century)) return parts.year;
  return parts.century * 100 + (said(parts.year) ? floor_mod(parts.year, 100) : 0);
}

class Resolver {
 public:
  Resolver(const Parts& parts, LocalTimes& zone, std::int64_t now) : parts_(parts), zone_(zone), now_(now) {}

  bool run(std::int64_t& sec) {
    if (!clock_of(parts_, clock_)) return false;
    if (const std::int64_t year = year_said(parts_); said(year)) {
      std::int64_t days = 0;
      if (!days_of(parts_, year, 1, days)) return false;
      sec = to_utc(days);
      return true;
    }
    const std::int64_t today =
        floor_div(said(parts_.offset) ? now_ + parts_.offset : zone_.from_utc(now_), day_seconds);
    if (said(parts_.month) || said(parts_.day) || said(parts_.day_of_year)) return latest_year(today, sec);
    for (std::int64_t days = today + 1; days >= today - 1; --days) {
      sec = to_utc(days);
      if (sec <= now_ + ahead_without_date) return true;
    }
    return true;
  }

 private:
  bool latest_year(std::int64_t today, std::int64_t& sec) {
    const std::int64_t year = year_of_days(today);
    const std::int64_t month = month_of(today, year);
    constexpr std::int64_t leap_years_apart = 8;
    for (std::int64_t y = year + 1; y >= year - leap_years_apart; --y) {
      std::int64_t days = 0;
      if (!days_of(parts_, y, month, days)) continue;
      sec = to_utc(days);
      if (sec <= now_ + ahead_without_year) return true;
    }
    return false;
  }

  std::int64_t to_utc(std::int64_t days) {
    const std::int64_t local = days * day_seconds + clock_;
    return said(parts_.offset) ? local - parts_.offset : zone_.to_utc(local);
  }

  const Parts& parts_;
  LocalTimes& zone_;
  std::int64_t now_;
  std::int64_t clock_ = 0;
};

}  // namespace

std::int64_t LocalTimes::to_utc(std::int64_t local) {
  if (local >= from_ && local <= to_) return local - offset_;
  const std::int64_t before = zone_.at(local - day_seconds).utc_offset;
  const std::int64_t after = zone_.at(local + day_seconds).utc_offset;
  if (before == after) {
    // No zone is as far from UTC as what is left of a day on either side.
    constexpr std::int64_t safe = 8 * 3600;
    from_ = local - safe;
    to_ = local + safe;
    offset_ = before;
    return local - before;
  }
  const std::int64_t first = local - before;
  if (zone_.at(first).utc_offset == before) return first;
  const std::int64_t second = local - after;
  return zone_.at(second).utc_offset == after ? second : first;
}

bool needs_now(const Parts& parts) noexcept { return !said(parts.epoch) && !said(year_said(parts)); }

bool resolve(const Parts& parts, LocalTimes& zone, std::int64_t now, EventTime& time) {
  time.nsec = parts.nsec;
  if (said(parts.epoch)) {
    time.sec = parts.epoch;
    return true;
  }
  return Resolver(parts, zone, now).run(time.sec);
}

}  // namespace logboom::timeparse
