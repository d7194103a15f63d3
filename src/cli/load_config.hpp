#pragma once

#include "cli/options.hpp"
#include "config/parser.hpp"
#include "pipeline/system.hpp"

namespace logboom {

struct LoadedConfig {
  Element root;
  SystemSection system;  // with what the command line says instead
};

/// The whole configuration as load_config has it, before anything of it is understood. Throws ConfigError for what
/// can't be parsed.
Element load_elements(const CliOptions& options, ParseOptions parse);

/// The whole configuration that the command line asks for: the file, the inline text, the files of `<system>`'s
/// config_include_dir (without one: of $FLUENT_CONF_INCLUDE_DIR, else of /etc/fluent/conf.d). Throws ConfigError;
/// warnings go to `parse.warn`, which must be set.
LoadedConfig load_config(const CliOptions& options, ParseOptions parse);

/// Writes a configuration to begin with to `folder`/fluent.conf unless there is one. Returns what to tell the user.
/// Throws std::runtime_error when the file can't be made.
std::string write_sample_config(const std::string& folder);

}  // namespace logboom
