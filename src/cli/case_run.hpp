#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "pipeline/registry.hpp"

namespace logboom {

/// What came of one case.
struct CaseResult {
  struct Difference {
    std::string of;                  // an output's id, or "stdout"
    std::vector<std::string> lines;  // see line_diff
  };
  std::string name;
  bool updated = false;
  std::string error;  // the case could not be run
  std::vector<Difference> differences;

  bool passed() const noexcept { return error.empty() && differences.empty(); }
};

/// The folders at or below `folder` that hold a configuration and input.jsonl, sorted.
std::vector<std::filesystem::path> find_cases(const std::filesystem::path& folder);

/// Runs the case; with `update`, what came is written as what is expected. `options` says how configurations are read.
CaseResult run_case(const std::filesystem::path& folder, bool update, const CliOptions& options,
                    const Registry& registry);

}  // namespace logboom
