#pragma once

#include <stdexcept>
#include <string>

#include "cli/options.hpp"

namespace logboom {

/// The state directory that the command line or the configuration names. Throws CliError where none does, and
/// ConfigError.
std::string root_dir_of(const CliOptions& options);

/// Where the process listens that the command is about.
std::string socket_of(const CliOptions& options);

}  // namespace logboom
