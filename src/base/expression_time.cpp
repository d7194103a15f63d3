#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/expression_machine.hpp"

namespace logboom::expression {
namespace {

constexpr std::int64_t billion = 1'000'000'000;
/// Times that a double keeps to the second, and that calendar arithmetic can do with.
constexpr double most_seconds = 1e15;

/// Adds nanoseconds or seconds with a fraction; false where the time leaves what can be shown.
bool add(EventTime& time, double seconds) {
  if (!(std::abs(seconds) < most_seconds) || std::abs(static_cast<double>(time.sec)) >= most_seconds) return false;
  const double whole = std::floor(seconds);
  auto nsec = static_cast<std::int64_t>(std::llround((seconds - whole) * static_cast<double>(billion))) + time.nsec;
  time.sec += static_cast<std::int64_t>(whole) + nsec / billion;
  nsec %= billion;
  time.nsec = static_cast<std::uint32_t>(nsec);
  return true;
}

Val out_of_range(const Call& c) { return c.machine.fail("the time is out of range"); }

bool to_offset(std::string_view text, std::int32_t& offset) {
  if (text == "UTC" || text == "Z") return offset = zone_utc, true;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
  int hours = 0;
  int minutes = 0;
  const char* at = text.data();
  if (std::from_chars(at + 1, at + 3, hours).ptr != at + 3 || std::from_chars(at + 4, at + 6, minutes).ptr != at + 6)
    return false;
  if (hours > 23 || minutes > 59) return false;
  offset = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
  return true;
}

Val in_zone(const Call& c, std::int32_t zone) { return Val::of(c.self.time(), zone); }
Val utc(const Call& c) { return in_zone(c, zone_utc); }
Val localtime(const Call& c) {
  if (c.args.empty()) return in_zone(c, zone_local);
  std::int32_t zone = 0;
  if (c.args[0].kind == Kind::integer && std::abs(c.args[0].integer) < 86'400) {
    return in_zone(c, static_cast<std::int32_t>(c.args[0].integer));
  }
  if (c.args[0].kind == Kind::string && to_offset(c.args[0].text(), zone)) return in_zone(c, zone);
  return c.machine.fail("\"+HH:MM\", \"-HH:MM\" or \"UTC\" expected for utc_offset");
}
Val is_utc(const Call& c) { return Val::of(c.self.zone == zone_utc); }

Val formatted(const Call& c, std::string_view format) {
  try {
    return c.machine.text(c.machine.format_time(c.self, format));
  } catch (const std::invalid_argument& error) {
    return c.machine.fail(error.what());
  }
}
Val strftime(const Call& c) {
  if (c.args[0].kind != Kind::string) return c.machine.wrong_type("String", c.args[0]);
  // These two mean something else to TimeFormatter.
  const std::string_view format = c.args[0].text();
  if (format == "iso8601" || format == "%iso8601") return c.machine.text(format);
  return formatted(c, format);
}
Val iso8601(const Call& c) {
  const Val digits = c.arg(0, Val::of(std::int64_t{0}));
  if (digits.kind != Kind::integer || digits.integer < 0 || digits.integer > 100)
    return c.machine.wrong_type("Integer", digits);
  std::string format = "%Y-%m-%dT%H:%M:%S";
  if (digits.integer > 0) format += ".%" + std::to_string(digits.integer) + "N";
  format += c.self.zone == zone_utc ? "Z" : "%:z";
  return formatted(c, format);
}

/// A number that a conversion of strftime shows.
Val field(const Call& c, std::string_view format) {
  const std::string text = c.machine.format_time(c.self, format);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return Val::of(value);
}
Val year(const Call& c) { return field(c, "%-Y"); }
Val month(const Call& c) { return field(c, "%-m"); }
Val day(const Call& c) { return field(c, "%-d"); }
Val hour(const Call& c) { return field(c, "%-H"); }
Val minute(const Call& c) { return field(c, "%-M"); }
Val second(const Call& c) { return field(c, "%-S"); }
Val weekday(const Call& c) { return field(c, "%w"); }
Val year_day(const Call& c) { return field(c, "%-j"); }
Val nsec(const Call& c) { return Val::of(static_cast<std::int64_t>(c.self.size)); }
Val usec(const Call& c) { return Val::of(static_cast<std::int64_t>(c.self.size / 1000)); }
Val zone_name(const Call& c) { return c.self.zone == zone_utc ? c.machine.text("UTC") : formatted(c, "%Z"); }
Val utc_offset(const Call& c) {
  const std::string text = c.machine.format_time(c.self, "%::z");  // +HH:MM:SS
  std::int64_t parts[3] = {0, 0, 0};
  for (std::size_t i = 0; i < 3 && text.size() >= 3 * i + 3; ++i)
    std::from_chars(&text[3 * i + 1], &text[3 * i + 1] + 2, parts[i]);
  const std::int64_t offset = parts[0] * 3600 + parts[1] * 60 + parts[2];
  return Val::of(text.starts_with('-') ? -offset : offset);
}

Val to_i(const Call& c) { return Val::of(c.self.integer); }
Val to_f(const Call& c) {
  return Val::of(static_cast<double>(c.self.integer) + static_cast<double>(c.self.size) / static_cast<double>(billion));
}

Val to_time(const Call& c) {
  Val time = c.self;
  time.exclusive = false;
  return time;
}
Val to_datetime(const Call& c) {
  Val time = c.self;
  time.exclusive = true;
  if (time.zone == zone_utc) time.zone = 0;
  return time;
}

Val days(const Call& c) { return c.machine.fail("a DateTime counts in days; use to_time for seconds"); }
Val plus(const Call& c) {
  if (c.self.exclusive) return days(c);
  if (!c.args[0].is_number()) return c.machine.wrong_type("Integer", c.args[0]);
  EventTime time = c.self.time();
  return add(time, c.args[0].number()) ? Val::of(time, c.self.zone) : out_of_range(c);
}
Val minus(const Call& c) {
  if (c.self.exclusive) return days(c);
  const Val& other = c.args[0];
  if (other.kind == Kind::time) {
    return Val::of(static_cast<double>(c.self.integer) - static_cast<double>(other.integer) +
                   (static_cast<double>(c.self.size) - static_cast<double>(other.size)) / static_cast<double>(billion));
  }
  if (!other.is_number()) return c.machine.wrong_type("Integer", other);
  EventTime time = c.self.time();
  return add(time, -other.number()) ? Val::of(time, c.self.zone) : out_of_range(c);
}

constexpr std::uint32_t times = bit(Kind::time);

constexpr Entry entries[] = {
    {"utc", times, 0, 0, utc},
    {"getutc", times, 0, 0, utc},
    {"gmtime", times, 0, 0, utc},
    {"getgm", times, 0, 0, utc},
    {"localtime", times, 0, 1, localtime},
    {"getlocal", times, 0, 1, localtime},
    {"utc?", times, 0, 0, is_utc},
    {"gmt?", times, 0, 0, is_utc},
    {"strftime", times, 1, 1, strftime},
    {"iso8601", times, 0, 1, iso8601},
    {"xmlschema", times, 0, 1, iso8601},
    {"year", times, 0, 0, year},
    {"month", times, 0, 0, month},
    {"mon", times, 0, 0, month},
    {"day", times, 0, 0, day},
    {"mday", times, 0, 0, day},
    {"hour", times, 0, 0, hour},
    {"min", times, 0, 0, minute},
    {"sec", times, 0, 0, second},
    {"wday", times, 0, 0, weekday},
    {"yday", times, 0, 0, year_day},
    {"nsec", times, 0, 0, nsec},
    {"usec", times, 0, 0, usec},
    {"zone", times, 0, 0, zone_name},
    {"utc_offset", times, 0, 0, utc_offset},
    {"gmt_offset", times, 0, 0, utc_offset},
    {"to_i", times, 0, 0, to_i},
    {"to_f", times, 0, 0, to_f},
    {"to_r", times, 0, 0, to_f},
    {"to_time", times, 0, 0, to_time},
    {"to_datetime", times, 0, 0, to_datetime},
    {"+", times, 1, 1, plus},
    {"-", times, 1, 1, minus},
};

}  // namespace

std::span<const Entry> time_methods() { return entries; }

Val Machine::time_at(const Node& node) {
  Val args[3];
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    args[i] = eval(*node.children[i]);
    if (args[i].is_error()) return args[i];
  }
  EventTime time;
  if (args[0].kind == Kind::time) return Val::of(args[0].time(), zone_local);
  if (!args[0].is_number())
    return fail("can't convert " + std::string(args[0].is_nil() ? "nil" : class_name(args[0])) +
                " into an exact number");
  if (args[0].kind == Kind::integer ? std::abs(args[0].number()) >= most_seconds : !add(time, args[0].real)) {
    return fail("the time is out of range");
  }
  if (args[0].kind == Kind::integer) time.sec = args[0].integer;
  if (node.children.size() == 1) return Val::of(time, zone_local);
  double unit = 1e-6;
  if (args[2].kind == Kind::symbol) {
    const std::string_view name = args[2].text();
    if (name == "millisecond") unit = 1e-3;
    if (name == "nsec" || name == "nanosecond") unit = 1e-9;
  }
  if (!args[1].is_number() || !add(time, args[1].number() * unit))
    return fail("can't convert the second argument into an exact number");
  return Val::of(time, zone_local);
}

}  // namespace logboom::expression
