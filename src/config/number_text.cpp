#include "config/number_text.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include <logboom/ascii.hpp>

namespace logboom::config {
namespace {

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Moves over digits with single underscores between them.
std::size_t skip_digits(std::string_view text, std::size_t i) {
  while (i < text.size() && (is_digit(text[i]) || (text[i] == '_' && i > 0 && is_digit(text[i - 1]) &&
                                                   i + 1 < text.size() && is_digit(text[i + 1])))) {
    ++i;
  }
  return i;
}

// The end of a decimal number at the beginning of `text`, 0 when there is none.
std::size_t number_end(std::string_view text) {
  std::size_t end = skip_digits(text, 0);
  std::size_t count = end;
  if (end < text.size() && text[end] == '.') {
    const std::size_t fraction_end = skip_digits(text, end + 1);
    count += fraction_end - end - 1;
    end = fraction_end;
  }
  if (count == 0) return 0;
  if (end < text.size() && lower(text[end]) == 'e') {
    std::size_t exponent = end + 1;
    if (exponent < text.size() && (text[exponent] == '-' || text[exponent] == '+')) ++exponent;
    const std::size_t exponent_end = skip_digits(text, exponent);
    if (exponent_end > exponent) end = exponent_end;
  }
  return end;
}

std::string remove_underscores(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '_') out += c;
  }
  return out;
}

// The digits directly before `unit`, at the first place where there are any.
std::optional<std::string_view> digits_before(std::string_view text, char unit, bool any_case) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_digit(text[i])) continue;
    if (i > start && (any_case ? lower(text[i]) : text[i]) == unit) return text.substr(start, i - start);
    start = i + 1;
  }
  return std::nullopt;
}

long double to_number(std::string_view text) {
  long double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::optional<Quantity> split_quantity(std::string_view text) {
  const std::size_t end = number_end(text);
  if (end == 0) return std::nullopt;
  Quantity out;
  out.digits = remove_underscores(text.substr(0, end));
  const char* const digits_end = out.digits.data() + out.digits.size();
  const auto [stop, error] = std::from_chars(out.digits.data(), digits_end, out.number);
  if (error != std::errc() || (stop != digits_end && *stop != '.')) return std::nullopt;
  std::size_t i = end;
  const auto skip_blanks = [&] {
    while (i < text.size() && (text[i] == ' ' || text[i] == '\t')) ++i;
  };
  skip_blanks();
  for (; i < text.size() && is_letter(text[i]); ++i) out.unit += lower(text[i]);
  skip_blanks();
  out.rest = text.substr(i);
  return out;
}

std::optional<std::string> without_underscores(std::string_view digits) {
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] != '_') continue;
    if (i == 0 || i + 1 == digits.size() || digits[i - 1] == '_') return std::nullopt;
  }
  return remove_underscores(digits);
}

long double fluentd_seconds(std::string_view text) {
  constexpr std::array<std::pair<char, long double>, 4> units{{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
  for (const auto& [unit, seconds] : units) {
    if (const auto digits = digits_before(text, unit, false)) return to_number(*digits) * seconds;
  }
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const long double value = to_number(remove_underscores(text.substr(0, number_end(text))));
  return negative ? -value : value;
}

std::optional<std::uint64_t> fluentd_size(std::string_view text) {
  constexpr std::string_view units = "kmgt";
  std::string digits;
  unsigned shift = 0;
  for (std::size_t i = 0; i < units.size() && digits.empty(); ++i) {
    if (const auto found = digits_before(text, units[i], true)) {
      digits = *found;
      shift = 10 * (static_cast<unsigned>(i) + 1);
    }
  }
  if (digits.empty()) digits = remove_underscores(text.substr(0, skip_digits(text, 0)));
  std::uint64_t value = 0;
  const auto error = std::from_chars(digits.data(), digits.data() + digits.size(), value).ec;
  if (error == std::errc::result_out_of_range || value > (UINT64_MAX >> shift)) return std::nullopt;
  return value << shift;
}

}  // namespace logboom::config
