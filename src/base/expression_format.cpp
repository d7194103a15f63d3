#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/expression_machine.hpp"
#include "base/expression_number.hpp"
#include "base/expression_text.hpp"

namespace logboom::expression {
namespace {

constexpr int most_width = 4096;

struct Conversion {
  bool left = false;
  bool zero = false;
  bool plus = false;
  bool space = false;
  bool alternate = false;
  int width = 0;
  int precision = -1;
  char letter = '\0';
};

/// Reads what is behind a `%`; the text then begins behind it. False where it is none.
bool read_conversion(std::string_view& text, Conversion& out) {
  for (; !text.empty() && std::string_view("-0+ #").find(text[0]) != std::string_view::npos; text.remove_prefix(1)) {
    out.left |= text[0] == '-';
    out.zero |= text[0] == '0';
    out.plus |= text[0] == '+';
    out.space |= text[0] == ' ';
    out.alternate |= text[0] == '#';
  }
  const auto number = [&](int& value) {
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
    return result.ec != std::errc::result_out_of_range && value <= most_width;
  };
  if (!text.empty() && text[0] >= '0' && text[0] <= '9' && !number(out.width)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    out.precision = 0;
    if (!text.empty() && text[0] >= '0' && text[0] <= '9' && !number(out.precision)) return false;
  }
  if (text.empty()) return false;
  out.letter = text[0];
  text.remove_prefix(1);
  return true;
}

void pad(const Conversion& how, std::string_view text, OutBuffer& out) {
  const std::size_t size = character_count(text);
  const std::size_t missing =
      static_cast<std::size_t>(how.width) > size ? static_cast<std::size_t>(how.width) - size : 0;
  const std::string spaces(missing, ' ');
  if (!how.left) out.append(spaces);
  out.append(text);
  if (how.left) out.append(spaces);
}

Val integer_of(Machine& m, const Val& value) {
  switch (value.kind) {
    case Kind::integer: return value;
    case Kind::floating: return to_integer(m, std::floor(value.real));
    case Kind::string: return strict_integer(m, value.text(), 10);
    default:
      return m.fail("can't convert " + std::string(value.is_nil() ? "nil" : m.class_name(value)) + " into Integer");
  }
}

Val put_integer(Machine& m, const Conversion& how, const Val& value, OutBuffer& out) {
  const Val number = integer_of(m, value);
  if (number.is_error()) return number;
  const int base = how.letter == 'x' || how.letter == 'X' ? 16 : how.letter == 'o' ? 8 : how.letter == 'b' ? 2 : 10;
  char digits[72];
  char* end = std::to_chars(digits, digits + sizeof digits, number.integer, base).ptr;
  std::string text(digits, end);
  if (how.letter == 'X')
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  const bool negative = text[0] == '-';
  if (negative) text.erase(0, 1);
  if (how.precision > static_cast<int>(text.size()))
    text.insert(0, static_cast<std::size_t>(how.precision) - text.size(), '0');
  std::string sign = negative ? "-" : how.plus ? "+" : how.space ? " " : "";
  if (how.alternate && base != 10) sign += base == 16 ? "0x" : base == 2 ? "0b" : "0";
  const std::size_t size = sign.size() + text.size();
  if (how.zero && !how.left && how.precision < 0 && static_cast<std::size_t>(how.width) > size) {
    text.insert(0, static_cast<std::size_t>(how.width) - size, '0');
  }
  pad(how, sign + text, out);
  return number;
}

Val put_float(Machine& m, const Conversion& how, const Val& value, OutBuffer& out) {
  Val number = value;
  if (value.kind == Kind::string) number = strict_float(m, value.text());
  if (number.is_error()) return number;
  if (!number.is_number())
    return m.fail("can't convert " + std::string(value.is_nil() ? "nil" : m.class_name(value)) + " into Float");
  std::string format = "%";
  if (how.left) format += '-';
  if (how.zero) format += '0';
  if (how.plus) format += '+';
  if (how.space) format += ' ';
  if (how.alternate) format += '#';
  format += "*.*";
  format += how.letter;
  // A double has 309 digits at most before the point.
  std::string text(static_cast<std::size_t>(how.width) + static_cast<std::size_t>(std::max(how.precision, 0)) + 400,
                   '\0');
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  const int size = std::snprintf(text.data(), text.size(), format.c_str(), how.width,
                                 how.precision < 0 ? 6 : how.precision, number.number());
#pragma GCC diagnostic pop
  out.append(std::string_view(text).substr(0, static_cast<std::size_t>(std::max(size, 0))));
  return number;
}

Val put_converted(Machine& m, const Conversion& how, const Val& value, OutBuffer& out) {
  switch (how.letter) {
    case 's':
    case 'p': {
      const std::string_view text = how.letter == 's' ? m.to_s(value) : m.inspect(value);
      pad(how, how.precision < 0 ? text : text.substr(0, byte_of(text, static_cast<std::size_t>(how.precision))), out);
      return value;
    }
    case 'c': {
      std::string text;
      if (value.kind == Kind::integer && value.integer >= 0 && value.integer <= 0x10ffff) {
        append_utf8(text, static_cast<std::uint32_t>(value.integer));
      } else if (value.kind == Kind::string) {
        text = value.text().substr(0, byte_of(value.text(), 1));
      }
      pad(how, text, out);
      return value;
    }
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'b': return put_integer(m, how, value, out);
    case 'f':
    case 'e':
    case 'E':
    case 'g':
    case 'G': return put_float(m, how, value, out);
    default: return m.fail("malformed format string - %" + std::string(1, how.letter));
  }
}

}  // namespace

Val format_text(Machine& m, std::string_view format, std::span<const Val> values) {
  Text text(m);
  std::size_t next = 0;
  while (!format.empty()) {
    const std::size_t percent = std::min(format.find('%'), format.size());
    text.append(format.substr(0, percent));
    format.remove_prefix(percent);
    if (format.empty()) break;
    format.remove_prefix(1);
    if (format.starts_with('%')) {
      text.append('%');
      format.remove_prefix(1);
      continue;
    }
    Conversion how;
    if (!read_conversion(format, how)) return m.fail("incomplete format specifier; use %% (double %) instead");
    if (next == values.size()) return m.fail("too few arguments");
    if (put_converted(m, how, values[next++], text.out()).is_error() || !m.has_room(0)) return Val::failed();
  }
  return text.value();
}

}  // namespace logboom::expression
