#pragma once

#include <iosfwd>

#include "cli/options.hpp"

namespace logboom {

/// Compares files with the hash chains beside them. 0: all lines are as written; 1: some are not; 2: that can't be
/// said, because something can't be read.
int verify_command(const CliOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace logboom
