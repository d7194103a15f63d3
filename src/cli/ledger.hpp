#pragma once

#include <iosfwd>

#include "cli/options.hpp"

namespace logboom {

/// Prints the ledger: of the process that runs, else its last checkpoint. Returns the exit status: 0, 1 where it does
/// not balance, 2 where there is none.
int ledger_command(const CliOptions& options, std::ostream& out, std::ostream& notes);

}  // namespace logboom
