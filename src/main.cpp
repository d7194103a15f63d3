#include <exception>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/options.hpp"

int main(int argc, char** argv) {
  try {
    return logboom::run_command(logboom::parse_cli(argc, argv, logboom::CliEnvironment::of_process()));
  } catch (const std::exception& error) {
    std::cerr << "logboom: " << error.what() << "\n";
    return 1;
  }
}
