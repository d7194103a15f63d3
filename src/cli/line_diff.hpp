#pragma once

#include <string>
#include <vector>

namespace logboom {

/// The lines of both, in order: "  " before those that are the same, "- " before those only in `wanted`, "+ " before
/// those only in `have`. Empty where there is no difference.
std::vector<std::string> line_diff(const std::vector<std::string>& wanted, const std::vector<std::string>& have);

}  // namespace logboom
