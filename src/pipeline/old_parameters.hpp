#pragma once

#include <logboom/params.hpp>

#include "pipeline/registry.hpp"

namespace logboom {

/// Rewrites the flat parameters of Fluentd 0.12 – `type`, `buffer_chunk_limit`, `format`, `include_time_key` and so on
/// – as the sections that took their place, where the plugin has such a section and the configuration has not. The new
/// elements have the places of the old parameters. Warns once an element, naming the new spelling.
///
/// What a plugin declares as a parameter of its own is left alone.
/// Reference: https://docs.fluentd.org/plugin-helper-overview/api-plugin-helper-compat_parameters
void modernize(Element& root, const Registry& registry, const WarnFn& warn);

}  // namespace logboom
