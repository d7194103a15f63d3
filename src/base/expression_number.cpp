#include "base/expression_number.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/expression_machine.hpp"
#include "base/expression_text.hpp"

namespace logboom::expression {
namespace {

constexpr std::string_view too_big = "the integer is too big (64 bits at most)";

bool is_digit_of(char c, std::int64_t base) {
  const int value = c >= '0' && c <= '9'                     ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? (c | 0x20) - 'a' + 10
                                                             : 99;
  return value < base;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes sign, prefix and digits from the start of the text. False without a digit.
bool take_digits(std::string_view& text, std::int64_t& base, bool prefix_decides, std::string& digits) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    if (text[0] == '-') digits += '-';
    text.remove_prefix(1);
  }
  static constexpr std::pair<char, std::int64_t> prefixes[] = {{'x', 16}, {'b', 2}, {'o', 8}};
  for (const auto& [letter, its_base] : prefixes) {
    if (text.size() < 3 || text[0] != '0' || (text[1] | 0x20) != letter || !is_digit_of(text[2], its_base)) continue;
    if (base != its_base && !prefix_decides) continue;
    base = its_base;
    text.remove_prefix(2);
    break;
  }
  const std::size_t before = digits.size();
  while (!text.empty() && (is_digit_of(text[0], base) || (text[0] == '_' && digits.size() > before && text.size() > 1 &&
                                                          is_digit_of(text[1], base)))) {
    if (text[0] != '_') digits += text[0];
    text.remove_prefix(1);
  }
  return digits.size() > before;
}

Val parse_digits(Machine& m, const std::string& digits, std::int64_t base) {
  std::int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, static_cast<int>(base));
  return result.ec == std::errc() ? Val::of(value) : m.fail(std::string(too_big));
}

/// Takes a decimal number from the start; false without one.
bool take_float(std::string_view& text, double& value) {
  std::string digits;
  std::size_t at = 0;
  const auto run = [&] {
    const std::size_t before = digits.size();
    for (; at < text.size() && (is_digit_of(text[at], 10) || (text[at] == '_' && digits.size() > before)); ++at) {
      if (text[at] != '_') digits += text[at];
    }
    return digits.size() > before;
  };
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
    if (text[at] == '-') digits += '-';
    ++at;
  }
  if (!run()) return false;
  if (at + 1 < text.size() && text[at] == '.' && is_digit_of(text[at + 1], 10)) {
    digits += text[at++];
    run();
  }
  const std::size_t sign = at + 1 < text.size() && (text[at + 1] == '-' || text[at + 1] == '+') ? 1 : 0;
  if (at + 1 + sign < text.size() && (text[at] | 0x20) == 'e' && is_digit_of(text[at + 1 + sign], 10)) {
    digits += 'e';
    if (text[at + 1] == '-') digits += '-';
    at += 1 + sign;
    run();
  }
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec == std::errc::result_out_of_range) value = std::strtod(digits.c_str(), nullptr);
  text.remove_prefix(at);
  return true;
}

Val number_of(Machine& m, const Val& value, bool& ok) {
  ok = value.is_number();
  if (ok) return value;
  return m.fail((value.is_nil() ? "nil" : std::string(m.class_name(value))) + " can't be coerced into a number");
}

using IntegerOp = bool (*)(std::int64_t, std::int64_t, std::int64_t*);

Val arithmetic(const Call& c, IntegerOp integers, double (*reals)(double, double)) {
  bool ok = false;
  const Val other = number_of(c.machine, c.args[0], ok);
  if (!ok) return other;
  if (c.self.kind == Kind::floating || other.kind == Kind::floating)
    return Val::of(reals(c.self.number(), other.number()));
  std::int64_t result = 0;
  return integers(c.self.integer, other.integer, &result) ? c.machine.fail(std::string(too_big)) : Val::of(result);
}

Val plus(const Call& c) {
  return arithmetic(
      c, [](std::int64_t a, std::int64_t b, std::int64_t* r) { return __builtin_add_overflow(a, b, r); },
      [](double a, double b) { return a + b; });
}
Val minus(const Call& c) {
  return arithmetic(
      c, [](std::int64_t a, std::int64_t b, std::int64_t* r) { return __builtin_sub_overflow(a, b, r); },
      [](double a, double b) { return a - b; });
}
Val times(const Call& c) {
  return arithmetic(
      c, [](std::int64_t a, std::int64_t b, std::int64_t* r) { return __builtin_mul_overflow(a, b, r); },
      [](double a, double b) { return a * b; });
}

double floor_mod(double a, double b) {
  const double rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

Val divide(const Call& c) {
  if (c.self.kind == Kind::integer && c.args[0].kind == Kind::integer) {
    const std::int64_t a = c.self.integer;
    const std::int64_t b = c.args[0].integer;
    if (b == 0) return c.machine.fail("divided by 0");
    if (b == -1)
      return a == std::numeric_limits<std::int64_t>::min() ? c.machine.fail(std::string(too_big)) : Val::of(-a);
    return Val::of(a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0));
  }
  return arithmetic(c, nullptr, [](double a, double b) { return a / b; });
}

Val modulo(const Call& c) {
  if (c.self.kind == Kind::integer && c.args[0].kind == Kind::integer) {
    const std::int64_t b = c.args[0].integer;
    if (b == 0) return c.machine.fail("divided by 0");
    if (b == -1) return Val::of(std::int64_t{0});
    const std::int64_t rest = c.self.integer % b;
    return Val::of(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
  }
  return arithmetic(c, nullptr, floor_mod);
}

Val power(const Call& c) {
  if (c.self.kind == Kind::integer && c.args[0].kind == Kind::integer && c.args[0].integer >= 0) {
    std::int64_t result = 1;
    std::int64_t base = c.self.integer;
    for (std::int64_t n = c.args[0].integer; n > 0; n >>= 1) {
      if ((n & 1) != 0 && __builtin_mul_overflow(result, base, &result)) return c.machine.fail(std::string(too_big));
      if (n > 1 && __builtin_mul_overflow(base, base, &base)) return c.machine.fail(std::string(too_big));
    }
    return Val::of(result);
  }
  // Ruby has a Rational for a negative exponent.
  bool ok = false;
  const Val exponent = number_of(c.machine, c.args[0], ok);
  return ok ? Val::of(std::pow(c.self.number(), exponent.number())) : exponent;
}

Val fdiv(const Call& c) {
  bool ok = false;
  const Val other = number_of(c.machine, c.args[0], ok);
  return ok ? Val::of(c.self.number() / other.number()) : other;
}

Val divmod(const Call& c) {
  const Val quotient = divide(c);
  if (quotient.is_error()) return quotient;
  const Val rest = modulo(c);
  const Val whole = quotient.kind == Kind::floating ? to_integer(c.machine, std::floor(quotient.real)) : quotient;
  return whole.is_error() ? whole : Val::of(c.machine.arena().copy({whole, rest}));
}

Val negate(const Call& c) {
  if (c.self.kind == Kind::floating) return Val::of(-c.self.real);
  if (c.self.integer == std::numeric_limits<std::int64_t>::min()) return c.machine.fail(std::string(too_big));
  return Val::of(-c.self.integer);
}
Val abs(const Call& c) { return c.self.number() < 0 ? negate(c) : c.self; }

/// round, floor, ceil, truncate to `digits` after the point.
Val rounded(const Call& c, double (*how)(double)) {
  const Val digits = c.arg(0, Val::of(std::int64_t{0}));
  if (digits.kind != Kind::integer) return c.machine.wrong_type("Integer", digits);
  const std::int64_t n = digits.integer;
  if (n >= 0 && c.self.kind == Kind::integer) return c.self;
  if (n > 15) return c.self;
  if (n < -18) return Val::of(std::int64_t{0});
  const double value = c.self.number();
  if (n > 0) {
    const double scale = std::pow(10.0, static_cast<double>(n));
    const double scaled = how(value * scale) / scale;
    return std::isfinite(value) && std::isfinite(scaled) ? Val::of(scaled) : c.self;
  }
  const double scale = std::pow(10.0, static_cast<double>(-n));
  return to_integer(c.machine, how(value / scale) * scale);
}
Val round(const Call& c) {
  return rounded(c, [](double v) { return std::round(v); });
}
Val floor(const Call& c) {
  return rounded(c, [](double v) { return std::floor(v); });
}
Val ceil(const Call& c) {
  return rounded(c, [](double v) { return std::ceil(v); });
}
Val truncate(const Call& c) {
  return rounded(c, [](double v) { return std::trunc(v); });
}

Val to_i(const Call& c) { return c.self.kind == Kind::integer ? c.self : to_integer(c.machine, c.self.real); }
Val to_f(const Call& c) { return Val::of(c.self.number()); }

Val to_s(const Call& c) {
  const Val base = c.arg(0, Val::of(std::int64_t{10}));
  if (base.kind != Kind::integer || base.integer < 2 || base.integer > 36) return c.machine.fail("invalid radix");
  if (c.self.kind == Kind::floating || base.integer == 10) return Val::of(c.machine.to_s(c.self));
  char digits[72];
  const char* end = std::to_chars(digits, digits + sizeof digits, c.self.integer, static_cast<int>(base.integer)).ptr;
  return c.machine.text({digits, static_cast<std::size_t>(end - digits)});
}

Val zero(const Call& c) { return Val::of(c.self.number() == 0); }
Val positive(const Call& c) { return Val::of(c.self.number() > 0); }
Val negative(const Call& c) { return Val::of(c.self.number() < 0); }
Val even(const Call& c) { return Val::of(c.self.integer % 2 == 0); }
Val odd(const Call& c) { return Val::of(c.self.integer % 2 != 0); }
Val is_integer(const Call& c) { return Val::of(c.self.kind == Kind::integer); }
Val is_nan(const Call& c) { return Val::of(c.self.kind == Kind::floating && std::isnan(c.self.real)); }
Val is_finite(const Call& c) { return Val::of(std::isfinite(c.self.number())); }

Val bits(const Call& c, std::int64_t (*how)(std::int64_t, std::int64_t)) {
  if (c.args[0].kind != Kind::integer) return c.machine.wrong_type("Integer", c.args[0]);
  return Val::of(how(c.self.integer, c.args[0].integer));
}
Val bit_and(const Call& c) {
  return bits(c, [](std::int64_t a, std::int64_t b) { return a & b; });
}
Val bit_or(const Call& c) {
  return bits(c, [](std::int64_t a, std::int64_t b) { return a | b; });
}
Val bit_xor(const Call& c) {
  return bits(c, [](std::int64_t a, std::int64_t b) { return a ^ b; });
}

Val shifted(const Call& c, bool left) {
  if (c.args[0].kind != Kind::integer) return c.machine.wrong_type("Integer", c.args[0]);
  const std::int64_t by =
      left ? c.args[0].integer
           : (c.args[0].integer == std::numeric_limits<std::int64_t>::min() ? 64 : -c.args[0].integer);
  if (by <= 0) return Val::of(c.self.integer >> (by < -63 ? 63 : -by));
  std::int64_t result = 0;
  if (c.self.integer == 0) return c.self;
  if (by > 62 || __builtin_mul_overflow(c.self.integer, std::int64_t{1} << by, &result))
    return c.machine.fail(std::string(too_big));
  return Val::of(result);
}
Val shift_left(const Call& c) { return shifted(c, true); }
Val shift_right(const Call& c) { return shifted(c, false); }

Val chr(const Call& c) {
  if (c.self.integer < 0 || c.self.integer > 0x10ffff) return c.machine.fail("out of char range");
  std::string out;
  append_utf8(out, static_cast<std::uint32_t>(c.self.integer));
  return c.machine.text(out);
}
Val successor(const Call& c) {
  return plus({c.machine, c.node, c.self, c.machine.arena().copy({Val::of(std::int64_t{1})})});
}
Val predecessor(const Call& c) {
  return minus({c.machine, c.node, c.self, c.machine.arena().copy({Val::of(std::int64_t{1})})});
}

constexpr std::uint32_t integers = bit(Kind::integer);

constexpr Entry entries[] = {
    {"+", number_kinds, 1, 1, plus},
    {"-", number_kinds, 1, 1, minus},
    {"*", number_kinds, 1, 1, times},
    {"/", number_kinds, 1, 1, divide},
    {"div", integers, 1, 1, divide},
    {"%", number_kinds, 1, 1, modulo},
    {"modulo", number_kinds, 1, 1, modulo},
    {"**", number_kinds, 1, 1, power},
    {"pow", number_kinds, 1, 1, power},
    {"fdiv", number_kinds, 1, 1, fdiv},
    {"divmod", number_kinds, 1, 1, divmod},
    {"-@", number_kinds, 0, 0, negate},
    {"abs", number_kinds, 0, 0, abs},
    {"round", number_kinds, 0, 1, round},
    {"floor", number_kinds, 0, 1, floor},
    {"ceil", number_kinds, 0, 1, ceil},
    {"truncate", number_kinds, 0, 1, truncate},
    {"to_i", number_kinds, 0, 0, to_i},
    {"to_int", number_kinds, 0, 0, to_i},
    {"to_f", number_kinds, 0, 0, to_f},
    {"to_s", number_kinds, 0, 1, to_s},
    {"zero?", number_kinds, 0, 0, zero},
    {"positive?", number_kinds, 0, 0, positive},
    {"negative?", number_kinds, 0, 0, negative},
    {"even?", integers, 0, 0, even},
    {"odd?", integers, 0, 0, odd},
    {"integer?", number_kinds, 0, 0, is_integer},
    {"nan?", number_kinds, 0, 0, is_nan},
    {"finite?", number_kinds, 0, 0, is_finite},
    {"&", integers, 1, 1, bit_and},
    {"|", integers, 1, 1, bit_or},
    {"^", integers, 1, 1, bit_xor},
    {"<<", integers, 1, 1, shift_left},
    {">>", integers, 1, 1, shift_right},
    {"chr", integers, 0, 0, chr},
    {"succ", integers, 0, 0, successor},
    {"next", integers, 0, 0, successor},
    {"pred", integers, 0, 0, predecessor},
};

}  // namespace

Val loose_integer(Machine& machine, std::string_view text, std::int64_t base) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  std::string digits;
  if (!take_digits(text, base, false, digits)) return Val::of(std::int64_t{0});
  return parse_digits(machine, digits, base);
}

double loose_float(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  double value = 0;
  take_float(text, value);
  return value;
}

Val strict_integer(Machine& machine, std::string_view text, std::int64_t base) {
  std::string_view rest = trimmed(text);
  std::string digits;
  if (base < 2 || base > 36) return machine.fail("invalid radix");
  if (!take_digits(rest, base, true, digits) || !rest.empty()) {
    return machine.fail("invalid value for Integer(): " + std::string(machine.inspect(Val::of(text))));
  }
  return parse_digits(machine, digits, base);
}

Val strict_float(Machine& machine, std::string_view text) {
  std::string_view rest = trimmed(text);
  double value = 0;
  if (take_float(rest, value) && rest.empty()) return Val::of(value);
  return machine.fail("invalid value for Float(): " + std::string(machine.inspect(Val::of(text))));
}

Val to_integer(Machine& machine, double value) {
  constexpr double limit = 9223372036854775808.0;
  if (std::isnan(value) || std::isinf(value)) return machine.fail(std::isnan(value) ? "NaN" : "Infinity");
  if (value >= limit || value < -limit) return machine.fail(std::string(too_big));
  return Val::of(static_cast<std::int64_t>(value));
}

std::span<const Entry> number_methods() { return entries; }

}  // namespace logboom::expression
