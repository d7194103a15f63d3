#pragma once

#include "base/log.hpp"
#include "cli/options.hpp"
#include "pipeline/registry.hpp"

namespace logboom {

/// Runs the pipeline of the configuration until a signal ends it, or another process has taken this one's place.
/// Returns the exit status. Throws ConfigError, and std::exception where it can't start.
int run_pipeline(const CliOptions& options, const Registry& registry, OwnLog& log);

}  // namespace logboom
