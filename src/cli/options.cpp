#include "cli/options.hpp"

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include <CLI/CLI.hpp>

namespace logboom {
namespace {

constexpr const char* footer =
    "Without -c the configuration is $FLUENT_CONF, else /fluentd/etc/$FLUENTD_CONF, else /etc/logboom/logboom.conf,\n"
    "else /etc/fluent/fluent.conf.\n"
    "Signals: TERM and INT stop, USR1 flushes and opens files anew, CONT prints all counters.\n"
    "Exit status: 0 fine, 1 a command line or configuration that is wrong, or a port that is taken.";

struct Flags {
  bool version = false;
  int verbose = 0;
  int quiet = 0;
};

void declare_options(CLI::App& app, CliOptions& options, Flags& flags) {
  app.set_help_flag("-h,--help", "Print this and end");
  app.add_flag("--version", flags.version, "Print the version and end");
  app.add_option("-c,--config", options.config_path, "The configuration file")->type_name("FILE")->take_last();
  app.add_option("-i,--inline-config", options.inline_config, "Configuration text behind the file's; '-' reads stdin")
      ->type_name("TEXT")
      ->take_last();
  app.add_flag("--dry-run", options.dry_run, "Check the configuration and end");
  app.add_flag("-v,--verbose", flags.verbose, "Log more: -v debug, -vv trace");
  app.add_flag("-q,--quiet", flags.quiet, "Log less: -q warnings, -qq errors");
  app.add_option("-o,--log", options.log_path, "Log to this file instead of stderr")->type_name("FILE")->take_last();
  app.add_option("-p,--plugin", options.plugin_folders,
                 "A folder of plugins; those of others are not loaded, and are named in a warning")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_flag("--suppress-config-dump", options.suppress_config_dump, "Don't log the configuration at start");
  app.add_option("--show-plugin-config", options.plugin, "Print a plugin's parameters and end, as in output:file")
      ->type_name("[KIND:]NAME");
  app.footer(footer);
}

std::optional<LogLevel> level_of(const Flags& flags) {
  switch (flags.quiet - flags.verbose) {
    case 0: return std::nullopt;
    case 1: return LogLevel::warn;
    case -1: return LogLevel::debug;
    default: return flags.quiet > flags.verbose ? LogLevel::error : LogLevel::trace;
  }
}

// Fluentd reads a backslash and an n as a new line there.
std::string with_line_ends(std::string text) {
  for (std::size_t at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at)) text.replace(at, 2, "\n");
  return text;
}

void finish(const CLI::App& app, const Flags& flags, CliOptions& options) {
  using Command = CliOptions::Command;
  if (flags.version) {
    options.command = Command::print;
    options.text = "logboom " LOGBOOM_VERSION "\n";
  } else if (app.got_subcommand("healthcheck")) {
    options.command = Command::healthcheck;
  } else if (app.got_subcommand("docs")) {
    options.command = Command::docs;
  } else if (!options.plugin.empty()) {
    options.command = Command::show_plugin;
  }
  options.log_level = level_of(flags);
  if (options.inline_config) options.inline_config = with_line_ends(*std::move(options.inline_config));
}

}  // namespace

CliEnvironment CliEnvironment::of_process() {
  return {[](const std::string& name) -> std::optional<std::string> {
            const char* const value = std::getenv(name.c_str());
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
          [](const std::string& path) {
            std::error_code ignored;
            return std::filesystem::exists(path, ignored);
          }};
}

std::string default_config_path(const CliEnvironment& environment) {
  const auto given = [&](const char* name) { return environment.variable(name).value_or(""); };
  if (const std::string path = given("FLUENT_CONF"); !path.empty()) return path;
  if (const std::string name = given("FLUENTD_CONF"); !name.empty())
    return std::filesystem::path("/fluentd/etc") / name;
  const std::string own = "/etc/logboom/logboom.conf";
  return environment.exists(own) ? own : "/etc/fluent/fluent.conf";
}

CliOptions parse_cli(int argc, const char* const* argv, const CliEnvironment& environment) {
  // Fluentd's image takes the program's name as the first word of its command.
  if (argc > 1 && std::string_view(argv[1]) == "fluentd") {
    --argc;
    ++argv;
  }
  CliOptions options;
  options.config_path = default_config_path(environment);
  Flags flags;
  CLI::App app("logboom collects containers' logs. It reads Fluentd's configuration files.", "logboom");
  declare_options(app, options, flags);
  CLI::App* const check = app.add_subcommand("healthcheck", "End with 0 when 127.0.0.1 takes connections on the port");
  check->add_option("--port", options.port, "The port")->capture_default_str();
  CLI::App* const docs = app.add_subcommand("docs", "Write the plugin reference")->group("");
  docs->add_option("folder", options.docs_folder)->required();
  try {
    app.parse(argc, argv);
    finish(app, flags, options);
  } catch (const CLI::CallForHelp&) {
    options.command = CliOptions::Command::print;
    options.text = app.help() + "\n";
  } catch (const CLI::ParseError& error) {
    throw CliError(std::string(error.what()) + " (see logboom --help)");
  }
  return options;
}

}  // namespace logboom
