#include <logboom/timeparse.hpp>

#include <time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/timeparse_steps.hpp"

namespace logboom {
namespace {

using namespace timeparse;

enum class Mode : std::uint8_t { steps, guess, unixtime, floating };

std::string_view without_space(std::string_view text) noexcept {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The last text and what it meant: all of it, or what is around the digits of the second's fraction.
class LastText {
 public:
  bool find(std::string_view text, EventTime& time) const noexcept {
    if (text.size() < head_size_ + tail_size_ || head_size_ == 0) return false;
    if (std::memcmp(text.data(), bytes_.data(), head_size_) != 0) return false;
    time = time_;
    if (!has_fraction_) return text.size() == head_size_;
    Scanner in{text.data() + head_size_, text.data() + text.size()};
    if (!in.fraction(0, time.nsec) || static_cast<std::size_t>(in.end - in.at) != tail_size_) return false;
    return std::memcmp(in.at, bytes_.data() + head_size_, tail_size_) == 0;
  }

  void keep(std::string_view text, const Parts& parts, const EventTime& time) noexcept {
    head_size_ = tail_size_ = 0;
    has_fraction_ = parts.fraction_end != parts.fraction_begin;
    const std::string_view head = has_fraction_ ? text.substr(0, parts.fraction_begin) : text;
    const std::string_view tail = has_fraction_ ? text.substr(parts.fraction_end) : text.substr(text.size());
    if (head.empty() || head.size() + tail.size() > bytes_.size()) return;
    std::memcpy(bytes_.data(), head.data(), head.size());
    std::memcpy(bytes_.data() + head.size(), tail.data(), tail.size());
    head_size_ = head.size();
    tail_size_ = tail.size();
    time_ = time;
  }
  void forget() noexcept { head_size_ = tail_size_ = 0; }

 private:
  std::array<char, 64> bytes_{};
  std::size_t head_size_ = 0, tail_size_ = 0;
  bool has_fraction_ = false;
  EventTime time_;
};

/// The digits of a fraction can change alone where a letter stands before them and they end by themselves.
bool fraction_stands_alone(const Steps& steps) noexcept {
  using Kind = Step::Kind;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind != Kind::fraction) continue;
    if (steps[i].width != 0 || i == 0 || steps[i - 1].kind != Kind::literal) return false;
  }
  return true;
}

bool from_double(double value, EventTime& time) noexcept {
  if (!(std::fabs(value) < 4e18)) return false;
  const double floor = std::floor(value);
  time.sec = static_cast<std::int64_t>(floor);
  time.nsec = static_cast<std::uint32_t>((value - floor) * 1e9);
  return true;
}

bool parse_float(std::string_view text, EventTime& time) noexcept {
  Scanner in{text.data(), text.data() + text.size()};
  const bool negative = in.take('-');
  const char* const begin = in.at;
  std::int64_t whole = 0;
  if (!in.digits(0, whole) || in.at - begin > 18) return false;
  std::uint32_t nsec = 0;
  if (in.take('.') && !in.done() && !in.fraction(0, nsec)) return false;
  if (!in.done()) {  // an exponent
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == in.end && from_double(value, time);
  }
  if (negative) {
    whole = -whole - (nsec != 0 ? 1 : 0);
    nsec = nsec != 0 ? 1'000'000'000 - nsec : 0;
  }
  time = {whole, nsec};
  return true;
}

bool parse_unixtime(std::string_view text, EventTime& time) noexcept {
  if (!parse_float(text, time)) return false;
  if (time.sec < 0 && time.nsec != 0) ++time.sec;
  time.nsec = 0;
  return true;
}

}  // namespace

struct TimeParser::Impl {
  Impl(Mode m, Steps s, const TimeZone& zone, Clock c) : mode(m), steps(std::move(s)), times(zone), clock(c) {}

  bool parse_steps(std::string_view text, EventTime& time) {
    if (last.find(text, time)) {
      if (!relative) return true;
      if (const std::int64_t now = clock(); now >= kept_at && now < kept_at + 60) return true;
    }
    Parts parts;
    if (!(mode == Mode::steps ? run(steps, text, parts) : guess(text, parts))) return false;
    const std::int64_t now = needs_now(parts) ? clock() : 0;
    if (!resolve(parts, times, now, time)) return false;
    relative = needs_now(parts);
    kept_at = now;
    if (!cacheable) parts.fraction_begin = parts.fraction_end = 0;
    last.keep(text, parts, time);
    return true;
  }

  bool parse_one(std::string_view text, EventTime& time) {
    text = without_space(text);
    switch (mode) {
      case Mode::unixtime: return parse_unixtime(text, time) || parse_steps(text, time);
      case Mode::floating: return parse_float(text, time) || parse_steps(text, time);
      default: return parse_steps(text, time);
    }
  }

  bool number(const msgpack::Value& value, EventTime& time) {
    if (value.to_int(time.sec)) return time.nsec = 0, true;
    double floating = 0;
    if (!value.to_double(floating) || !(std::fabs(floating) < 4e18)) return false;
    if (mode == Mode::unixtime) return time = {static_cast<std::int64_t>(floating), 0}, true;
    // The shortest digits of a number are those that were written, where its nanoseconds are not.
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, floating).ptr;
    return parse_float({digits, static_cast<std::size_t>(end - digits)}, time);
  }

  Mode mode;
  Steps steps;
  LocalTimes times;
  Clock clock;
  std::string expected;
  bool cacheable = true;
  bool relative = false;
  std::int64_t kept_at = 0;
  LastText last;
  std::vector<TimeParser> others;
};

std::int64_t TimeParser::system_clock() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now.tv_sec;
}

TimeParser::TimeParser(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TimeParser::TimeParser(const TimeParser& other) : impl_(std::make_unique<Impl>(*other.impl_)) {}
TimeParser::TimeParser(TimeParser&&) noexcept = default;
TimeParser& TimeParser::operator=(TimeParser other) noexcept {
  impl_.swap(other.impl_);
  return *this;
}
TimeParser::~TimeParser() = default;

TimeParser TimeParser::compile(std::string_view format, const TimeZone& zone, Clock clock) {
  const auto make = [&](Mode mode, Steps steps, std::string expected) {
    auto impl = std::make_unique<Impl>(mode, std::move(steps), zone, clock);
    impl->expected = std::move(expected);
    impl->cacheable = fraction_stands_alone(impl->steps);
    return TimeParser(std::move(impl));
  };
  if (format.empty()) return make(Mode::guess, {}, "a date and time");
  if (format == "unixtime") return make(Mode::unixtime, {}, "a number of seconds");
  if (format == "float") return make(Mode::floating, {}, "a number of seconds");
  if (format == "iso8601" || format == "%iso8601") return make(Mode::steps, iso8601_steps(), "an ISO 8601 time");
  return make(Mode::steps, compile_format(format), "of the format " + std::string(format));
}

TimeParser TimeParser::any_of(std::vector<TimeParser> parsers) {
  TimeParser first = parsers.front();
  for (std::size_t i = 1; i < parsers.size(); ++i) {
    first.impl_->expected += (i + 1 == parsers.size() ? " or " : ", ") + parsers[i].expected();
  }
  first.impl_->others.assign(std::make_move_iterator(parsers.begin() + 1), std::make_move_iterator(parsers.end()));
  return first;
}

bool TimeParser::parse(std::string_view text, EventTime& time) {
  if (impl_->parse_one(text, time)) return true;
  return std::any_of(impl_->others.begin(), impl_->others.end(),
                     [&](TimeParser& other) { return other.parse(text, time); });
}

bool TimeParser::parse(const msgpack::Value& value, EventTime& time) {
  switch (value.type()) {
    case msgpack::Type::string:
    case msgpack::Type::binary: return parse(value.text(), time);
    case msgpack::Type::integer:
    case msgpack::Type::floating: return impl_->number(value, time);
    case msgpack::Type::extension:  // no other than EventTime is well-formed
      time = {static_cast<std::int64_t>(msgpack::load_be(value.end() - 8, 4)),
              static_cast<std::uint32_t>(msgpack::load_be(value.end() - 4, 4))};
      return true;
    default: return false;
  }
}

const std::string& TimeParser::expected() const noexcept { return impl_->expected; }

bool parse_rfc3339(std::string_view text, EventTime& time) noexcept {
  static const Steps steps = iso8601_steps();
  Parts parts;
  if (!run(steps, text, parts) || parts.offset == Parts::none) return false;
  static thread_local LocalTimes utc(TimeZone::utc());
  return resolve(parts, utc, 0, time);
}

}  // namespace logboom
