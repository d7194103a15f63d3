#include "cli/options.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>
#include <vector>

namespace logboom {
namespace {

using Command = CliOptions::Command;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

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

TEST(Cli, plugin_folders_are_the_default_one_and_those_that_are_given) {
  EXPECT_EQ(parse({"-p", "a", "-p", "b"}).plugin_folders, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(parse({"-p", "a"}, {{{"FLUENT_PLUGIN", "/x"}}, {"/etc/fluent/plugin"}}).plugin_folders,
            (std::vector<std::string>{"/x", "a"}));
  EXPECT_EQ(parse({}, {{}, {"/etc/fluent/plugin"}}).plugin_folders, std::vector<std::string>{"/etc/fluent/plugin"});
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

TEST(Cli, the_process_can_be_told_what_to_be) {
  const CliOptions options = parse(
      {"-d", "/run/x.pid", "--workers", "3", "--user", "fluent", "--group=log", "--umask", "027", "--without-source"});
  EXPECT_EQ(options.daemon_path, "/run/x.pid");
  EXPECT_EQ(options.workers, 3u);
  EXPECT_EQ(options.user, "fluent");
  EXPECT_EQ(options.group, "log");
  EXPECT_EQ(options.umask, 027u);
  EXPECT_TRUE(options.without_source);
  EXPECT_THROW(parse({"--workers", "0"}), CliError);
  EXPECT_THROW(parse({"--umask", "9"}), CliError);
}

TEST(Cli, the_log_can_be_put_aside_by_age_and_size) {
  EXPECT_EQ(parse({}).log_rotation, std::nullopt);
  EXPECT_EQ(parse({"--log-rotate-age", "daily"}).log_rotation->age, LogRotation::Age::daily);
  EXPECT_EQ(parse({"--log-rotate-age", "3", "--log-rotate-size", "500"}).log_rotation->size, 500u);
  EXPECT_EQ(parse({"--log-rotate-age=3"}).log_rotation->files, 3u);
  EXPECT_THROW(parse({"--log-rotate-age", "often"}), CliError);
  EXPECT_EQ(parse({"-o", "-"}).log_path, "");
}

TEST(Cli, the_configurations_language_can_be_said) {
  EXPECT_EQ(parse({}).config_type, ConfigType::guess);
  EXPECT_EQ(parse({"--config-file-type", "yaml"}).config_type, ConfigType::yaml);
  EXPECT_EQ(parse({"--config-file-type=yml"}).config_type, ConfigType::yaml);
  EXPECT_THROW(parse({"--config-file-type", "toml"}), CliError);
}

TEST(Cli, setup_takes_a_folder_or_none) {
  EXPECT_EQ(parse({"-s"}).command, Command::setup);
  EXPECT_EQ(parse({"-s"}).setup_folder, "/etc/fluent");
  EXPECT_EQ(parse({"--setup", "here"}).setup_folder, "here");
  EXPECT_EQ(parse({"--setup=here"}).setup_folder, "here");
}

TEST(Cli, options_of_fluentd_that_change_nothing_are_named) {
  const CliOptions options =
      parse({"-I", "lib", "-r", "x", "-g", "Gemfile", "--with-source-only", "--conf-encoding", "ascii"});
  EXPECT_EQ(options.command, Command::run);
  EXPECT_THAT(options.warnings,
              UnorderedElementsAre(HasSubstr("-I has no effect"), HasSubstr("-r has no effect"), HasSubstr("--gemfile"),
                                   HasSubstr("--with-source-only"), HasSubstr("--conf-encoding")));
  EXPECT_THAT(parse({"--no-supervisor", "--strict-config-value", "--suppress-repeated-stacktrace",
                     "--suppress-repeated-stacktrace", "true", "--enable-size-metrics", "--use-v1-config"})
                  .warnings,
              testing::IsEmpty());
}

TEST(Cli, a_plugins_parameters_can_be_asked_for) {
  const CliOptions options = parse({"--show-plugin-config=output:file"});
  EXPECT_EQ(options.command, Command::show_plugin);
  EXPECT_EQ(options.plugin, "output:file");
}

TEST(Cli, check_and_explain_take_a_configuration_of_their_own) {
  const CliOptions check = parse({"check", "-c", "x.conf", "--strict", "--json"});
  EXPECT_EQ(check.command, Command::check);
  EXPECT_EQ(check.config_path, "x.conf");
  EXPECT_TRUE(check.strict && check.json);
  EXPECT_EQ(parse({"-c", "y.conf", "check"}).config_path, "y.conf");
  const CliOptions explain = parse({"explain", "app.web", "--record", "{}", "--label", "@X"});
  EXPECT_EQ(explain.command, Command::explain);
  EXPECT_EQ(explain.explain_tag, "app.web");
  EXPECT_EQ(explain.explain_label, "@X");
  EXPECT_THROW(parse({"explain"}), CliError);
  EXPECT_THROW(parse({"explain", "a", "--label", "@X", "--source", "y"}), CliError);
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
