#include "cli/load_registry.hpp"

#include "pipeline/plugin_loader.hpp"

namespace logboom {

Registry load_registry(const CliOptions& options, const std::function<void(const std::string&)>& warn) {
  LoadedPlugins loaded = load_plugins(builtin_plugins(), options.plugin_folders);
  for (const std::string& warning : loaded.warnings) warn(warning);
  return Registry(std::move(loaded.plugins), std::move(loaded.refused));
}

}  // namespace logboom
