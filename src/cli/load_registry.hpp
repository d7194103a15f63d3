#pragma once

#include <functional>
#include <string>

#include "cli/options.hpp"
#include "pipeline/registry.hpp"

namespace logboom {

/// The built-in plugins and those of the folders that the command line names. `warn` hears what is not loaded, and why.
Registry load_registry(const CliOptions& options, const std::function<void(const std::string&)>& warn);

}  // namespace logboom
