#pragma once

#include <vector>

#include "pipeline/problem.hpp"
#include "pipeline/registry.hpp"

namespace logboom {

/// Everything that can be said of a configuration without starting it: all errors, the warnings of a start, and what
/// lint() finds. Sorted. Opens neither files nor sockets.
std::vector<Problem> check_configuration(const Element& root, const Registry& registry);

/// An error or a warning as a problem; a warning of the core has no rule of its own, so that it is told by its text.
Problem problem_of(const ConfigError& error);
Problem warning_problem(const SourcePos& pos, std::string message);

}  // namespace logboom
