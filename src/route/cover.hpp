#pragma once

#include <vector>

#include "route/pattern.hpp"

/// What can be said of patterns without any tag at hand. Tags with a newline don't count. Answers are right or "no":
/// regular expressions are compared by their text only, and patterns of uncommon complexity not at all.
namespace logboom {

/// Whether each tag that `later` matches is matched by one of `earlier` too.
bool is_covered(const PatternList& later, const std::vector<const PatternList*>& earlier);

/// Whether no tag can match both.
bool are_disjoint(const PatternList& one, const PatternList& other);

}  // namespace logboom
