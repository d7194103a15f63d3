#pragma once

#include <cstddef>
#include <string_view>

#include <logboom/ascii.hpp>
#include <logboom/syslog.hpp>

/// What the readers of syslog messages share.
namespace logboom::syslog_text {

inline bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
inline bool is_letter(char c) noexcept { return is_upper(c) || (c >= 'a' && c <= 'z'); }
inline bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
inline std::size_t digits(std::string_view text, std::size_t from = 0) noexcept {
  std::size_t n = from;
  while (n < text.size() && is_digit(text[n])) ++n;
  return n - from;
}
inline char at(std::string_view text, std::size_t i) noexcept { return i < text.size() ? text[i] : '\0'; }

/// The length of the time at the beginning of a text, in any notation that devices and daemons have; 0 where there is
/// none.
std::size_t time_length(std::string_view text, SyslogMessage::Time& form) noexcept;

/// The length of `2023-11-05T22:13:20.5Z`, with a blank for the T, or of `2023 Nov  5 22:13:20 UTC`.
std::size_t year_first_length(std::string_view text, SyslogMessage::Time& form) noexcept;

}  // namespace logboom::syslog_text
