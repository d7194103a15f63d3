#include "pipeline/system.hpp"

#include <gmock/gmock.h>

#include "config/parser.hpp"

namespace logboom {
namespace {

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

TEST(System, names_parameters_that_have_no_effect_here) {
  const Read result = read(
      "<system>\n  process_name x\n  emit_error_log_interval 10s\n  <log>\n    format json\n  </log>\n</system>\n");
  EXPECT_THAT(result.warnings,
              ElementsAre("t.conf:2:3: <system> parameter 'process_name' has no effect in logboom",
                          "t.conf:3:3: <system> parameter 'emit_error_log_interval' has no effect in logboom",
                          HasSubstr("t.conf:4:3: <log> in <system> has no effect in logboom")));
}

TEST(System, names_what_it_does_not_know_and_refuses_wrong_values_with_their_place) {
  const Read result = read("<system>\n  worker 3\n</system>\n");
  ASSERT_EQ(result.warnings.size(), 1u);
  EXPECT_THAT(result.warnings[0], HasSubstr("t.conf:2:3"));
  EXPECT_THAT(result.warnings[0], HasSubstr("'workers'"));
  for (const char* wrong : {"workers 0", "workers many", "log_level loud", "file_permission 9"}) {
    try {
      read(cat("<system>\n  ", std::string_view(wrong), "\n</system>\n"));
      ADD_FAILURE() << wrong;
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), HasSubstr("t.conf:2:")) << wrong;
    }
  }
}

}  // namespace
}  // namespace logboom
