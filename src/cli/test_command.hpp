#pragma once

#include <iosfwd>

#include "cli/options.hpp"
#include "pipeline/registry.hpp"

namespace logboom {

/// `logboom test DIR`: runs every case below the folder and says what came otherwise than expected. Returns the exit
/// status: 1 where a case failed, or there is none.
int test_command(const CliOptions& options, const Registry& registry, std::ostream& out);

}  // namespace logboom
