#include <logboom/timefmt.hpp>

#include <time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "base/calendar.hpp"

namespace logboom {
namespace {

using namespace calendar;

// A character source for the small grammar of POSIX TZ strings.
struct Scanner {
  std::string_view rest;
  [[noreturn]] static void fail() { throw std::invalid_argument("damaged time zone rule"); }
  bool take(char c) {
    if (!rest.starts_with(c)) return false;
    rest.remove_prefix(1);
    return true;
  }
  int number() {
    int value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc() || value < 0 || value > 1000) fail();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return value;
  }
  int clock() {  // [+-]h[:m[:s]]
    const bool negative = take('-');
    if (!negative) take('+');
    int seconds = number() * 3600;
    if (take(':')) seconds += number() * 60;
    if (take(':')) seconds += number();
    return negative ? -seconds : seconds;
  }
  std::string name() {
    const bool quoted = take('<');
    const std::size_t end = quoted ? rest.find('>') : std::min(rest.find_first_of("0123456789+-,"), rest.size());
    if (end == std::string_view::npos || end == 0) fail();
    std::string out(rest.substr(0, end));
    rest.remove_prefix(quoted ? end + 1 : end);
    return out;
  }
};

// The day and time of one change in every year.
struct ChangeRule {
  char kind = 'M';  // 'M' month.week.weekday, 'J' day 1..365 without Feb 29, '0' day 0..365
  int month = 0, week = 0, day = 0;
  int time = 7200;

  static ChangeRule parse(Scanner& in) {
    ChangeRule rule;
    if (in.take('M')) {
      rule.month = in.number();
      if (!in.take('.')) Scanner::fail();
      rule.week = in.number();
      if (!in.take('.')) Scanner::fail();
      rule.day = in.number();
      if (rule.month < 1 || rule.month > 12 || rule.week < 1 || rule.week > 5 || rule.day > 6) Scanner::fail();
    } else {
      rule.kind = in.take('J') ? 'J' : '0';
      rule.day = in.number();
    }
    if (in.take('/')) rule.time = in.clock();
    return rule;
  }

  std::int64_t local_seconds(std::int64_t year) const {
    std::int64_t days = days_from_civil(year, 1, 1);
    if (kind == 'J') {
      days += day - 1 + (is_leap(year) && day >= 60 ? 1 : 0);
    } else if (kind == '0') {
      days += day;
    } else {
      const std::int64_t first = days_from_civil(year, month, 1);
      const std::int64_t next_month =
          month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1);
      days = first + floor_mod(day - (first + 4), 7) + 7 * (week - 1);
      if (days >= next_month) days -= 7;
    }
    return days * day_seconds + time;
  }
};

// A POSIX TZ string, which rules the times after a zone's last recorded change.
struct YearlyRule {
  TimeZone::Local standard;
  std::optional<TimeZone::Local> summer;
  ChangeRule start, end;

  static YearlyRule parse(std::string_view text) {
    Scanner in{text};
    YearlyRule rule;
    rule.standard.abbreviation = in.name();
    rule.standard.utc_offset = -in.clock();
    if (in.rest.empty()) return rule;
    rule.summer = TimeZone::Local{rule.standard.utc_offset + 3600, in.name()};
    if (!in.rest.starts_with(',')) rule.summer->utc_offset = -in.clock();
    if (!in.take(',')) Scanner::fail();
    rule.start = ChangeRule::parse(in);
    if (!in.take(',')) Scanner::fail();
    rule.end = ChangeRule::parse(in);
    return rule;
  }

  const TimeZone::Local& at(std::int64_t sec) const {
    if (!summer) return standard;
    const std::int64_t year = year_of_days(floor_div(sec + standard.utc_offset, day_seconds));
    const std::int64_t from = start.local_seconds(year) - standard.utc_offset;
    const std::int64_t to = end.local_seconds(year) - summer->utc_offset;
    const bool is_summer = from < to ? (sec >= from && sec < to) : (sec >= from || sec < to);
    return is_summer ? *summer : standard;
  }
};

// A zone of the tz database.
struct NamedZone {
  std::vector<std::int64_t> changes;
  std::vector<std::uint8_t> types;  // of the time from each change on
  std::vector<TimeZone::Local> locals;
  std::optional<YearlyRule> rule;

  const TimeZone::Local& at(std::int64_t sec) const {
    const auto next = std::upper_bound(changes.begin(), changes.end(), sec);
    if (next == changes.end() && rule) return rule->at(sec);
    return next == changes.begin() ? locals.front()
                                   : locals[types[static_cast<std::size_t>(next - changes.begin()) - 1]];
  }
};

// Reads TZif data of version 2 or later (RFC 8536).
class TzifReader {
 public:
  explicit TzifReader(std::string_view data) : data_(data) {}

  NamedZone read() {
    const Header old = header();
    take(old.changes * 5 + old.types * 6 + old.chars + old.leaps * 8 + old.standard + old.universal);
    const Header h = header();
    NamedZone zone;
    for (std::size_t i = 0; i < h.changes; ++i) zone.changes.push_back(static_cast<std::int64_t>(big_endian(8)));
    for (const char c : take(h.changes)) zone.types.push_back(static_cast<std::uint8_t>(c));
    const std::string_view locals = take(h.types * 6);
    const std::string_view names = take(h.chars);
    take(h.leaps * 12 + h.standard + h.universal);
    read_locals(locals, names, zone);
    const auto bad = [&](std::uint8_t type) { return type >= zone.locals.size(); };
    if (zone.locals.empty() || std::any_of(zone.types.begin(), zone.types.end(), bad) ||
        !std::is_sorted(zone.changes.begin(), zone.changes.end()))
      fail();
    const std::size_t end = data_.starts_with('\n') ? data_.find('\n', 1) : std::string_view::npos;
    if (end == std::string_view::npos) fail();
    if (end > 1) zone.rule = YearlyRule::parse(data_.substr(1, end - 1));
    return zone;
  }

 private:
  struct Header {
    std::size_t universal, standard, leaps, changes, types, chars;
  };

  [[noreturn]] static void fail() { throw std::invalid_argument("damaged time zone file"); }

  std::string_view take(std::size_t count) {
    if (count > data_.size()) fail();
    const std::string_view out = data_.substr(0, count);
    data_.remove_prefix(count);
    return out;
  }
  std::uint64_t big_endian(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : take(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  Header header() {
    if (take(4) != "TZif" || take(1) < "2") fail();
    take(15);
    Header h{};
    for (std::size_t* field : {&h.universal, &h.standard, &h.leaps, &h.changes, &h.types, &h.chars})
      *field = big_endian(4);
    return h;
  }
  static void read_locals(std::string_view locals, std::string_view names, NamedZone& zone) {
    for (; !locals.empty(); locals.remove_prefix(6)) {
      TzifReader entry(locals);
      const auto offset = static_cast<std::int32_t>(entry.big_endian(4));
      const auto name = static_cast<unsigned char>(locals[5]);
      if (name >= names.size() || offset < -200'000 || offset > 200'000) fail();
      zone.locals.push_back({offset, std::string(names.substr(name, names.find('\0', name) - name))});
    }
  }

  std::string_view data_;
};

NamedZone load_zone(std::string_view name) {
  const auto quoted = "'" + std::string(name) + "'";
  const char* configured = std::getenv("TZDIR");
  const std::filesystem::path directory =
      configured != nullptr && *configured != '\0' ? configured : "/usr/share/zoneinfo";
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    throw std::invalid_argument("time zone " + quoted + ": there is no time zone database in " + directory.string() +
                                " (package tzdata); offsets such as +09:00 work without one");
  }
  const bool climbs = name.starts_with('/') || name.find("..") != std::string_view::npos;
  const std::filesystem::path file = directory / name;
  if (name.empty() || climbs || !std::filesystem::is_regular_file(file, error)) {
    throw std::invalid_argument("unknown time zone " + quoted);
  }
  std::ifstream in(file, std::ios::binary);
  const std::string data{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  try {
    return TzifReader(data).read();
  } catch (const std::invalid_argument& e) {
    throw std::invalid_argument("time zone " + quoted + ": " + e.what());
  }
}

std::optional<int> numeric_offset(std::string_view text) {
  const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  const auto pair = [&](std::size_t i) { return (text[i] - '0') * 10 + (text[i + 1] - '0'); };
  if (text.empty() || (text[0] != '+' && text[0] != '-') || !digit(1) || !digit(2)) return std::nullopt;
  int seconds = pair(1) * 3600;
  if (text.size() != 3) {
    const std::size_t minutes = text.size() == 6 && text[3] == ':' ? 4 : 3;
    if (text.size() != minutes + 2 || !digit(minutes) || !digit(minutes + 1)) return std::nullopt;
    seconds += pair(minutes) * 60;
  }
  return text[0] == '-' ? -seconds : seconds;
}

TimeZone::Local machine_local(std::int64_t sec) {
  const time_t t = sec;
  tm fields{};
  if (localtime_r(&t, &fields) == nullptr) return {};
  return {static_cast<std::int32_t>(fields.tm_gmtoff), fields.tm_zone == nullptr ? "" : fields.tm_zone};
}

struct Utc {};
struct MachineLocal {};

}  // namespace

struct TimeZone::Data {
  std::variant<Utc, MachineLocal, TimeZone::Local, NamedZone> zone;
};

TimeZone::TimeZone(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

TimeZone TimeZone::utc() { return TimeZone(std::make_shared<const Data>(Data{Utc{}})); }

TimeZone TimeZone::local() {
  tzset();
  return TimeZone(std::make_shared<const Data>(Data{MachineLocal{}}));
}

TimeZone TimeZone::fixed(std::chrono::seconds utc_offset) {
  return TimeZone(std::make_shared<const Data>(Data{Local{static_cast<std::int32_t>(utc_offset.count()), ""}}));
}

TimeZone TimeZone::named(std::string_view name) {
  if (name == "UTC" || name == "Z") return utc();
  if (name == "local") return local();
  if (const auto offset = numeric_offset(name)) return fixed(std::chrono::seconds(*offset));
  return TimeZone(std::make_shared<const Data>(Data{load_zone(name)}));
}

TimeZone::Local TimeZone::at(std::int64_t sec) const {
  sec = std::clamp(sec, -max_sec, max_sec);
  if (const auto* zone = std::get_if<NamedZone>(&data_->zone)) return zone->at(sec);
  if (const auto* fixed_zone = std::get_if<Local>(&data_->zone)) return *fixed_zone;
  return is_utc() ? Local{0, "UTC"} : machine_local(sec);
}

bool TimeZone::is_utc() const { return std::holds_alternative<Utc>(data_->zone); }

}  // namespace logboom
