#include "base/timeparse_steps.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include <logboom/ascii.hpp>

namespace logboom::timeparse {
namespace {

using Kind = Step::Kind;

struct Composite {
  char type;
  std::string_view format;
};
constexpr Composite composites[] = {{'c', "%a %b %e %H:%M:%S %Y"},
                                    {'D', "%m/%d/%y"},
                                    {'x', "%m/%d/%y"},
                                    {'F', "%Y-%m-%d"},
                                    {'T', "%H:%M:%S"},
                                    {'X', "%H:%M:%S"},
                                    {'R', "%H:%M"},
                                    {'r', "%I:%M:%S %p"},
                                    {'v', "%e-%b-%Y"},
                                    {'+', "%a %b %e %H:%M:%S %Z %Y"}};

struct Simple {
  char type;
  Step step;
};
constexpr Simple simples[] = {
    {'Y', {Kind::year}},           {'C', {Kind::century, 2}}, {'y', {Kind::year_of_century, 2}},
    {'m', {Kind::month, 2}},       {'d', {Kind::day, 2}},     {'e', {Kind::day, 2}},
    {'j', {Kind::day_of_year, 3}}, {'H', {Kind::hour, 2}},    {'k', {Kind::hour, 2}},
    {'I', {Kind::hour12, 2}},      {'l', {Kind::hour12, 2}},  {'M', {Kind::minute, 2}},
    {'S', {Kind::second, 2}},      {'N', {Kind::fraction}},   {'L', {Kind::fraction, 0, 'L'}},
    {'s', {Kind::epoch}},          {'Q', {Kind::epoch_ms}},   {'b', {Kind::month_name}},
    {'B', {Kind::month_name}},     {'h', {Kind::month_name}}, {'a', {Kind::weekday_name}},
    {'A', {Kind::weekday_name}},   {'u', {Kind::weekday, 1}}, {'w', {Kind::weekday, 1}},
    {'p', {Kind::half}},           {'P', {Kind::half}},       {'z', {Kind::zone}},
    {'Z', {Kind::zone}},           {'n', {Kind::space}},      {'t', {Kind::space}},
    {'%', {Kind::literal, 0, '%'}}};

bool reads_digits(const Step& step) noexcept {
  switch (step.kind) {
    case Kind::literal: return step.letter >= '0' && step.letter <= '9';
    case Kind::year:
    case Kind::year_of_century:
    case Kind::century:
    case Kind::month:
    case Kind::day:
    case Kind::day_of_year:
    case Kind::hour:
    case Kind::hour12:
    case Kind::minute:
    case Kind::second:
    case Kind::fraction:
    case Kind::epoch:
    case Kind::epoch_ms:
    case Kind::weekday: return true;
    default: return false;
  }
}

[[noreturn]] void fail(std::string_view conversion) {
  throw std::invalid_argument("time format: there is no conversion '" + std::string(conversion) + "'; a % is %%");
}

void compile_into(Steps& steps, std::string_view format);

/// Compiles the conversion at the start of `text`, which is behind its %; returns its length.
std::size_t compile_conversion(Steps& steps, std::string_view text) {
  constexpr std::string_view flags = "-0_^#:EO";
  std::size_t at = 0;
  while (at < text.size() && flags.find(text[at]) != std::string_view::npos) ++at;
  unsigned width = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    width = std::min(width * 10 + static_cast<unsigned>(text[at] - '0'), 9U);
  }
  if (at == text.size()) fail("%" + std::string(text));
  for (const Composite& composite : composites) {
    if (composite.type != text[at]) continue;
    compile_into(steps, composite.format);
    return at + 1;
  }
  for (const Simple& simple : simples) {
    if (simple.type != text[at]) continue;
    steps.push_back(simple.step);
    if (simple.step.kind == Kind::fraction) steps.back().width = static_cast<std::uint8_t>(width);
    return at + 1;
  }
  fail("%" + std::string(text.substr(0, at + 1)));
}

void compile_into(Steps& steps, std::string_view format) {
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] == '%') {
      at += compile_conversion(steps, format.substr(at + 1));
    } else {
      steps.push_back(is_space(format[at]) ? Step{Kind::space} : Step{Kind::literal, 0, format[at]});
    }
  }
}

}  // namespace

Steps compile_format(std::string_view format) {
  Steps steps;
  compile_into(steps, format);
  // Where digits follow, a field takes as many as it usually has.
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    if (steps[i].width != 0 || !reads_digits(steps[i + 1])) continue;
    if (steps[i].kind == Kind::year) steps[i].width = 4;
    if (steps[i].kind == Kind::fraction) steps[i].width = steps[i].letter == 'L' ? 3 : 9;
  }
  return steps;
}

Steps iso8601_steps() {
  Steps steps = compile_format("%Y-%m-%d");
  steps.push_back({Kind::date_separator});
  compile_into(steps, "%H:%M:%S");
  steps.push_back({Kind::point_and_fraction});
  steps.push_back({Kind::zone_if_any});
  return steps;
}

}  // namespace logboom::timeparse
