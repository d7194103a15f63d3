#include "cli/commands.hpp"

#include <iostream>

#include "base/log.hpp"
#include "cli/certs.hpp"
#include "cli/check.hpp"
#include "cli/dlq.hpp"
#include "cli/docs.hpp"
#include "cli/explain.hpp"
#include "cli/healthcheck.hpp"
#include "cli/ledger.hpp"
#include "cli/load_config.hpp"
#include "cli/load_registry.hpp"
#include "cli/replay.hpp"
#include "cli/run.hpp"
#include "cli/test_command.hpp"
#include "cli/verify.hpp"
#include "pipeline/registry.hpp"

namespace logboom {

namespace {

Registry registry_for_command(const CliOptions& options) {
  return load_registry(options, [](const std::string& warning) { std::cerr << "logboom: " << warning << "\n"; });
}

int show_plugin(const CliOptions& options) {
  const std::string& what = options.plugin;
  const std::string text = plugin_help(registry_for_command(options), what);
  if (text.empty()) {
    std::cerr << "logboom: there is no plugin '" << what << "'; `logboom --help` says how plugins are named\n";
    return 1;
  }
  std::cout << text;
  return 0;
}

int check_health(std::uint16_t port) {
  const std::error_code error = healthcheck(port);
  if (!error) return 0;
  std::cerr << "logboom: nothing answers on 127.0.0.1:" << port << ": " << error.message() << "\n";
  return 1;
}

/// A command that needs a configuration without errors.
int on_configuration(const CliOptions& options, int (*command)(const CliOptions&, const Registry&, std::ostream&)) {
  const Registry registry = registry_for_command(options);
  try {
    return command(options, registry, std::cout);
  } catch (const ConfigError& error) {
    const std::unique_ptr<OwnLog> log = make_stderr_log();
    report_errors(error, options, registry, *log);
    return 1;
  }
}

int start(const CliOptions& options) {
  const std::unique_ptr<OwnLog> log =
      options.log_path.empty() ? make_stderr_log()
                               : make_file_log(options.log_path, options.log_rotation.value_or(LogRotation{}));
  if (options.log_level) log->set_level(*options.log_level);
  const Registry registry = load_registry(options, [&log](const std::string& warning) { log->warn(warning); });
  try {
    return run_pipeline(options, registry, *log);
  } catch (const ConfigError& error) {
    report_errors(error, options, registry, *log);
  } catch (const std::exception& error) {
    log->error(std::string_view(error.what()));
  }
  return 1;
}

}  // namespace

int run_command(const CliOptions& options) {
  switch (options.command) {
    case CliOptions::Command::print: std::cout << options.text; return 0;
    case CliOptions::Command::show_plugin: return show_plugin(options);
    case CliOptions::Command::setup: std::cout << write_sample_config(options.setup_folder); return 0;
    case CliOptions::Command::healthcheck: return check_health(options.port);
    case CliOptions::Command::docs: write_reference(Registry(builtin_plugins()), options.docs_folder); return 0;
    case CliOptions::Command::check: return check_command(options, registry_for_command(options), std::cout);
    case CliOptions::Command::explain: return on_configuration(options, explain_command);
    case CliOptions::Command::test: return test_command(options, registry_for_command(options), std::cout);
    case CliOptions::Command::verify: return verify_command(options, std::cout, std::cerr);
    case CliOptions::Command::ledger: return ledger_command(options, std::cout, std::cerr);
    case CliOptions::Command::dlq: return dlq_command(options, std::cin, std::cout, std::cerr);
    case CliOptions::Command::replay: return replay_command(options, std::cout, std::cerr);
    case CliOptions::Command::certs: return certs_command(options, std::cout, std::cerr);
    case CliOptions::Command::run: return start(options);
  }
  return 1;
}

}  // namespace logboom
