#include "cli/options.hpp"

#include "cli/options_certs.hpp"
#include "cli/options_state.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>

#include <CLI/CLI.hpp>

namespace logboom {
namespace {

constexpr const char* footer =
    "Without -c the configuration is $FLUENT_CONF, else /fluentd/etc/$FLUENTD_CONF, else /etc/logboom/logboom.conf,\n"
    "else /etc/fluent/fluent.conf.\n"
    "Signals: TERM and INT stop, HUP reloads, USR1 flushes and opens files anew, USR2 hands over to a new\n"
    "process, CONT prints all counters.\n"
    "Exit status: 0 fine, 1 a command line or configuration that is wrong, or a port that is taken.";

constexpr const char* default_setup_folder = "/etc/fluent";

struct Flags {
  bool version = false;
  int verbose = 0;
  int quiet = 0;
  std::string rotate_age;
  std::optional<std::uint64_t> rotate_size;
  std::string umask;
  std::string encoding = "utf-8";
};

struct IgnoredOption {
  const char* names;
  int values;          // how many words follow; -1: one or none
  const char* reason;  // nullptr: logboom does what it asks for anyway
};

constexpr const char* no_ruby = "logboom runs no Ruby";
constexpr const char* one_process = "logboom is one process";

// Fluentd's options that change nothing here.
constexpr std::array<IgnoredOption, 16> ignored_options{{
    {"-I", 1, no_ruby},
    {"-r", 1, no_ruby},
    {"-g,--gemfile", 1, no_ruby},
    {"-G,--gem-path", 1, no_ruby},
    {"--no-supervisor", 0, nullptr},
    {"--under-supervisor", 0, one_process},
    {"--disable-shared-socket", 0, one_process},
    {"--log-event-verbose", 0, "events are not logged"},
    {"-t,--emit-error-log-interval", 1, "lines about events that fail are limited anyway"},
    {"--suppress-repeated-stacktrace", -1, nullptr},
    {"--with-source-only", 0, "sources and outputs run as always"},
    {"--use-v1-config", 0, nullptr},
    {"--use-v0-config", 0, "the configuration is read as v1; parameters of v0.12 are known there too"},
    {"--strict-config-value", 0, nullptr},
    {"--enable-input-metrics", 0, nullptr},
    {"--enable-size-metrics", 0, nullptr},
}};

void declare_process_options(CLI::App& app, CliOptions& options, Flags& flags) {
  app.add_option("--workers", options.workers, "Threads that receive and route events, instead of what <system> says")
      ->type_name("NUMBER")
      ->check(CLI::Range(1U, 256U));
  app.add_option("-d,--daemon", options.daemon_path, "Run in the background; the process's number goes to the file")
      ->type_name("PIDFILE");
  app.add_option("--user", options.user, "Run as this user; ports below 1024 stay possible")->type_name("NAME");
  app.add_option("--group", options.group, "Run as this group")->type_name("NAME");
  app.add_option("--umask", flags.umask, "The process's umask, in octal")->type_name("UMASK");
  app.add_flag("--without-source", options.without_source, "Run without the sources: what is buffered is written");
}

void declare_log_options(CLI::App& app, CliOptions& options, Flags& flags) {
  app.add_flag("-v,--verbose", flags.verbose, "Log more: -v debug, -vv trace");
  app.add_flag("-q,--quiet", flags.quiet, "Log less: -q warnings, -qq errors");
  app.add_option("-o,--log", options.log_path, "Log to this file instead of stderr")->type_name("FILE")->take_last();
  app.add_option("--log-rotate-age", flags.rotate_age,
                 "When the log's file is put aside: daily, weekly or monthly; or how many files there are")
      ->type_name("AGE");
  app.add_option("--log-rotate-size", flags.rotate_size, "The size from which on the log's file is put aside")
      ->type_name("BYTES");
  app.add_flag("--suppress-config-dump", options.suppress_config_dump, "Don't log the configuration at start");
}

void declare_ignored_options(CLI::App& app, CliOptions& options, Flags& flags) {
  for (const IgnoredOption& option : ignored_options) {
    const auto note = [&options, &option] {
      if (option.reason != nullptr)
        options.warnings.push_back(std::string(option.names) + " has no effect in logboom: " + option.reason);
    };
    if (option.values == 0) {
      app.add_flag_callback(option.names, note)->group("");
    } else {
      app.add_option_function<std::vector<std::string>>(option.names, [note](const auto&) { note(); })
          ->expected(option.values < 0 ? 0 : 1, 1)
          ->allow_extra_args(false)
          ->take_all()
          ->group("");
    }
  }
  app.add_option("--conf-encoding", flags.encoding)->group("");
}

void declare_options(CLI::App& app, CliOptions& options, Flags& flags) {
  app.set_help_flag("-h,--help", "Print this and end");
  app.add_flag("--version", flags.version, "Print the version and end");
  app.add_option("-c,--config", options.config_path, "The configuration file")->type_name("FILE")->take_last();
  app.add_option("-i,--inline-config", options.inline_config, "Configuration text behind the file's; '-' reads stdin")
      ->type_name("TEXT")
      ->take_last();
  app.add_flag("--dry-run", options.dry_run, "Check the configuration and end");
  app.add_option("--config-file-type", options.config_type, "v1, yaml, or guess by the file's name (the default)")
      ->type_name("TYPE")
      ->transform(CLI::Transformer(std::map<std::string, ConfigType>{{"guess", ConfigType::guess},
                                                                     {"v1", ConfigType::v1},
                                                                     {"yaml", ConfigType::yaml},
                                                                     {"yml", ConfigType::yaml}}));
  app.add_option("-p,--plugin", options.plugin_folders,
                 "A folder of plugins to load, beside $FLUENT_PLUGIN (else /etc/fluent/plugin)")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_option("--show-plugin-config", options.plugin, "Print a plugin's parameters and end, as in output:file")
      ->type_name("[KIND:]NAME");
  app.add_option(
         "-s,--setup", options.setup_folder,
         std::string("Write a configuration to begin with, by default to ") + default_setup_folder + ", and end")
      ->type_name("[DIR]")
      ->expected(0, 1);
  declare_log_options(app, options, flags);
  declare_process_options(app, options, flags);
  declare_ignored_options(app, options, flags);
  app.footer(footer);
}

void add_config_option(CLI::App& command, CliOptions& options) {
  command.add_option("-c,--config", options.config_path, "The configuration file")->type_name("FILE")->take_last();
}

void accept_common_options(CLI::App& command) {
  command.fallthrough();
  command.footer("Options of logboom itself, such as -i TEXT and -p DIR, may stand here too.");
}

void declare_check(CLI::App& app, CliOptions& options) {
  CLI::App* const check = app.add_subcommand("check", "Say everything that is wrong or odd in the configuration");
  add_config_option(*check, options);
  accept_common_options(*check);
  check->add_flag("--strict", options.strict, "Warnings are errors");
  check->add_flag("--json", options.json, "For programs");
}

void declare_explain(CLI::App& app, CliOptions& options) {
  CLI::App* const explain = app.add_subcommand("explain", "Show the way of an event: which rules, and where it ends");
  add_config_option(*explain, options);
  accept_common_options(*explain);
  explain->add_option("tag", options.explain_tag, "The event's tag")->required();
  explain->add_option("--record", options.explain_record, "Its record; one as Docker sends it if not given")
      ->type_name("JSON");
  auto* const label = explain->add_option("--label", options.explain_label, "The label where it comes in");
  explain->add_option("--source", options.explain_source, "The @id of the source that it comes from")->excludes(label);
  explain->add_flag("--json", options.json, "For programs");
}

void declare_test(CLI::App& app, CliOptions& options) {
  CLI::App* const test = app.add_subcommand("test", "Run cases: a configuration, events, and what must come of them");
  test->add_option("folder", options.test_folder, "The folder of the cases")->required();
  test->add_flag("--update", options.update, "Write what comes as what is expected");
  test->add_flag("--json", options.json, "For programs");
}

void declare_verify(CLI::App& app, CliOptions& options) {
  CLI::App* const verify = app.add_subcommand("verify", "Compare files of 'integrity sha256' with their hash chains");
  auto* const paths = verify->add_option("path", options.verify_paths, "Files, directories or patterns");
  verify->add_option("--key", options.verify_key, "The public key that must have signed them (PEM)")->type_name("FILE");
  verify
      ->add_option("--make-key", options.make_key, "Make a key for integrity_key there, and its public one in FILE.pub")
      ->type_name("FILE")
      ->excludes(paths);
  verify->add_flag("--json", options.json, "For programs");
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

unsigned umask_of(const std::string& text) {
  unsigned out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 8);
  if (error != std::errc() || end != text.data() + text.size() || out > 0777) {
    throw CliError("--umask: expected up to three octal digits such as 022 but found '" + text + "'");
  }
  return out;
}

// What of the flags takes more than one step to become an option.
void finish_values(const Flags& flags, CliOptions& options) {
  options.log_level = level_of(flags);
  if (options.log_path == "-") options.log_path.clear();
  if (!flags.umask.empty()) options.umask = umask_of(flags.umask);
  if (flags.encoding != "utf-8" && flags.encoding != "UTF-8") {
    options.warnings.push_back("--conf-encoding: the configuration is read as UTF-8");
  }
  if (flags.rotate_age.empty() && !flags.rotate_size) return;
  try {
    options.log_rotation = log_rotation(flags.rotate_age, flags.rotate_size);
  } catch (const std::invalid_argument& error) {
    throw CliError(std::string("--log-rotate-age: ") + error.what());
  }
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
  } else if (app.got_subcommand("check")) {
    options.command = Command::check;
  } else if (app.got_subcommand("explain")) {
    options.command = Command::explain;
  } else if (app.got_subcommand("test")) {
    options.command = Command::test;
  } else if (app.got_subcommand("verify")) {
    options.command = Command::verify;
    if (options.verify_paths.empty() && options.make_key.empty()) throw CliError("verify: which file or directory?");
  } else if (app.got_subcommand("certs")) {
    options.command = Command::certs;
  } else if (const auto command = state_command(app)) {
    options.command = *command;
  } else if (app.count("--setup") > 0) {
    options.command = Command::setup;
    if (options.setup_folder.empty()) options.setup_folder = default_setup_folder;
  } else if (!options.plugin.empty()) {
    options.command = Command::show_plugin;
  }
  finish_values(flags, options);
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

std::string default_plugin_folder(const CliEnvironment& environment) {
  if (const auto given = environment.variable("FLUENT_PLUGIN"); given && !given->empty()) return *given;
  const std::string usual = "/etc/fluent/plugin";
  return environment.exists(usual) ? usual : "";
}

CliOptions parse_cli(int argc, const char* const* argv, const CliEnvironment& environment) {
  std::vector<std::string> arguments(argv, argv + argc);
  // Fluentd's image takes the program's name as the first word of its command.
  if (argc > 1 && std::string_view(argv[1]) == "fluentd") {
    --argc;
    ++argv;
  }
  CliOptions options;
  options.arguments = std::move(arguments);
  options.config_path = default_config_path(environment);
  const std::string default_folder = default_plugin_folder(environment);
  Flags flags;
  CLI::App app("logboom collects containers' logs. It reads Fluentd's configuration files.", "logboom");
  declare_options(app, options, flags);
  CLI::App* const check = app.add_subcommand("healthcheck", "End with 0 when 127.0.0.1 takes connections on the port");
  check->add_option("--port", options.port, "The port")->capture_default_str();
  CLI::App* const docs = app.add_subcommand("docs", "Write the plugin reference")->group("");
  docs->add_option("folder", options.docs_folder)->required();
  declare_check(app, options);
  declare_explain(app, options);
  declare_test(app, options);
  declare_verify(app, options);
  declare_state_commands(app, options);
  declare_certs(app, options);
  try {
    app.parse(argc, argv);
    finish(app, flags, options);
    if (!default_folder.empty()) options.plugin_folders.insert(options.plugin_folders.begin(), default_folder);
  } catch (const CLI::CallForHelp&) {
    options.command = CliOptions::Command::print;
    options.text = app.help() + "\n";
  } catch (const CLI::ParseError& error) {
    throw CliError(std::string(error.what()) + " (see logboom --help)");
  }
  return options;
}

}  // namespace logboom
