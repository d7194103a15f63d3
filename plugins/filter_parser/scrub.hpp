#pragma once

#include <string>
#include <string_view>

namespace logboom::plugins {

/// `text` as it is where it is valid UTF-8; else a copy in `out` with a `?` for each part of a broken character, as
/// Ruby's `scrub("?")` makes it.
std::string_view scrub(std::string_view text, std::string& out);

}  // namespace logboom::plugins
