#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logboom {

/// The candidates that somebody who wrote `word` may have meant, best first, three at most: few typing errors away
/// (insert, delete, replace, swap neighbours; case does not count), or one being the other's beginning.
std::vector<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// " (did you mean 'x' or 'y'?)", or nothing when nothing is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace logboom
