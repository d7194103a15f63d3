#pragma once

#include <optional>

#include "cli/options.hpp"

namespace CLI {
class App;
}

namespace logboom {

/// The commands about a running process and what it keeps in its state directory.
void declare_state_commands(CLI::App& app, CliOptions& options);
/// Which of them was asked for.
std::optional<CliOptions::Command> state_command(const CLI::App& app);

}  // namespace logboom
