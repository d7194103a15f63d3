#include "pipeline/system.hpp"

#include <gmock/gmock.h>

#include "config/parser.hpp"

namespace logboom {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Read {
  SystemSection section;
  std::vector<std::string> warnings;
};

Read read(std::string_view text) {
  Read result;
  result.section = read_system(parse_text(text, "t.conf", ".", {}), [&](const SourcePos& pos, std::string message) {
    result.warnings.push_back(cat(pos.to_string(), ": ", message));
  });
  return result;
}

TEST(System, without_a_section_has_its_defaults) {
  const Read result = read("");
  EXPECT_GE(result.section.settings.workers, 1u);
  EXPECT_EQ(result.section.log_level, std::nullopt);
  EXPECT_FALSE(result.section.settings.file_permission.has_value());
  EXPECT_FALSE(result.section.settings.hostname.empty());
  EXPECT_THAT(result.warnings, IsEmpty());
}

TEST(System, reads_its_parameters) {
  const Read result = read(
      "<system>\n  workers 3\n  log_level debug\n  root_dir /var/lib/x\n  file_permission 640\n  dir_permission "
      "0750\n</system>\n");
  EXPECT_EQ(result.section.settings.workers, 3u);
  EXPECT_EQ(result.section.log_level, LogLevel::debug);
  EXPECT_EQ(result.section.settings.root_dir, "/var/lib/x");
  EXPECT_EQ(result.section.settings.file_permission->bits, 0640u);
  EXPECT_EQ(result.section.settings.dir_permission->bits, 0750u);
  EXPECT_THAT(result.warnings, IsEmpty());
}

TEST(System, of_several_sections_each_adds_its_own) {
  const Read result = read("<system>\n  workers 3\n</system>\n<system>\n  log_level warn\n</system>\n");
  EXPECT_EQ(result.section.settings.workers, 3u);
  EXPECT_EQ(result.section.log_level, LogLevel::warn);
}

TEST(System, reads_what_its_own_log_and_the_process_are_to_be) {
  const Read result = read(
      "<system>\n  ignore_repeated_log_interval 10s\n  ignore_same_log_interval 1m\n  suppress_config_dump true\n"
      "  without_source yes\n  process_name boom\n  umask 027\n  <log>\n    path /var/log/own.log\n    format json\n"
      "    time_format %s\n    rotate_age 5\n    rotate_size 10m\n  </log>\n</system>\n");
  const SystemSection& section = result.section;
  EXPECT_EQ(section.log_style.ignore_repeated, std::chrono::seconds(10));
  EXPECT_EQ(section.log_style.ignore_same, std::chrono::minutes(1));
  EXPECT_TRUE(section.suppress_config_dump);
  EXPECT_TRUE(section.without_source);
  EXPECT_EQ(section.process_name, "boom");
  EXPECT_EQ(section.umask->bits, 027u);
  EXPECT_EQ(section.log_path, "/var/log/own.log");
  EXPECT_EQ(section.log_style.format, LogFormat::json);
  EXPECT_EQ(section.log_style.time_format, "%s");
  EXPECT_EQ(section.log_rotation.files, 5u);
  EXPECT_EQ(section.log_rotation.size, 10u << 20);
  EXPECT_THAT(result.warnings, IsEmpty());
}

TEST(System, the_log_is_put_aside_by_age_or_size_as_fluentd_does) {
  const auto rotation = [](std::string_view lines) {
    return read(cat("<system>\n<log>\n", lines, "\n</log>\n</system>\n")).section.log_rotation;
  };
  EXPECT_EQ(rotation("").size, 0u);
  EXPECT_EQ(rotation("rotate_age weekly").age, LogRotation::Age::weekly);
  EXPECT_EQ(rotation("rotate_age 3").size, 1u << 20);
  EXPECT_EQ(rotation("rotate_size 100").files, 7u);
  EXPECT_EQ(rotation("rotate_age 0\nrotate_size 100").size, 0u);
}

TEST(System, names_parameters_that_have_no_effect_here) {
  const Read result = read(
      "<system>\n  rpc_endpoint 127.0.0.1:24444\n  emit_error_log_interval 10s\n  enable_size_metrics true\n"
      "  strict_config_value true\n  <metrics>\n    @type local\n  </metrics>\n</system>\n");
  EXPECT_THAT(result.warnings,
              ElementsAre(HasSubstr("t.conf:2:3: 'rpc_endpoint' in <system> has no effect in logboom: there is no RPC"),
                          HasSubstr("t.conf:3:3: 'emit_error_log_interval' in <system> has no effect in logboom"),
                          HasSubstr("t.conf:6:3: 'metrics' in <system> has no effect in logboom")));
}

TEST(System, a_worker_section_is_for_workers_that_there_are) {
  const auto error = [](std::string_view text) -> std::string {
    try {
      read(text);
    } catch (const ConfigError& problem) {
      return problem.what();
    }
    return {};
  };
  const std::string two = "<system>\n  workers 2\n</system>\n";
  EXPECT_EQ(error(two + "<worker 0>\n</worker>\n<worker 0-1>\n</worker>\n"), "");
  EXPECT_EQ(error("<worker 0>\n</worker>\n"), "");
  EXPECT_THAT(error(two + "<worker 2>\n</worker>\n"),
              AllOf(HasSubstr("t.conf:4:1: <worker 2>: with 2 workers there are only the numbers 0 to 1"),
                    HasSubstr("set 'workers' in <system> to 3")));
  EXPECT_THAT(error("<worker 1>\n</worker>\n"), HasSubstr("with 1 worker there are only the numbers 0 to 0"));
  for (const std::string_view wrong : {"", "x", "1-0", "0-", "0-1x", "-1", "0 1"}) {
    EXPECT_THAT(error(cat(two, "<worker ", wrong, ">\n</worker>\n")), HasSubstr("expected a worker's number")) << wrong;
  }
  EXPECT_THAT(error(two + "<worker 0>\n  <worker 1>\n  </worker>\n</worker>\n"),
              HasSubstr("t.conf:5:3: <worker> can't stand in <worker>"));
}

TEST(System, what_a_worker_section_means_here_is_said_once) {
  const Read result = read("<system>\n  workers 2\n</system>\n<worker 0>\n</worker>\n<worker 1>\n</worker>\n");
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("t.conf:4:1: <worker>: logboom's workers are threads")));
}

TEST(System, names_what_it_does_not_know_and_refuses_wrong_values_with_their_place) {
  const Read result = read("<system>\n  worker 3\n</system>\n");
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_THAT(result.warnings[0], HasSubstr("t.conf:2:3"));
  EXPECT_THAT(result.warnings[0], HasSubstr("'workers'"));
  for (const char* wrong :
       {"workers 0", "workers many", "log_level loud", "file_permission 9", "<log>\n    rotate_age often\n  </log>",
        "<log>\n    time_format %99999d\n  </log>", "umask 8"}) {
    try {
      read(cat("<system>\n  ", std::string_view(wrong), "\n</system>\n"));
      ADD_FAILURE() << wrong;
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), ContainsRegex("^t.conf:[23]:")) << wrong;
    }
  }
}

}  // namespace
}  // namespace logboom
