#pragma once

#include "cli/options.hpp"

namespace CLI {
class App;
}

namespace logboom {

void declare_certs(CLI::App& app, CliOptions& options);

}  // namespace logboom
