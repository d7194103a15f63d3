#pragma once

#include <iosfwd>

#include "base/log.hpp"
#include "cli/options.hpp"
#include "pipeline/registry.hpp"

namespace logboom {

/// `logboom check`: what is wrong with the configuration, for people or, with --json, for programs. Returns the exit
/// status: 1 where there is an error, or with --strict a warning.
int check_command(const CliOptions& options, const Registry& registry, std::ostream& out);

/// `--dry-run`: the same, as lines of the log.
int dry_run(const CliOptions& options, const Registry& registry, Log& log);

/// Logs what made a start fail, and with it all other errors of the configuration.
void report_errors(const ConfigError& first, const CliOptions& options, const Registry& registry, Log& log);

}  // namespace logboom
