#include "pipeline/problem.hpp"

#include <algorithm>
#include <tuple>

namespace logboom {

namespace {

auto key(const Problem& problem) {
  return std::tuple(problem.pos.file ? std::string_view(*problem.pos.file) : std::string_view(), problem.pos.line,
                    problem.pos.column, problem.severity, std::string_view(problem.message));
}

}  // namespace

std::string_view severity_word(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::info: return "info";
  }
  return {};
}

void sort_problems(std::vector<Problem>& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) { return key(a) < key(b); });
  const auto same = [](const auto& a, const auto& b) { return key(a) == key(b); };
  problems.erase(std::unique(problems.begin(), problems.end(), same), problems.end());
}

}  // namespace logboom
