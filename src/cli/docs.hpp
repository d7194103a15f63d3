#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "pipeline/registry.hpp"

namespace logboom {

/// What `--show-plugin-config` prints of each plugin that `what` means: "output:file", "out_file" or "file". Empty
/// where there is none.
std::string plugin_help(const Registry& registry, std::string_view what);

/// Writes the reference: `<kind>_<name>.md` for each plugin and README.md, the list of them. The folder is made where
/// it is missing. Throws std::runtime_error when a file can't be written.
void write_reference(const Registry& registry, const std::filesystem::path& folder);

}  // namespace logboom
