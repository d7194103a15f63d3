#pragma once

#include <iosfwd>

#include "cli/options.hpp"

namespace logboom {

/// Has the process that runs send events again that a file buffer has kept. Returns the exit status: 0; 1 where not
/// all was read or sent; 2 where no process runs.
int replay_command(const CliOptions& options, std::ostream& out, std::ostream& notes);

}  // namespace logboom
