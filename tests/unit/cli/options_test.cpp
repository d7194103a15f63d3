#include "cli/options.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>
#include <vector>

namespace logboom {
namespace {

using Command = CliOptions::Command;
using testing::HasSubstr;

struct Surroundings {
  std::map<std::string, std::string> variables;
  std::set<std::string> files;

  CliEnvironment environment() const {
    return {[this](const std::string& name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              return found == variables.end() ? std::nullopt : std::optional(found->second);
            },
            [this](const std::string& path) { return files.contains(path); }};
  }
};

CliOptions parse(std::vector<const char*> arguments, const Surroundings& surroundings = {}) {
  arguments.insert(arguments.begin(), "logboom");
  return parse_cli(static_cast<int>(arguments.size()), arguments.data(), surroundings.environment());
}

TEST(Cli, without_arguments_it_runs_the_default_configuration) {
  const CliOptions options = parse({});
  EXPECT_EQ(options.command, Command::run);
  EXPECT_EQ(options.config_path, "/etc/fluent/fluent.conf");
  EXPECT_EQ(options.log_level, std::nullopt);
  EXPECT_FALSE(options.dry_run);
}

TEST(Cli, the_default_configuration_follows_the_surroundings) {
  EXPECT_EQ(parse({}, {{}, {"/etc/logboom/logboom.conf"}}).config_path, "/etc/logboom/logboom.conf");
  EXPECT_EQ(parse({}, {{{"FLUENTD_CONF", "test.conf"}}, {"/etc/logboom/logboom.conf"}}).config_path,
            "/fluentd/etc/test.conf");
  EXPECT_EQ(parse({}, {{{"FLUENTD_CONF", "test.conf"}, {"FLUENT_CONF", "/x.conf"}}, {}}).config_path, "/x.conf");
  EXPECT_EQ(parse({}, {{{"FLUENTD_CONF", ""}, {"FLUENT_CONF", ""}}, {}}).config_path, "/etc/fluent/fluent.conf");
  EXPECT_EQ(parse({"-c", "y.conf"}, {{{"FLUENT_CONF", "/x.conf"}}, {}}).config_path, "y.conf");
}

TEST(Cli, the_last_configuration_counts) { EXPECT_EQ(parse({"-c", "a", "--config", "b"}).config_path, "b"); }

TEST(Cli, each_v_logs_more_and_each_q_less) {
  EXPECT_EQ(parse({"-v"}).log_level, LogLevel::debug);
  EXPECT_EQ(parse({"-vv"}).log_level, LogLevel::trace);
  EXPECT_EQ(parse({"-v", "-v"}).log_level, LogLevel::trace);
  EXPECT_EQ(parse({"-vvv"}).log_level, LogLevel::trace);
  EXPECT_EQ(parse({"-q"}).log_level, LogLevel::warn);
  EXPECT_EQ(parse({"-qq"}).log_level, LogLevel::error);
}

TEST(Cli, the_other_options_are_taken_as_fluentd_writes_them) {
  const CliOptions options = parse({"--dry-run", "-o", "own.log", "-i", "<a>\\n</a>", "--suppress-config-dump"});
  EXPECT_TRUE(options.dry_run);
  EXPECT_EQ(options.log_path, "own.log");
  EXPECT_EQ(options.inline_config, "<a>\n</a>");
  EXPECT_TRUE(options.suppress_config_dump);
  EXPECT_EQ(parse({"-i", "-"}).inline_config, "-");
  EXPECT_EQ(parse({"--log=x"}).log_path, "x");
}

TEST(Cli, a_plugins_parameters_can_be_asked_for) {
  const CliOptions options = parse({"--show-plugin-config=output:file"});
  EXPECT_EQ(options.command, Command::show_plugin);
  EXPECT_EQ(options.plugin, "output:file");
}

TEST(Cli, healthcheck_has_the_forward_port_as_its_default) {
  EXPECT_EQ(parse({"healthcheck"}).command, Command::healthcheck);
  EXPECT_EQ(parse({"healthcheck"}).port, 24224);
  EXPECT_EQ(parse({"healthcheck", "--port", "5140"}).port, 5140);
  EXPECT_THROW(parse({"healthcheck", "--port", "70000"}), CliError);
}

TEST(Cli, help_and_version_are_texts_to_print) {
  EXPECT_EQ(parse({"--version"}).command, Command::print);
  EXPECT_THAT(parse({"--version"}).text, testing::StartsWith("logboom "));
  EXPECT_EQ(parse({"-h"}).command, Command::print);
  for (const char* word : {"--config", "--dry-run", "--version", "healthcheck", "FLUENT_CONF", "USR1"}) {
    EXPECT_THAT(parse({"--help"}).text, HasSubstr(word));
  }
}

TEST(Cli, what_it_does_not_know_is_an_error_that_names_it) {
  try {
    parse({"--no-such-thing"});
    FAIL();
  } catch (const CliError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--no-such-thing"));
  }
  EXPECT_THROW(parse({"-c"}), CliError);
}

}  // namespace
}  // namespace logboom
