#include "base/field_types.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include <logboom/ascii.hpp>
#include <logboom/json.hpp>

namespace logboom::field_types {
namespace {

using msgpack::Value;
using msgpack::Writer;

std::string_view without_leading_space(std::string_view text) noexcept {
  const auto* begin = std::find_if(text.begin(), text.end(), [](char c) { return c != ' ' && (c < '\t' || c > '\r'); });
  return text.substr(static_cast<std::size_t>(begin - text.begin()));
}

/// The number that `text` begins with, as Ruby reads it: digits with single `_` between them. Empty where there is
/// none. A short text of only digits is its own number.
std::string_view leading_number(std::string_view text, bool floating, std::string& buffer) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && (is_digit(text[at]) || (text[at] == '_' && at > begin && at + 1 < text.size() &&
                                                       is_digit(text[at - 1]) && is_digit(text[at + 1])))) {
      ++at;
    }
    return at > begin;
  };
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  if (!digits() && !(floating && at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1]))) return {};
  if (floating) {
    if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) ++at, digits();
    std::size_t exponent = at + 1;
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
      if (exponent < text.size() && (text[exponent] == '-' || text[exponent] == '+')) ++exponent;
      if (exponent < text.size() && is_digit(text[exponent])) at = exponent, digits();
    }
  }
  text = text.substr(text[0] == '+' ? 1 : 0, at - (text[0] == '+' ? 1 : 0));
  if (text.find('_') == std::string_view::npos) return text;
  buffer.clear();
  std::copy_if(text.begin(), text.end(), std::back_inserter(buffer), [](char c) { return c != '_'; });
  return buffer;
}

double to_double(std::string_view text) {
  std::string buffer;
  const std::string_view number = leading_number(without_leading_space(text), true, buffer);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error == std::errc::result_out_of_range) {
    const std::size_t exponent = number.find_first_of("eE");
    const bool tiny = exponent != std::string_view::npos && number[exponent + 1] == '-';
    value = tiny ? 0.0 : std::numeric_limits<double>::infinity();
    return number[0] == '-' ? -value : value;
  }
  return value;
}

void write_integer(Writer& out, std::string_view text) {
  std::string buffer;
  const std::string_view number = leading_number(without_leading_space(text), false, buffer);
  std::int64_t value = 0;
  const char* const end = number.data() + number.size();
  if (number.empty() || std::from_chars(number.data(), end, value).ec == std::errc()) return out.integer(value);
  std::uint64_t large = 0;
  if (std::from_chars(number.data(), end, large).ec == std::errc()) return out.unsigned_integer(large);
  out.floating(to_double(number));
}

void write_integer(Writer& out, double value) {
  if (value >= -9.2e18 && value <= 9.2e18) return out.integer(static_cast<std::int64_t>(value));
  out.floating(std::trunc(value));
}

bool is_true(std::string_view text) noexcept {
  const auto is = [&](std::string_view word) {
    return text.size() == word.size() && std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) {
             return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
           });
  };
  return text == "1" || is("true") || is("yes");
}

void write_time(Writer& out, TimeParser& parser, const auto& value) {
  EventTime time;
  if (!parser.parse(value, time) || time.sec < 0 || time.sec > std::numeric_limits<std::uint32_t>::max()) {
    return out.nil();
  }
  out.event_time(static_cast<std::uint32_t>(time.sec), time.nsec);
}

/// Ruby's split: empty pieces at the end don't count, and a single blank stands for any white space.
void write_array(Writer& out, std::string_view delimiter, std::string_view text) {
  const auto each_piece = [&](auto&& visit) {
    std::string_view rest = text;
    for (;;) {
      if (delimiter == " ") rest = without_leading_space(rest);
      const std::size_t at = delimiter == " " ? rest.find_first_of(" \t\n\v\f\r") : rest.find(delimiter);
      visit(rest.substr(0, at));
      if (at == std::string_view::npos) return;
      rest.remove_prefix(at + delimiter.size());
    }
  };
  std::uint32_t count = 0, used = 0;
  each_piece([&](std::string_view piece) {
    ++count;
    if (!piece.empty()) used = count;
  });
  out.array(used);
  count = 0;
  each_piece([&](std::string_view piece) {
    if (count++ < used) out.string(piece);
  });
}

/// `format` or `zone:format`; +09:00 has a colon of its own, so that the longest zone counts.
TimeParser define_time(std::string_view option) {
  TimeZone zone = TimeZone::local();
  std::size_t begin = 0;
  for (std::size_t at = option.find(':'); at < option.find('%'); at = option.find(':', at + 1)) {
    try {
      zone = TimeZone::named(option.substr(0, at));
      begin = at + 1;
    } catch (const std::invalid_argument&) {
      continue;
    }
  }
  option.remove_prefix(begin);
  return TimeParser::compile(option == "string" ? "" : option, zone);
}

constexpr std::pair<std::string_view, Type> names[] = {{"string", Type::string},  {"integer", Type::integer},
                                                       {"float", Type::floating}, {"bool", Type::boolean},
                                                       {"time", Type::time},      {"array", Type::array}};

}  // namespace

Definition define(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::string_view option = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  for (const auto& [known, type] : names) {
    if (known != name) continue;
    Definition definition{type, std::string(option.empty() ? "," : option), std::nullopt};
    if (type == Type::time) definition.parser = define_time(option);
    return definition;
  }
  throw std::invalid_argument("there is no type '" + std::string(name) +
                              "'; known: string, integer, float, bool, time, array");
}

void write(Writer& out, Definition& definition, std::string_view text) {
  switch (definition.type) {
    case Type::string: return out.string(text);
    case Type::integer: return write_integer(out, text);
    case Type::floating: return out.floating(to_double(text));
    case Type::boolean: return out.boolean(is_true(text));
    case Type::time: return write_time(out, *definition.parser, text);
    case Type::array: return write_array(out, definition.delimiter, text);
  }
}

void write(Writer& out, Definition& definition, const Value& value, OutBuffer& scratch) {
  if (value.is_text()) return write(out, definition, value.text());
  double number = 0;
  std::int64_t integer = 0;
  if (definition.type == Type::time) return write_time(out, *definition.parser, value);
  if (definition.type == Type::integer && value.type() == msgpack::Type::integer) return out.value(value);
  if (definition.type == Type::integer && value.to_double(number)) return write_integer(out, number);
  if (definition.type == Type::floating && value.to_double(number)) return out.floating(number);
  if (definition.type == Type::floating && value.to_int(integer)) return out.floating(static_cast<double>(integer));
  scratch.clear();
  append_json(scratch, value);
  write(out, definition, scratch.text());
}

}  // namespace logboom::field_types
