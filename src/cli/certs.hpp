#pragma once

#include <filesystem>
#include <iosfwd>

#include "cli/options.hpp"

namespace logboom {

/// `logboom certs`: returns the exit status. Throws CliError and std::runtime_error, which say what to do.
int certs_command(const CliOptions& options, std::ostream& out, std::ostream& errors);

/// Where certificates are: what `--dir` says, else `certs` beside the configuration file, else /etc/logboom/certs.
std::filesystem::path certs_folder_of(const CliOptions& options);

}  // namespace logboom
