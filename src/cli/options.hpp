#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <logboom/log.hpp>

#include "base/log_file.hpp"
#include "cli/cert_options.hpp"
#include "config/parser.hpp"

namespace logboom {

/// Which process, or which process's state directory, a command is about. All empty: the one of the configuration.
struct StateOptions {
  std::string socket;
  std::string root_dir;
  bool tags = false;  // ledger: a line for each tag
};

/// What `logboom dlq` is asked for.
struct LetterOptions {
  enum class Action : std::uint8_t { list, show, resend, purge };
  Action action = Action::list;
  std::vector<std::string> ids;
  std::string output;
  std::string tag;
  std::string reason;
  std::string older_than;
  std::string newer_than;
  bool all = false;
  std::string to;        // resend: an output's id; empty: the one that it came from
  bool no_wait = false;  // resend
  bool yes = false;      // purge
};

/// What `logboom replay` is asked for.
struct ReplayOptions {
  std::string tag = "**";
  std::string since;
  std::string until;  // empty: now
  std::string from;   // an output's id; empty: the only one that has a file buffer
  std::string to;
  double rate = 0;  // events a second; 0: as fast as there is room
  bool dry_run = false;
};

/// What the command line asks for. Options have Fluentd's names and meaning.
struct CliOptions {
  enum class Command : std::uint8_t {
    run,
    print,        // `text`, on stdout: --help and --version
    show_plugin,  // `plugin`: --show-plugin-config
    healthcheck,  // `port`
    setup,        // `setup_folder`: a configuration to begin with
    docs,         // `docs_folder`
    check,        // `strict`, `json`
    explain,      // `explain_…`, `json`
    test,         // `test_folder`, `update`, `json`
    verify,       // `verify_…`, `make_key`, `json`
    ledger,       // `state`, `json`
    dlq,          // `letters`, `state`, `json`
    replay,       // `replay`, `state`, `json`
    certs,        // `certs`, `json`
  };
  Command command = Command::run;

  std::string config_path;  // always set; see default_config_path
  ConfigType config_type = ConfigType::guess;
  /// Configuration text behind that of the file; "-": read it from stdin.
  std::optional<std::string> inline_config;
  bool dry_run = false;
  /// What -v and -q say; nullopt leaves it to `<system>`.
  std::optional<LogLevel> log_level;
  std::string log_path;  // empty: what `<system>` says, else stderr
  std::optional<LogRotation> log_rotation;
  bool suppress_config_dump = false;
  bool without_source = false;
  std::optional<unsigned> workers;
  std::string daemon_path;  // the file for the process's number; empty: stay in the foreground
  std::string user;
  std::string group;
  std::optional<unsigned> umask;
  /// What to tell the user about options of Fluentd that change nothing here.
  std::vector<std::string> warnings;
  std::vector<std::string> plugin_folders;
  /// As they were given, the program's name first: for a new process that takes over.
  std::vector<std::string> arguments;

  std::string text;
  std::string plugin;
  std::uint16_t port = 24224;
  std::string docs_folder;
  std::string setup_folder;
  std::string explain_tag;
  std::string explain_record;  // JSON; empty: one as Docker sends it
  std::string explain_label;
  std::string explain_source;  // an `@id`
  std::string test_folder;
  std::vector<std::string> verify_paths;
  std::string verify_key;  // the file of a public key; empty: the one that a chain names
  std::string make_key;    // where to; empty: none
  bool update = false;
  bool strict = false;
  bool json = false;
  StateOptions state;
  LetterOptions letters;
  ReplayOptions replay;
  CertOptions certs;
};

/// What of the process's surroundings the command line's defaults depend on.
struct CliEnvironment {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<bool(const std::string& path)> exists;

  static CliEnvironment of_process();
};

/// A command line that can't be followed; `what()` is a sentence for people. The exit status is 1.
class CliError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws CliError.
CliOptions parse_cli(int argc, const char* const* argv, const CliEnvironment& environment);

/// FLUENT_CONF; else FLUENTD_CONF under /fluentd/etc, as in Fluentd's image; else /etc/logboom/logboom.conf if there is
/// one; else /etc/fluent/fluent.conf.
std::string default_config_path(const CliEnvironment& environment);

/// FLUENT_PLUGIN; else /etc/fluent/plugin if there is one; else empty.
std::string default_plugin_folder(const CliEnvironment& environment);

}  // namespace logboom
