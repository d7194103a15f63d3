#pragma once

#include <iosfwd>

#include "cli/options.hpp"
#include "pipeline/registry.hpp"

namespace logboom {

/// `logboom explain TAG`: which rules an event of that tag meets, and where it ends. Returns the exit status: 0, or 3
/// where no match takes it. Throws ConfigError, and CliError for a record that is none.
int explain_command(const CliOptions& options, const Registry& registry, std::ostream& out);

}  // namespace logboom
