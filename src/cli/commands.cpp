#include "cli/commands.hpp"

#include <filesystem>
#include <iostream>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "cli/certs.hpp"
#include "cli/check.hpp"
#include "cli/dlq.hpp"
#include "cli/docs.hpp"
#include "cli/explain.hpp"
#include "cli/healthcheck.hpp"
#include "cli/ledger.hpp"
#include "cli/load_config.hpp"
#include "cli/load_registry.hpp"
#include "cli/process.hpp"
#include "cli/replay.hpp"
#include "cli/running_system.hpp"
#include "cli/test_command.hpp"
#include "cli/verify.hpp"
#include "config/dump.hpp"
#include "pipeline/registry.hpp"
#include "pipeline/runtime.hpp"

namespace logboom {

namespace {

/// The process as the command line and `<system>` want it. Before there are threads.
std::unique_ptr<Daemon> prepare_process(const CliOptions& options, const SystemSection& system, RunningSystem& running,
                                        OwnLog& log) {
  std::unique_ptr<Daemon> daemon;
  if (!options.daemon_path.empty()) {
    if (system.log_path.empty()) log.warn("-d without -o: the log goes nowhere once the process is in the background");
    daemon = std::make_unique<Daemon>(std::filesystem::absolute(options.daemon_path));
  }
  running.start();
  change_user(options.user, options.group, system.log_path);
  return daemon;
}

int run_pipeline(const CliOptions& options, const Registry& registry, OwnLog& log) {
  MetricsRegistry metrics;
  const WarnFn warn = [&log](const SourcePos& pos, const std::string& message) {
    log.warn(cat(pos.to_string(), ": ", message));
  };
  ParseOptions parse;
  parse.warn = warn;
  for (const std::string& warning : options.warnings) log.warn(warning);
  if (options.dry_run) return dry_run(options, registry, log);
  const auto [root, system] = load_config(options, parse);
  Pipeline::Context context{registry, log, metrics, system.settings, 1, warn};
  context.dead_letters_limit = system.dead_letters_limit;
  RunningSystem running(options, system, log);
  const std::unique_ptr<Daemon> daemon = prepare_process(options, system, running, log);
  log.info(cat("logboom " LOGBOOM_VERSION " starts with ", options.config_path));
  if (!system.suppress_config_dump) log.debug(cat("the configuration:\n", dump(root)));
  const auto load_again = [&]() -> NewConfig {
    LoadedConfig again = load_config(options, parse);
    std::string text = again.system.suppress_config_dump ? "" : dump(again.root);
    const auto take = [&running, &log, next = again.system, text = std::move(text)] {
      running.change(next);
      if (!text.empty()) log.debug(cat("the configuration:\n", text));
    };
    return {std::move(again.root), again.system.settings, take};
  };
  Runtime runtime(root, std::move(context), log, metrics, load_again);
  if (daemon) daemon->ready();
  return runtime.run();
}

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
