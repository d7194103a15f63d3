#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <logboom/config_element.hpp>

namespace logboom {

enum class Severity : std::uint8_t { error, warning, info };

/// "error", "warning", "info".
std::string_view severity_word(Severity severity);

/// Something that a configuration's author should know.
struct Problem {
  Severity severity;
  SourcePos pos;
  std::string message;
  std::string suggestion;  // what to do; empty where the message says it
  std::string rule;        // a short name, the same for all problems of a kind
};

/// Sorted by place, then by severity; each problem once.
void sort_problems(std::vector<Problem>& problems);

}  // namespace logboom
