#pragma once

#include <logboom/config_element.hpp>

#include <string>
#include <string_view>

namespace logboom {

/// The configuration as canonical text, without comments, everything evaluated, secrets as xxxxxx. Parsing it gives
/// the same elements again, secrets aside. The root's contents come without tags around them.
std::string dump(const Element& element);

/// Whether a parameter's value must not be shown, judged by its name (password, token …).
bool is_secret_parameter(std::string_view key);

}  // namespace logboom
