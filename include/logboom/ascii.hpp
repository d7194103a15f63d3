#pragma once

/// What a character of a protocol is: ASCII alone, whatever the locale.
namespace logboom {

inline bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
/// A blank, a tab, a line feed or the like, as the C locale has it. JSON's white space is less.
inline bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace logboom
