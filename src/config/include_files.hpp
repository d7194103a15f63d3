#pragma once

#include <logboom/config_element.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace logboom::config {

/// Whether a path has to be searched for: `*`, `?`, `[…]` or `{…}` occurs in it.
bool is_glob(std::string_view pattern);

/// The files (not directories) that match, sorted as bytes; `pattern` is relative to `base` unless it is absolute.
/// `*`, `?`, `[…]` within one part, not at a leading dot; `{a,b}`; `**/` any number of directories, hidden and linked
/// ones left out. Throws std::length_error when the pattern asks for more than a configuration can sensibly mean.
std::vector<std::filesystem::path> expand_glob(const std::filesystem::path& base, const std::string& pattern);

/// The contents of a file. Throws ConfigError at `wanted_at` when it can't be read or is larger than 64 MiB.
std::string read_config_file(const std::filesystem::path& path, const SourcePos& wanted_at);

}  // namespace logboom::config
