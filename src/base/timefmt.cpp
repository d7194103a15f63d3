#include <logboom/timefmt.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/calendar.hpp"

namespace logboom {
namespace {

using namespace calendar;

constexpr std::size_t max_width = 1024;

struct Conversion {
  std::string literal;  // stands before the conversion; all there is if type is 0
  char type = 0;
  char padding = 0;  // '-', '0', '_', or 0 for the conversion's own
  bool upper = false;
  bool swap_case = false;
  std::size_t colons = 0;
  std::size_t width = 0;
};

struct Composite {
  char type;
  std::string_view format;
};
constexpr Composite composites[] = {{'c', "%a %b %e %H:%M:%S %Y"},
                                    {'D', "%m/%d/%y"},
                                    {'x', "%m/%d/%y"},
                                    {'F', "%Y-%m-%d"},
                                    {'T', "%H:%M:%S"},
                                    {'X', "%H:%M:%S"},
                                    {'R', "%H:%M"},
                                    {'r', "%I:%M:%S %p"},
                                    {'v', "%e-%^b-%Y"},
                                    {'+', "%a %b %e %H:%M:%S %Z %Y"}};
constexpr std::string_view simple_types = "aAbBCdeGghHIjklLmMnNpPsStuUVwWyYzZ%";

const Composite* find_composite(char type) {
  const auto* found =
      std::find_if(std::begin(composites), std::end(composites), [&](const Composite& c) { return c.type == type; });
  return found == std::end(composites) ? nullptr : found;
}

// Reads what follows a '%'; returns its length, or 0 if it is no conversion.
std::size_t parse_conversion(std::string_view text, Conversion& out) {
  std::size_t i = 0;
  for (; i < text.size() && std::string_view("-0_^#").find(text[i]) != std::string_view::npos; ++i) {
    if (text[i] == '^') {
      out.upper = true;
    } else if (text[i] == '#') {
      out.swap_case = true;
    } else {
      out.padding = text[i];
    }
  }
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    out.width = out.width * 10 + static_cast<std::size_t>(text[i] - '0');
    if (out.width > max_width)
      throw std::invalid_argument("time format: a width above 1024 in '%" + std::string(text) + "'");
  }
  for (; i < text.size() && text[i] == ':' && out.colons < 2; ++i) ++out.colons;
  const bool known =
      i < text.size() && (simple_types.find(text[i]) != std::string_view::npos || find_composite(text[i]));
  if (!known || (out.colons > 0 && text[i] != 'z')) return 0;
  out.type = text[i];
  return i + 1;
}

std::vector<Conversion> parse_format(std::string_view format) {
  std::vector<Conversion> out;
  Conversion current;
  for (std::size_t i = 0; i < format.size();) {
    Conversion parsed;
    const std::size_t length = format[i] == '%' ? parse_conversion(format.substr(i + 1), parsed) : 0;
    if (length == 0) {
      current.literal += format[i++];
      continue;
    }
    parsed.literal = std::move(current.literal);
    current = {};
    out.push_back(std::move(parsed));
    i += length + 1;
  }
  if (!current.literal.empty()) out.push_back(std::move(current));
  return out;
}

// The calendar's view of one second in a zone.
struct Fields {
  Fields(std::int64_t s, const TimeZone& zone) : sec(s), local(zone.at(s)) {
    const std::int64_t shifted = std::clamp(s, -max_sec, max_sec) + local.utc_offset;
    const std::int64_t days = floor_div(shifted, day_seconds);
    const std::int64_t second_of_day = floor_mod(shifted, day_seconds);
    hour = second_of_day / 3600;
    minute = second_of_day / 60 % 60;
    second = second_of_day % 60;
    weekday = floor_mod(days + 4, 7);
    year = year_of_days(days);
    day_of_year = days - days_from_civil(year, 1, 1);
    while (month < 12 && days >= days_from_civil(year, month + 1, 1)) ++month;
    day = days - days_from_civil(year, month, 1) + 1;
    set_iso_week();
  }

  void set_iso_week() {
    const auto weeks = [](std::int64_t y) {
      const std::int64_t first = floor_mod(days_from_civil(y, 1, 1) + 4, 7);
      return first == 4 || (first == 3 && is_leap(y)) ? 53 : 52;
    };
    iso_year = year;
    iso_week = (day_of_year - floor_mod(weekday - 1, 7) + 10) / 7;
    if (iso_week < 1) {
      iso_week = weeks(--iso_year);
    } else if (iso_week > weeks(year)) {
      iso_week = 1;
      ++iso_year;
    }
  }

  std::int64_t sec;
  TimeZone::Local local;
  std::int64_t year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, weekday = 0, day_of_year = 0;
  std::int64_t iso_year = 0, iso_week = 0;
};

void pad_number(std::string& out, std::int64_t value, std::size_t width, char pad, const Conversion& c) {
  if (c.padding == '0') pad = '0';
  if (c.padding == '_') pad = ' ';
  width = c.padding == '-' ? 0 : std::max(width, c.width);
  std::string digits = std::to_string(value);
  const bool negative = digits[0] == '-';
  const std::size_t missing = width > digits.size() ? width - digits.size() : 0;
  digits.insert(negative && pad == '0' ? 1 : 0, missing, pad);
  out += digits;
}

void pad_text(std::string& out, std::string text, const Conversion& c) {
  const bool to_lower = c.swap_case && (c.type == 'p' || c.type == 'Z');
  const bool to_upper = c.upper || c.type == 'p' || c.swap_case;
  for (char& ch : text) {
    if (to_lower && ch >= 'A' && ch <= 'Z') ch = static_cast<char>(ch + 32);
    if (!to_lower && to_upper && ch >= 'a' && ch <= 'z') ch = static_cast<char>(ch - 32);
  }
  if (c.padding != '-' && text.size() < c.width) out.append(c.width - text.size(), c.padding == '0' ? '0' : ' ');
  out += text;
}

void append_offset(std::string& out, std::int64_t offset, const Conversion& c) {
  const std::int64_t distance = offset < 0 ? -offset : offset;
  const auto two = [](std::int64_t n) {
    return std::string{static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)};
  };
  const std::string colon(c.colons > 0 ? ":" : "");
  std::string digits = two(distance / 3600 % 100) + colon + two(distance / 60 % 60);
  if (c.colons == 2) digits += colon + two(distance % 60);
  if (c.width > digits.size() + 1) digits.insert(0, c.width - digits.size() - 1, '0');
  out += (offset < 0 ? '-' : '+') + digits;
}

void append_year(std::string& out, std::int64_t year, const Conversion& c) {
  pad_number(out, year, year < 0 ? 5 : 4, '0', c);
}

bool append_date(std::string& out, const Fields& f, const Conversion& c) {
  switch (c.type) {
    case 'C': pad_number(out, floor_div(f.year, 100), 2, '0', c); return true;
    case 'd': pad_number(out, f.day, 2, '0', c); return true;
    case 'e': pad_number(out, f.day, 2, ' ', c); return true;
    case 'G': append_year(out, f.iso_year, c); return true;
    case 'g': pad_number(out, floor_mod(f.iso_year, 100), 2, '0', c); return true;
    case 'j': pad_number(out, f.day_of_year + 1, 3, '0', c); return true;
    case 'm': pad_number(out, f.month, 2, '0', c); return true;
    case 'u': pad_number(out, f.weekday == 0 ? 7 : f.weekday, 1, '0', c); return true;
    case 'U': pad_number(out, (f.day_of_year + 7 - f.weekday) / 7, 2, '0', c); return true;
    case 'V': pad_number(out, f.iso_week, 2, '0', c); return true;
    case 'w': pad_number(out, f.weekday, 1, '0', c); return true;
    case 'W': pad_number(out, (f.day_of_year + 7 - floor_mod(f.weekday - 1, 7)) / 7, 2, '0', c); return true;
    case 'y': pad_number(out, floor_mod(f.year, 100), 2, '0', c); return true;
    case 'Y': append_year(out, f.year, c); return true;
    default: return false;
  }
}

bool append_clock(std::string& out, const Fields& f, const Conversion& c) {
  const std::int64_t twelve = f.hour % 12 == 0 ? 12 : f.hour % 12;
  switch (c.type) {
    case 'H': pad_number(out, f.hour, 2, '0', c); return true;
    case 'I': pad_number(out, twelve, 2, '0', c); return true;
    case 'k': pad_number(out, f.hour, 2, ' ', c); return true;
    case 'l': pad_number(out, twelve, 2, ' ', c); return true;
    case 'M': pad_number(out, f.minute, 2, '0', c); return true;
    case 's': pad_number(out, f.sec, 1, '0', c); return true;
    case 'S': pad_number(out, f.second, 2, '0', c); return true;
    case 'z': append_offset(out, f.local.utc_offset, c); return true;
    default: return false;
  }
}

void append_name(std::string& out, const Fields& f, const Conversion& c) {
  const std::string_view month = months[static_cast<std::size_t>(f.month - 1)];
  const std::string_view weekday = weekdays[static_cast<std::size_t>(f.weekday)];
  switch (c.type) {
    case 'a': return pad_text(out, std::string(weekday.substr(0, 3)), c);
    case 'A': return pad_text(out, std::string(weekday), c);
    case 'b':
    case 'h': return pad_text(out, std::string(month.substr(0, 3)), c);
    case 'B': return pad_text(out, std::string(month), c);
    case 'p':
    case 'P': return pad_text(out, f.hour < 12 ? "am" : "pm", c);
    case 'Z': return pad_text(out, f.local.abbreviation, c);
    case 'n': return pad_text(out, "\n", c);
    case 't': return pad_text(out, "\t", c);
    default: return pad_text(out, "%", c);
  }
}

}  // namespace

struct TimeFormatter::Impl {
  // Digits of the fraction of a second, overwritten in the remembered text for each event.
  struct Fraction {
    std::size_t offset;
    std::size_t count;
  };

  std::vector<Conversion> conversions;
  TimeZone zone;
  std::optional<std::int64_t> sec;  // that `text` is of
  std::string text{};
  std::vector<Fraction> fractions{};

  void render(std::int64_t s) {
    sec.reset();
    text.clear();
    fractions.clear();
    append_all(Fields(s, zone), conversions);
    sec = s;
  }

  void append_all(const Fields& fields, const std::vector<Conversion>& list) {
    for (const Conversion& c : list) {
      text += c.literal;
      if (c.type != 0) append_one(fields, c);
    }
  }

  void append_one(const Fields& fields, const Conversion& c) {
    if (c.type == 'N' || c.type == 'L') {
      const std::size_t count = c.width > 0 ? c.width : (c.type == 'N' ? 9U : 3U);
      fractions.push_back({text.size(), count});
      text.append(count, '0');
    } else if (const Composite* composite = find_composite(c.type)) {
      Impl part{parse_format(composite->format), zone, std::nullopt};
      part.append_all(fields, part.conversions);
      pad_text(text, part.text, c);
    } else if (!append_date(text, fields, c) && !append_clock(text, fields, c)) {
      append_name(text, fields, c);
    }
  }
};

TimeFormatter::TimeFormatter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TimeFormatter::TimeFormatter(const TimeFormatter& other) : impl_(std::make_unique<Impl>(*other.impl_)) {}
TimeFormatter::TimeFormatter(TimeFormatter&&) noexcept = default;
TimeFormatter::~TimeFormatter() = default;
TimeFormatter& TimeFormatter::operator=(TimeFormatter other) noexcept {
  impl_.swap(other.impl_);
  return *this;
}

TimeFormatter TimeFormatter::compile(std::string_view format, TimeZone zone) {
  if (format.empty() || format == "iso8601" || format == "%iso8601") {
    format = zone.is_utc() ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%dT%H:%M:%S%:z";
  }
  return TimeFormatter(std::make_unique<Impl>(Impl{parse_format(format), std::move(zone), std::nullopt}));
}

void TimeFormatter::append(std::string& out, EventTime t) {
  if (impl_->sec != t.sec) impl_->render(t.sec);
  const std::size_t start = out.size();
  out += impl_->text;
  if (impl_->fractions.empty()) return;
  std::array<char, 9> digits{};
  std::uint32_t rest = std::min(t.nsec, 999'999'999U);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, rest /= 10)
    *digit = static_cast<char>('0' + rest % 10);
  for (const Impl::Fraction& f : impl_->fractions) {
    out.replace(start + f.offset, std::min(f.count, digits.size()), digits.data(), std::min(f.count, digits.size()));
  }
}

std::string TimeFormatter::format(EventTime t) {
  std::string out;
  append(out, t);
  return out;
}

std::string timekey_format(std::chrono::seconds timekey) {
  if (timekey < std::chrono::minutes(1)) return "%Y%m%d%H%M%S";
  if (timekey < std::chrono::hours(1)) return "%Y%m%d%H%M";
  return timekey < std::chrono::hours(24) ? "%Y%m%d%H" : "%Y%m%d";
}

std::int64_t timekey_floor(std::int64_t sec, std::int64_t timekey, std::int64_t utc_offset) {
  if (timekey <= 0) return sec;
  // The two remainders are taken apart so that no sum overflows.
  const std::int64_t into = (floor_mod(sec, timekey) + floor_mod(utc_offset, timekey)) % timekey;
  return sec < std::numeric_limits<std::int64_t>::min() + into ? sec : sec - into;
}

}  // namespace logboom
