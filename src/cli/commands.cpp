#include "cli/commands.hpp"

#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <iterator>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "cli/docs.hpp"
#include "cli/healthcheck.hpp"
#include "config/dump.hpp"
#include "config/parser.hpp"
#include "pipeline/registry.hpp"
#include "pipeline/runtime.hpp"
#include "pipeline/system.hpp"

namespace logboom {

namespace {

Element load(const CliOptions& options, const ParseOptions& parse) {
  Element root = parse_file(options.config_path, parse);
  if (!options.inline_config) return root;
  std::string text = *options.inline_config;
  if (text == "-") text.assign(std::istreambuf_iterator<char>(std::cin), {});
  Element more = parse_text(text, "inline", std::filesystem::current_path(), parse);
  std::move(more.children.begin(), more.children.end(), std::back_inserter(root.children));
  return root;
}

void warn_of_plugins(const std::vector<std::string>& folders, Log& log) {
  for (const std::string& folder : folders) {
    std::error_code error;
    for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
      log.warn(cat("plugin ", file.path().string(), " is not loaded: only the built-in plugins are there"));
    }
    if (error) log.warn(cat("plugin folder ", folder, ": ", error.message()));
  }
}

int run_pipeline(const CliOptions& options, OwnLog& log) {
  const Registry registry(builtin_plugins());
  MetricsRegistry metrics;
  const WarnFn warn = [&log](const SourcePos& pos, const std::string& message) {
    log.warn(cat(pos.to_string(), ": ", message));
  };
  ParseOptions parse;
  parse.warn = warn;
  warn_of_plugins(options.plugin_folders, log);
  const Element root = load(options, parse);
  const SystemSection system = read_system(root, warn);
  if (!options.log_level && system.log_level) log.set_level(*system.log_level);
  Pipeline::Context context{registry, log, metrics, system.settings, 1, warn};
  if (options.dry_run) {
    const Pipeline pipeline(root, std::move(context));
    log.info(cat(options.config_path, ": the configuration is right"));
    return 0;
  }
  log.info(cat("logboom " LOGBOOM_VERSION " starts with ", options.config_path));
  if (!options.suppress_config_dump) log.debug(cat("the configuration:\n", dump(root)));
  Runtime runtime(root, std::move(context), log, metrics);
  return runtime.run();
}

int show_plugin(const std::string& what) {
  const std::string text = plugin_help(Registry(builtin_plugins()), what);
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

int start(const CliOptions& options) {
  const std::unique_ptr<OwnLog> log = options.log_path.empty() ? make_stderr_log() : make_file_log(options.log_path);
  if (options.log_level) log->set_level(*options.log_level);
  try {
    return run_pipeline(options, *log);
  } catch (const ConfigError& error) {
    log->error(cat("config error: ", std::string_view(error.what())));
  } catch (const std::exception& error) {
    log->error(std::string_view(error.what()));
  }
  return 1;
}

}  // namespace

int run_command(const CliOptions& options) {
  switch (options.command) {
    case CliOptions::Command::print: std::cout << options.text; return 0;
    case CliOptions::Command::show_plugin: return show_plugin(options.plugin);
    case CliOptions::Command::healthcheck: return check_health(options.port);
    case CliOptions::Command::docs: write_reference(Registry(builtin_plugins()), options.docs_folder); return 0;
    case CliOptions::Command::run: return start(options);
  }
  return 1;
}

}  // namespace logboom
