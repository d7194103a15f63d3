#include <malloc.h>

#include <exception>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace {

/// Memory that a large message needed goes back to the system when it is freed, also after many of them: glibc would
/// raise these thresholds by itself.
void keep_memory_small() {
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  mallopt(M_ARENA_MAX, 4);
}

}  // namespace

int main(int argc, char** argv) {
  keep_memory_small();
  try {
    return logboom::run_command(logboom::parse_cli(argc, argv, logboom::CliEnvironment::of_process()));
  } catch (const std::exception& error) {
    std::cerr << "logboom: " << error.what() << "\n";
    return 1;
  }
}
