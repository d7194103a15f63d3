#include "pipeline/plugin_log.hpp"

#include <gmock/gmock.h>

#include "config/parser.hpp"

namespace logboom {
namespace {

using testing::ElementsAre;

class Lines final : public Log {
 public:
  void write(LogLevel, std::string_view message) override { lines.emplace_back(message); }
  std::vector<std::string> lines;
};

Element match(std::string_view line) {
  return parse_text(cat("<match>\n  ", line, "\n</match>\n"), "t.conf", ".", {}).children.at(0);
}

TEST(PluginLog, has_a_level_of_its_own) {
  Lines lines;
  const auto loud = make_plugin_log(match("@log_level debug"), lines);
  const auto quiet = make_plugin_log(match("@log_level error"), lines);
  for (Log* log : {static_cast<Log*>(&lines), loud.get(), quiet.get()}) {
    log->debug("debug");
    log->warn("warn");
  }
  EXPECT_THAT(lines.lines, ElementsAre("warn", "debug", "warn"));
}

TEST(PluginLog, is_not_there_where_no_level_is_given) {
  Lines lines;
  EXPECT_EQ(make_plugin_log(match("@type x"), lines), nullptr);
  EXPECT_THROW(make_plugin_log(match("@log_level loud"), lines), ConfigError);
}

}  // namespace
}  // namespace logboom
