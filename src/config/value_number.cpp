#include <logboom/config_element.hpp>

#include "config/number_text.hpp"
#include "config/source.hpp"
#include "config/value_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace logboom::config_value {
namespace {

using config::fail_expected;
using config::value_of;

constexpr std::string_view expected_integer = "an integer";
constexpr std::string_view expected_real = "a number";
constexpr std::string_view expected_size = "a size such as 512, 8m, 1.5g or 64KiB";
constexpr std::string_view expected_time = "a time such as 10, 0.5s, 30m, 1h30m or 7d";

template <class T>
std::optional<T> whole(std::string_view digits, int base) {
  T value{};
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// What a size's unit multiplies by; 0 for no unit of ours.
std::uint64_t size_factor(std::string_view unit) {
  if (unit.empty() || unit == "b" || unit == "byte" || unit == "bytes") return 1;
  const std::string_view rest = unit.substr(1);
  if (!rest.empty() && rest != "b" && rest != "ib" && rest != "i") return 0;
  constexpr std::string_view prefixes = "kmgt";
  const std::size_t power = prefixes.find(unit.front());
  return power == std::string_view::npos ? 0 : std::uint64_t{1} << (10 * (power + 1));
}

std::string human_size(std::uint64_t bytes) { return std::to_string(bytes) + " bytes"; }

std::string human_time(long double seconds) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), static_cast<double>(seconds)).ptr;
  return std::string(text.data(), end) + " s";
}

struct TimeUnit {
  std::string_view names;  // between spaces
  long double seconds;
};

constexpr std::array<TimeUnit, 8> time_units{{{" w week weeks ", 604800},
                                              {" d day days ", 86400},
                                              {" h hr hrs hour hours ", 3600},
                                              {" m min mins minute minutes ", 60},
                                              {" s sec secs second seconds ", 1},
                                              {" ms msec millisecond milliseconds ", 1e-3L},
                                              {" us usec microsecond microseconds ", 1e-6L},
                                              {" ns nsec nanosecond nanoseconds ", 1e-9L}}};

std::size_t find_time_unit(std::string_view unit) {
  const std::string wanted = " " + std::string(unit) + " ";
  for (std::size_t i = 0; i < time_units.size(); ++i) {
    if (time_units[i].names.find(wanted) != std::string_view::npos) return i;
  }
  return time_units.size();
}

// The seconds of "1h30m" and the like: units descend, and only a lone number may be without one.
std::optional<long double> joined_seconds(std::string_view text) {
  long double sum = 0;
  std::size_t next_unit = 0;
  bool first = true;
  while (!text.empty()) {
    const auto part = config::split_quantity(text);
    if (!part) return std::nullopt;
    if (part->unit.empty()) return first && part->rest.empty() ? std::optional(part->number) : std::nullopt;
    const std::size_t unit = find_time_unit(part->unit);
    if (unit < next_unit || unit == time_units.size()) return std::nullopt;
    sum += part->number * time_units[unit].seconds;
    next_unit = unit + 1;
    text = part->rest;
    first = false;
  }
  return first ? std::nullopt : std::optional(sum);
}

}  // namespace

std::int64_t integer(const Attribute& attribute) {
  std::string_view text = value_of(attribute, expected_integer);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  const auto digits = config::without_underscores(hexadecimal ? text.substr(2) : text);
  if (!digits || digits->starts_with('-')) fail_expected(attribute, expected_integer);
  const auto value = whole<std::int64_t>((negative ? "-" : "") + *digits, hexadecimal ? 16 : 10);
  if (value) return *value;
  const bool only_digits = !digits->empty() && digits->find_first_not_of("0123456789") == std::string::npos;
  fail_expected(attribute, expected_integer, only_digits ? "it does not fit into 64 bits" : std::string_view());
}

double real(const Attribute& attribute) {
  std::string_view text = value_of(attribute, expected_real);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto part = config::split_quantity(text);
  if (!part || !part->unit.empty() || !part->rest.empty()) fail_expected(attribute, expected_real);
  const double value = static_cast<double>(part->number);
  if (!std::isfinite(value)) fail_expected(attribute, expected_real, "it is too large");
  return negative ? -value : value;
}

std::uint64_t size(const Attribute& attribute, std::string* note) {
  std::string_view text = value_of(attribute, expected_size);
  if (text.starts_with('-')) fail_expected(attribute, expected_size, "a size can't be negative");
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto part = config::split_quantity(text);
  const std::uint64_t factor = part && part->rest.empty() ? size_factor(part->unit) : 0;
  if (factor == 0) fail_expected(attribute, expected_size);
  std::uint64_t bytes = 0;
  if (const auto count = whole<std::uint64_t>(part->digits, 10)) {
    if (*count > UINT64_MAX / factor) fail_expected(attribute, expected_size, "it is too large");
    bytes = *count * factor;
  } else {
    const long double rounded = std::round(part->number * static_cast<long double>(factor));
    if (!(rounded < 18446744073709551615.0L)) fail_expected(attribute, expected_size, "it is too large");
    bytes = static_cast<std::uint64_t>(rounded);
  }
  const auto theirs = config::fluentd_size(text);
  if (note != nullptr && theirs && *theirs != bytes) {
    *note = "Fluentd would read " + config::in_quotes(text) + " as " + human_size(*theirs) + ", logboom reads it as " +
            human_size(bytes);
  }
  return bytes;
}

std::chrono::nanoseconds time(const Attribute& attribute, std::string* note) {
  const std::string_view given = value_of(attribute, expected_time);
  std::string_view text = given;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto magnitude = joined_seconds(text);
  if (!magnitude) fail_expected(attribute, expected_time);
  const long double seconds = negative ? -*magnitude : *magnitude;
  if (!(std::fabs(seconds) < 9.2e9L)) fail_expected(attribute, expected_time, "it is longer than 292 years");
  const auto theirs = config::fluentd_seconds(given);
  if (note != nullptr && std::fabs(theirs - seconds) > 1e-9L) {
    *note = "Fluentd would read " + config::in_quotes(given) + " as " + human_time(theirs) + ", logboom reads it as " +
            human_time(seconds);
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::round(seconds * 1e9L)));
}

unsigned octal_mode(const Attribute& attribute) {
  constexpr std::string_view expected = "a file mode in octal such as 0644";
  std::string_view text = value_of(attribute, expected);
  if (text.starts_with("0o") || text.starts_with("0O")) text.remove_prefix(2);
  const auto mode = whole<unsigned>(text, 8);
  if (!mode) fail_expected(attribute, expected);
  if (*mode > 07777) fail_expected(attribute, expected, "the largest mode is 7777");
  return *mode;
}

}  // namespace logboom::config_value
