#pragma once

#include <string>
#include <vector>

#include "pipeline/registry.hpp"

namespace logboom {

/// What folders of plugins hold.
struct LoadedPlugins {
  std::vector<PluginInfo> plugins;     // built-in ones and those that were loaded
  std::vector<RefusedPlugin> refused;  // files that look like a plugin and can't be one
  std::vector<std::string> warnings;   // about these, and about Ruby files; for people
};

/// Loads the shared objects of these folders, each folder's in the order of their names. A library stays loaded until
/// the process ends. Nothing here is fatal: a plugin that is missing is an error of the configuration that needs it.
LoadedPlugins load_plugins(std::vector<PluginInfo> builtins, const std::vector<std::string>& folders);

}  // namespace logboom
