#pragma once

#include <logboom/params.hpp>

#include "pipeline/pipeline.hpp"

namespace logboom {

/// Where an input's acks promise what an output on its events' way can't keep: adds an error for a buffer that never
/// syncs its files, warns of one in memory, and of plugins that hold events back, whose acks do not wait for them.
void check_ack_levels(const Pipeline& pipeline, ConfigErrorCollector& errors);

}  // namespace logboom
