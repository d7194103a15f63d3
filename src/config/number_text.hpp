#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logboom::config {

/// A number and the letters behind it, as at the beginning of "1.5h30m".
struct Quantity {
  long double number = 0;
  std::string digits;     ///< The number's text, `_` removed.
  std::string unit;       ///< In lower case.
  std::string_view rest;  ///< What follows the unit, from its first character that is not white space.
};

/// nullopt when no number without sign stands at the beginning. The number may have a fraction and an exponent.
std::optional<Quantity> split_quantity(std::string_view text);

/// The digits without single `_` between them; nullopt when a `_` stands elsewhere.
std::optional<std::string> without_underscores(std::string_view digits);

/// What Fluentd makes of a time: it searches for digits before an s, then before an m, an h, a d, takes the first hit
/// alone, and otherwise reads a decimal number from the beginning (0 when there is none).
long double fluentd_seconds(std::string_view text);

/// What Fluentd makes of a size: digits before k, m, g or t anywhere, or an integer at the beginning; nullopt when it
/// does not fit into 64 bits.
std::optional<std::uint64_t> fluentd_size(std::string_view text);

}  // namespace logboom::config
