#pragma once

#include <string>
#include <string_view>

#include <logboom/config_element.hpp>
#include <logboom/params.hpp>
#include <logboom/plugin.hpp>

namespace logboom {

/// An element's parameters and sections as one text, without positions: two elements that say the same have the same
/// content. The element's own name and argument are not part of it: a `<match>`'s pattern is not the output's matter.
std::string content_of(const Element& element);

/// By what a reload finds a plugin again: its kind and `@id`, or where it has none its kind, type and content.
std::string identity_of(PluginKind kind, std::string_view type, std::string_view given_id, std::string_view content);

/// What `<system>` says of the files that outputs make, which is part of what each of them is.
std::string permissions_of(const SystemSettings& system);

}  // namespace logboom
