#include "cli/state.hpp"

#include "admin/state_folder.hpp"
#include "cli/load_config.hpp"

namespace logboom {

std::string root_dir_of(const CliOptions& options) {
  if (!options.state.root_dir.empty()) return options.state.root_dir;
  ParseOptions parse;
  parse.warn = [](const SourcePos&, const std::string&) {};
  std::string root_dir = load_config(options, parse).system.settings.root_dir;
  if (root_dir.empty())
    throw CliError(cat(options.config_path,
                       ": <system> has no root_dir, so that nothing is kept and no commands are answered; set one, or "
                       "name a state directory with --root-dir"));
  return root_dir;
}

std::string socket_of(const CliOptions& options) {
  return options.state.socket.empty() ? control_path(root_dir_of(options)) : options.state.socket;
}

}  // namespace logboom
