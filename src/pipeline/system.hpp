#pragma once

#include <optional>
#include <string>

#include <logboom/plugin.hpp>

#include "base/log.hpp"

namespace logboom {

/// What `<system>` says: what plugins may know, and what only the program needs.
struct SystemSection {
  SystemSettings settings;
  std::optional<LogLevel> log_level;
  std::string log_path;  // empty: where -o says, else stderr
  LogStyle log_style;
  LogRotation log_rotation;
  std::uint64_t dead_letters_limit = std::uint64_t{1} << 30;  // bytes
  bool suppress_config_dump = false;
  bool without_source = false;
  std::string process_name;
  std::optional<FileMode> umask;
};

/// Reads all `<system>` sections of a configuration, and looks whether its `<worker>` sections fit them. Throws
/// ConfigError; warns of what has no effect here.
SystemSection read_system(const Element& root, const WarnFn& warn);

}  // namespace logboom
