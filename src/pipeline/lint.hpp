#pragma once

#include <vector>

#include "pipeline/problem.hpp"
#include "pipeline/registry.hpp"

namespace logboom {

/// What a configuration says without effect, or to an effect that is hardly meant: rules that can't be reached, labels
/// that nothing uses, sources that nothing takes from, listeners in one another's way. Silent where it can't be sure.
/// Parts that are errors are passed over.
std::vector<Problem> lint(const Element& root, const Registry& registry);

}  // namespace logboom
