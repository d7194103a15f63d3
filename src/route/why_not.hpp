#pragma once

#include <string>
#include <string_view>

#include "route/pattern.hpp"

namespace logboom {

/// Why none of the patterns matches the tag, in words: "the tag has 3 parts, the pattern 2". Empty where that is not
/// simple. The tag must not match.
std::string why_not(const PatternList& patterns, std::string_view tag);

/// The patterns as they stand in the configuration, with a space between them.
std::string text_of(const PatternList& patterns);

}  // namespace logboom
