#pragma once

#include <iosfwd>

#include "cli/options.hpp"

namespace logboom {

/// `logboom dlq …`. Returns the exit status: 0; 1 where something could not be read, sent or removed; 2 where a running
/// process is needed and there is none.
int dlq_command(const CliOptions& options, std::istream& in, std::ostream& out, std::ostream& notes);

}  // namespace logboom
