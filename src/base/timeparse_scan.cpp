#include <algorithm>
#include <array>
#include <iterator>

#include <logboom/ascii.hpp>

#include "base/calendar.hpp"
#include "base/timeparse_steps.hpp"

namespace logboom::timeparse {
namespace {

bool digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }
char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_word_letter(char c) noexcept { return lower(c) >= 'a' && lower(c) <= 'z'; }

bool same(std::string_view text, std::string_view name) noexcept {
  return text.size() == name.size() &&
         std::equal(text.begin(), text.end(), name.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

template <std::size_t count>
bool name_of(Scanner& in, const std::array<std::string_view, count>& names, std::int64_t& index) noexcept {
  const std::string_view rest(in.at, static_cast<std::size_t>(in.end - in.at));
  if (rest.size() < 3) return false;
  const char first = lower(rest[0]), second = lower(rest[1]), third = lower(rest[2]);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = names[i];
    if (lower(name[0]) != first || name[1] != second || name[2] != third) continue;
    const bool whole = rest.size() >= name.size() && same(rest.substr(3, name.size() - 3), name.substr(3));
    in.at += whole ? name.size() : 3;
    index = static_cast<std::int64_t>(i);
    return true;
  }
  return false;
}

/// The names of zones that Ruby's Date knows and that mean one offset, in minutes east of UTC.
struct ZoneName {
  std::string_view name;
  std::int16_t minutes;
};
constexpr ZoneName zone_names[] = {
    {"utc", 0},     {"gmt", 0},     {"ut", 0},      {"z", 0},      {"est", -300},  {"edt", -240},  {"cst", -360},
    {"cdt", -300},  {"mst", -420},  {"mdt", -360},  {"pst", -480}, {"pdt", -420},  {"cet", 60},    {"cest", 120},
    {"met", 60},    {"mest", 120},  {"mez", 60},    {"mesz", 120}, {"bst", 60},    {"wet", 0},     {"west", 60},
    {"wat", 60},    {"eet", 120},   {"eest", 180},  {"sast", 120}, {"msk", 180},   {"msd", 240},   {"eat", 180},
    {"bt", 180},    {"ist", 330},   {"sgt", 480},   {"wadt", 480}, {"jst", 540},   {"kst", 540},   {"east", 600},
    {"gst", 600},   {"eadt", 660},  {"idle", 720},  {"nzst", 720}, {"nzt", 720},   {"nzdt", 780},  {"at", -120},
    {"brst", -120}, {"ndt", -150},  {"art", -180},  {"adt", -180}, {"brt", -180},  {"clst", -180}, {"nst", -210},
    {"ast", -240},  {"clt", -240},  {"akdt", -480}, {"ydt", -480}, {"akst", -540}, {"hadt", -540}, {"hdt", -540},
    {"yst", -540},  {"ahst", -600}, {"hast", -600}, {"hst", -600}, {"nt", -660},   {"idlw", -720}};

/// Military zones: A to I and K to M are 1 to 12 hours east, N to Y are 1 to 12 hours west.
bool letter_zone(char c, std::int64_t& offset) noexcept {
  c = lower(c);
  if (c == 'j') return false;
  offset = c <= 'i' ? c - 'a' + 1 : c <= 'm' ? c - 'a' : c <= 'y' ? -(c - 'n' + 1) : 0;
  offset *= 3600;
  return true;
}

/// `+9`, `+09`, `+0900`, `+09:00`, `+09:00:00`.
bool numeric_zone(Scanner& in, std::int64_t& offset) noexcept {
  const bool west = *in.at == '-';
  const char* const begin = ++in.at;
  std::int64_t value = 0;
  if (!in.digits(6, value)) return false;
  const auto count = in.at - begin;
  std::int64_t hours = value, minutes = 0, seconds = 0;
  if (count > 4) {
    hours = value / 10'000, minutes = value / 100 % 100, seconds = value % 100;
  } else if (count > 2) {
    hours = value / 100, minutes = value % 100;
  } else if (in.end - in.at >= 3 && in.at[0] == ':' && digit(in.at[1]) && digit(in.at[2])) {
    ++in.at;
    in.digits(2, minutes);
    if (in.end - in.at >= 3 && in.at[0] == ':' && digit(in.at[1]) && digit(in.at[2])) {
      ++in.at;
      in.digits(2, seconds);
    }
  }
  if (hours > 23 || minutes > 59 || seconds > 59) return false;
  offset = hours * 3600 + minutes * 60 + seconds;
  if (west) offset = -offset;
  return true;
}

constexpr std::uint32_t powers[] = {1,       10,        100,        1'000,       10'000,
                                    100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

bool read_year(Scanner& in, unsigned width, std::int64_t& year) noexcept {
  const bool negative = in.take('-');
  if (!negative) in.take('+');
  if (!in.digits(width == 0 ? 9 : width, year)) return false;
  if (negative) year = -year;
  return true;
}

bool read_year_of_century(Scanner& in, std::int64_t& year) noexcept {
  if (!in.digits(2, year)) return false;
  year += year < 69 ? 2000 : 1900;
  return true;
}

bool read_half(Scanner& in, std::int64_t& half) noexcept {
  if (in.done()) return false;
  const char first = lower(*in.at++);
  if (first != 'a' && first != 'p') return false;
  half = first == 'p' ? 1 : 0;
  const bool dotted = in.take('.');
  if (in.done() || lower(*in.at++) != 'm') return false;
  return !dotted || in.take('.');
}

/// A day's or an hour's leading zero may be a blank.
bool read_padded(Scanner& in, std::int64_t& value) noexcept {
  if (in.end - in.at >= 2 && digit(in.at[0]) && digit(in.at[1])) {
    value = (in.at[0] - '0') * 10 + (in.at[1] - '0');
    in.at += 2;
    return true;
  }
  return in.take(' ') ? in.digits(1, value) : in.digits(2, value);
}

bool read_epoch(Scanner& in, bool milliseconds, Parts& parts) noexcept {
  const bool negative = in.take('-');
  const char* const begin = in.at;
  std::int64_t value = 0;
  if (!in.digits(0, value) || in.at - begin > 18) return false;
  if (negative) value = -value;
  parts.epoch = milliseconds ? calendar::floor_div(value, 1000) : value;
  if (milliseconds) parts.nsec = static_cast<std::uint32_t>(calendar::floor_mod(value, 1000)) * 1'000'000;
  return true;
}

bool read_fraction(Scanner& in, unsigned width, const char* text, Parts& parts) noexcept {
  parts.fraction_begin = static_cast<std::size_t>(in.at - text);
  if (!in.fraction(width, parts.nsec)) return false;
  parts.fraction_end = static_cast<std::size_t>(in.at - text);
  return true;
}

bool read_date_separator(Scanner& in) noexcept {
  if (in.done()) return false;
  const char c = *in.at++;
  return c == 'T' || c == 't' || c == ' ' || c == '_';
}

/// Nothing, `Z`, or numbers.
bool read_offset_if_any(Scanner& in, std::int64_t& offset) noexcept {
  in.skip_space();
  if (in.done()) return true;
  if (*in.at == '+' || *in.at == '-') return in.zone(offset);
  offset = 0;
  return in.take('Z') || in.take('z');
}

bool run_step(const Step& step, Scanner& in, const char* text, Parts& parts) noexcept {
  using Kind = Step::Kind;
  std::int64_t unused = 0;
  switch (step.kind) {
    case Kind::literal: return in.take(step.letter);
    case Kind::space: return in.skip_space(), true;
    case Kind::year: return read_year(in, step.width, parts.year);
    case Kind::century: return in.digits(step.width, parts.century);
    case Kind::year_of_century: return read_year_of_century(in, parts.year);
    case Kind::month: return read_padded(in, parts.month);
    case Kind::day: return read_padded(in, parts.day);
    case Kind::day_of_year: return in.digits(step.width, parts.day_of_year);
    case Kind::hour: return read_padded(in, parts.hour);
    case Kind::hour12: return read_padded(in, parts.hour12);
    case Kind::minute: return read_padded(in, parts.minute);
    case Kind::second: return read_padded(in, parts.second);
    case Kind::fraction: return read_fraction(in, step.width, text, parts);
    case Kind::point_and_fraction:
      return (!in.take('.') && !in.take(',')) || read_fraction(in, step.width, text, parts);
    case Kind::epoch: return read_epoch(in, false, parts);
    case Kind::epoch_ms: return read_epoch(in, true, parts);
    case Kind::month_name:
      if (!in.month_name(parts.month)) return false;
      return ++parts.month, true;
    case Kind::weekday_name: return in.weekday_name(unused);
    case Kind::weekday: return in.digits(step.width, unused);
    case Kind::half: return read_half(in, parts.half);
    case Kind::zone_if_any: return read_offset_if_any(in, parts.offset);
    case Kind::zone: return in.zone(parts.offset);
    case Kind::date_separator: return read_date_separator(in);
  }
  return false;
}

}  // namespace

void Scanner::skip_space() noexcept {
  while (at != end && is_space(*at)) ++at;
}

bool Scanner::digits(unsigned most, std::int64_t& value) noexcept {
  const char* const begin = at;
  const char* const limit = most != 0 && static_cast<std::size_t>(end - at) > most ? at + most : end;
  std::int64_t number = 0;
  for (; at != limit && digit(*at); ++at) {
    if (at - begin < 18) number = number * 10 + (*at - '0');
  }
  value = number;
  return at != begin;
}

bool Scanner::fraction(unsigned most, std::uint32_t& nsec) noexcept {
  const char* const begin = at;
  const char* const limit = most != 0 && static_cast<std::size_t>(end - at) > most ? at + most : end;
  const char* const significant = limit - begin > 9 ? begin + 9 : limit;
  std::uint32_t number = 0;
  for (; at != significant && digit(*at); ++at) number = number * 10 + static_cast<std::uint32_t>(*at - '0');
  nsec = number * powers[9 - (at - begin)];
  if (at == significant) {
    while (at != limit && digit(*at)) ++at;
  }
  return at != begin;
}

bool Scanner::month_name(std::int64_t& index) noexcept { return name_of(*this, calendar::months, index); }
bool Scanner::weekday_name(std::int64_t& index) noexcept { return name_of(*this, calendar::weekdays, index); }

bool Scanner::zone(std::int64_t& offset) noexcept {
  if (at == end) return false;
  if (*at == '+' || *at == '-') return numeric_zone(*this, offset);
  const char* const begin = at;
  while (at != end && is_word_letter(*at)) ++at;
  const std::string_view name(begin, static_cast<std::size_t>(at - begin));
  if (name.empty()) return false;
  const auto* found =
      std::find_if(std::begin(zone_names), std::end(zone_names), [&](const ZoneName& z) { return same(name, z.name); });
  if (found != std::end(zone_names)) {
    offset = found->minutes * 60;
    const bool signed_next = at != end && (*at == '+' || *at == '-');
    return found->minutes != 0 || !signed_next || name.size() == 1 || numeric_zone(*this, offset);
  }
  if (name.size() == 1) letter_zone(name[0], offset);
  return true;
}

bool run(const Steps& steps, std::string_view text, Parts& parts) noexcept {
  Scanner in{text.data(), text.data() + text.size()};
  for (const Step& step : steps) {
    if (!run_step(step, in, text.data(), parts)) return false;
  }
  in.skip_space();
  return in.done();
}

}  // namespace logboom::timeparse
