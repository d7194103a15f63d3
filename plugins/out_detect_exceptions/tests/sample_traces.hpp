#pragma once

#include <string_view>
#include <vector>

namespace logboom::detect_exceptions_test {

/// A stack trace as programs of a language print it, one line after the other.
struct Sample {
  std::string_view language;
  std::string_view name;
  std::string_view text;
};

/// At least four of each language.
const std::vector<Sample>& samples();
/// Lines that belong to no trace.
const std::vector<std::string_view>& ordinary_lines();

}  // namespace logboom::detect_exceptions_test
