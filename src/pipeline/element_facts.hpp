#pragma once

#include <string>
#include <string_view>

#include <logboom/config_element.hpp>

#include "route/pattern.hpp"

namespace logboom {

/// The parameter of this name, unless it is missing or says nothing (`use_nil`, `use_default`). Valid as long as the
/// element.
const Attribute* given(const Element& element, std::string_view key);
/// The `@type` of an element, or else the fallback. Throws ConfigError where both are empty.
std::string type_of(const Element& element, const std::string& fallback);
/// Where the type is written, or else where the element begins.
SourcePos type_pos(const Element& element);
/// The label that `@label NAME` means: none, "", for @ROOT.
std::string label_named(const std::string& name);
/// The argument of a `<match>` or `<filter>`. Throws ConfigError.
PatternList patterns_of(const Element& element);

}  // namespace logboom
