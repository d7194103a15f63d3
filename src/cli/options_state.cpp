#include "cli/options_state.hpp"

#include <CLI/CLI.hpp>

namespace logboom {

namespace {

CLI::App* declare(CLI::App& app, CliOptions& options, const char* name, const char* about) {
  CLI::App* const command = app.add_subcommand(name, about);
  command->add_option("-c,--config", options.config_path, "The configuration file, whose root_dir is meant")
      ->type_name("FILE")
      ->take_last();
  command->add_option("--root-dir", options.state.root_dir, "The state directory, instead of the configuration's")
      ->type_name("DIR");
  command->add_flag("--json", options.json, "For programs");
  return command;
}

void declare_socket(CLI::App& command, CliOptions& options) {
  command.add_option("--socket", options.state.socket, "Where the process listens for commands")->type_name("PATH");
}

CLI::App* declare_letters(CLI::App& app, CliOptions& options, LetterOptions::Action action, const char* name,
                          const char* about) {
  CLI::App* const command = declare(app, options, name, about);
  LetterOptions& letters = options.letters;
  command->callback([&letters, action] { letters.action = action; });
  command->add_option("ids", letters.ids, "Ids, or parts of them, of the letters that are meant; all if not given");
  command->add_option("--output", letters.output, "Only those of the output with this @id")->type_name("ID");
  command->add_option("--tag", letters.tag, "Only those with a tag that matches")->type_name("PATTERN");
  command->add_option("--reason", letters.reason, "Only those given up for this reason")->type_name("WORD");
  command->add_option("--older-than", letters.older_than, "Only those given up before then")->type_name("AGE|TIME");
  command->add_option("--newer-than", letters.newer_than, "Only those given up since then")->type_name("AGE|TIME");
  return command;
}

void declare_dlq(CLI::App& app, CliOptions& options) {
  using What = LetterOptions::Action;
  CLI::App* const dlq = app.add_subcommand("dlq", "What outputs could not deliver: list, show, resend, purge");
  dlq->require_subcommand(1);
  declare_letters(*dlq, options, What::list, "list", "List dead letters");
  declare_letters(*dlq, options, What::show, "show", "Print their records, one JSON object a line");
  CLI::App* const again =
      declare_letters(*dlq, options, What::resend, "resend", "Send them again; each is removed once it is delivered");
  again->add_flag("--all", options.letters.all, "All dead letters");
  again->add_option("--to", options.letters.to, "To the output with this @id instead of its own")->type_name("ID");
  again->add_flag("--no-wait", options.letters.no_wait, "Don't wait until they are delivered");
  declare_socket(*again, options);
  CLI::App* const purge = declare_letters(*dlq, options, What::purge, "purge", "Remove them");
  purge->add_flag("--all", options.letters.all, "All dead letters");
  purge->add_flag("--yes", options.letters.yes, "Don't ask");
}

void declare_replay(CLI::App& app, CliOptions& options) {
  ReplayOptions& replay = options.replay;
  CLI::App* const command = declare(app, options, "replay", "Send events again that a file buffer has kept (retain)");
  command->add_option("--tag", replay.tag, "Those with a tag that matches")
      ->type_name("PATTERN")
      ->capture_default_str();
  command->add_option("--since", replay.since, "Those whose time is then or later")->type_name("AGE|TIME")->required();
  command->add_option("--until", replay.until, "Those whose time is then or before")->type_name("AGE|TIME");
  command->add_option("--from", replay.from, "The @id of the output whose buffer is read")->type_name("ID");
  command->add_option("--to", replay.to, "The @id of the output that they are sent to")->type_name("ID");
  command->add_option("--rate", replay.rate, "So many events a second at most")->type_name("NUMBER");
  command->add_flag("--dry-run", replay.dry_run, "Only count them");
  declare_socket(*command, options);
}

}  // namespace

void declare_state_commands(CLI::App& app, CliOptions& options) {
  CLI::App* const ledger = declare(app, options, "ledger",
                                   "Show what came in and what became of it; ends with 1 where that doesn't balance");
  declare_socket(*ledger, options);
  ledger->add_flag("--tags", options.state.tags, "A line for each tag, too");
  declare_dlq(app, options);
  declare_replay(app, options);
}

std::optional<CliOptions::Command> state_command(const CLI::App& app) {
  if (app.got_subcommand("ledger")) return CliOptions::Command::ledger;
  if (app.got_subcommand("dlq")) return CliOptions::Command::dlq;
  if (app.got_subcommand("replay")) return CliOptions::Command::replay;
  return std::nullopt;
}

}  // namespace logboom
