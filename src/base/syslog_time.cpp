#include "base/syslog_time.hpp"

#include <algorithm>
#include <array>

namespace logboom::syslog_text {
namespace {

constexpr std::size_t npos = std::string_view::npos;

/// The length of `22:13:20`, with its fraction, from `from` on; 0 where there is none.
std::size_t clock_length(std::string_view text, std::size_t from) noexcept {
  const std::size_t hour = digits(text, from);
  if (hour == 0 || hour > 2) return 0;
  std::size_t i = from + hour;
  for (int part = 0; part < 2; ++part) {
    if (at(text, i) != ':' || digits(text, i + 1) != 2) return 0;
    i += 3;
  }
  if ((at(text, i) == '.' || at(text, i) == ',') && is_digit(at(text, i + 1))) i += 1 + digits(text, i + 1);
  return i - from;
}

bool is_month(std::string_view text) noexcept {
  static constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() < 4 || text[3] != ' ') return false;
  const std::size_t found = names.find(text.substr(0, 3));
  return found != npos && found % 3 == 0;
}

/// Zones that a host is hardly named after.
bool is_zone(std::string_view word) noexcept {
  static constexpr std::array<std::string_view, 36> names{
      "UTC",  "GMT", "CET", "CEST", "MET", "MEST", "EET",  "EEST", "WET",  "BST",  "IST",  "MSK",
      "EST",  "EDT", "CST", "CDT",  "MST", "MDT",  "PST",  "PDT",  "AKST", "AKDT", "HST",  "BRT",
      "SAST", "JST", "KST", "SGT",  "HKT", "AEST", "AEDT", "ACST", "ACDT", "AWST", "NZST", "NZDT"};
  return std::find(names.begin(), names.end(), word) != names.end();
}

/// `+0100`, `-05:00`, behind which a blank or a colon stands.
std::size_t offset_length(std::string_view text, std::size_t from) noexcept {
  if (at(text, from) != '+' && at(text, from) != '-') return 0;
  const std::size_t hours = digits(text, from + 1);
  std::size_t i = from + 1 + hours;
  if (hours == 2 && at(text, i) == ':' && digits(text, i + 1) == 2) i += 3;
  const bool fits = hours == 4 || (hours == 2 && i == from + 6);
  return fits && (at(text, i) == ' ' || at(text, i) == ':') ? i - from : 0;
}

/// A zone behind the time: an offset, a usual name, or that of a network device, of which a colon must follow, " UTC:",
/// or date's year, " UTC 2026".
std::size_t zone_length(std::string_view text, std::size_t from) noexcept {
  if (at(text, from) != ' ') return offset_length(text, from);
  std::size_t i = from + 1;
  while (is_upper(at(text, i))) ++i;
  const std::size_t letters = i - from - 1;
  if (letters == 0) {
    const std::size_t offset = offset_length(text, i);
    return offset == 0 ? 0 : offset + 1;
  }
  if (letters < 3 || letters > 5) return 0;
  if (at(text, i) == ' ' && digits(text, i + 1) == 4 && at(text, i + 5) == ' ') return i + 5 - from;
  if (at(text, i) == ' ') return is_zone(text.substr(from + 1, letters)) ? i - from : 0;
  return at(text, i) == ':' ? i - from : 0;
}

/// A date of month and day, then a time: `Nov  5 22:13:20`, with a year before or behind the time.
std::size_t classic_length(std::string_view text, SyslogMessage::Time& form) noexcept {
  if (!is_month(text)) return 0;
  std::size_t i = 4;
  while (at(text, i) == ' ') ++i;
  const std::size_t day = digits(text, i);
  if (day == 0 || day > 2 || at(text, i + day) != ' ') return 0;
  i += day + 1;
  form = SyslogMessage::Time::classic;
  if (digits(text, i) == 4 && at(text, i + 4) == ' ') {
    form = SyslogMessage::Time::with_year;
    i += 5;
  }
  const std::size_t clock = clock_length(text, i);
  if (clock == 0) return 0;
  i += clock;
  if (clock > 8) form = SyslogMessage::Time::other;
  if (at(text, i) == ' ' && at(text, i + 1) == '2' && digits(text, i + 1) == 4) {
    const char next = at(text, i + 5);
    if (next == ' ' || (next == ':' && (at(text, i + 6) == ' ' || i + 6 == text.size()))) {
      form = SyslogMessage::Time::other;
      i += 5;
    }
  }
  if (const std::size_t zone = zone_length(text, i); zone != 0) {
    form = SyslogMessage::Time::other;
    i += zone;
  }
  return i;
}

}  // namespace

std::size_t year_first_length(std::string_view text, SyslogMessage::Time& form) noexcept {
  if (digits(text) != 4) return 0;
  if (at(text, 4) == ' ') {
    const std::size_t rest = classic_length(text.substr(5), form);
    form = SyslogMessage::Time::other;
    return rest == 0 ? 0 : rest + 5;
  }
  if (at(text, 4) != '-' || digits(text, 5) != 2 || at(text, 7) != '-' || digits(text, 8) != 2) return 0;
  const char between = at(text, 10);
  if (between != 'T' && between != ' ') return 0;
  const std::size_t clock = clock_length(text, 11);
  if (clock == 0) return 0;
  form = between == 'T' ? SyslogMessage::Time::iso8601 : SyslogMessage::Time::other;
  std::size_t i = 11 + clock;
  if (at(text, i) == 'Z') return i + 1;
  if (at(text, i) != '+' && at(text, i) != '-') return i;
  const std::size_t hours = digits(text, i + 1);
  i += 1 + hours;
  if (at(text, i) == ':' && digits(text, i + 1) == 2) i += 3;
  return i;
}

std::size_t time_length(std::string_view text, SyslogMessage::Time& form) noexcept {
  if (text.empty()) return 0;
  const std::size_t size = is_digit(text[0]) ? year_first_length(text, form) : classic_length(text, form);
  return size == 0 || size == text.size() || is_blank(text[size]) || text[size] == ':' ? size : 0;
}

}  // namespace logboom::syslog_text
