#pragma once

#include <optional>

#include <logboom/plugin.hpp>

namespace logboom {

/// What `<system>` says: what plugins may know, and what only the program needs.
struct SystemSection {
  SystemSettings settings;
  std::optional<LogLevel> log_level;
};

/// Reads all `<system>` sections of a configuration. Throws ConfigError; warns of what has no effect here.
SystemSection read_system(const Element& root, const WarnFn& warn);

}  // namespace logboom
