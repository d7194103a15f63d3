#pragma once

#include "cli/options.hpp"

namespace logboom {

/// Does what the command line asks for; returns the exit status. What is wrong is said on stderr.
int run_command(const CliOptions& options);

}  // namespace logboom
