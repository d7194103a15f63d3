#include "pipeline/registry.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

namespace logboom {
namespace {

using testing::HasSubstr;
using testing::Not;

PluginInfo plugin(PluginKind kind, std::string name, std::vector<std::string> aliases = {}) {
  PluginInfo info;
  info.kind = kind;
  info.name = std::move(name);
  info.aliases = std::move(aliases);
  return info;
}

Registry some() {
  return Registry({plugin(PluginKind::output, "stdout"), plugin(PluginKind::output, "file"),
                   plugin(PluginKind::input, "forward"), plugin(PluginKind::input, "sample", {"dummy"}),
                   plugin(PluginKind::filter, "stdout")});
}

std::string error_of(PluginKind kind, std::string_view type) {
  const Registry registry = some();
  try {
    registry.find(kind, type, {std::make_shared<const std::string>("t.conf"), 3, 9});
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TEST(Registry, finds_by_kind_and_name_or_alias) {
  const Registry registry = some();
  EXPECT_EQ(registry.find(PluginKind::output, "stdout", {}).kind, PluginKind::output);
  EXPECT_EQ(registry.find(PluginKind::filter, "stdout", {}).kind, PluginKind::filter);
  EXPECT_EQ(registry.find(PluginKind::input, "dummy", {}).name, "sample");
}

TEST(Registry, names_near_plugins_and_lists_all_of_the_kind) {
  EXPECT_EQ(error_of(PluginKind::output, "flie"),
            "t.conf:3:9: unknown output plugin 'flie' (did you mean 'file'?); known: file, stdout");
  EXPECT_THAT(error_of(PluginKind::input, "dumy"), HasSubstr("did you mean 'dummy'?"));
  EXPECT_THAT(error_of(PluginKind::output, "elasticsearch"), Not(HasSubstr("did you mean")));
}

TEST(Registry, says_why_a_plugin_that_is_there_could_not_be_loaded) {
  const Registry registry({plugin(PluginKind::filter, "grep")}, {{PluginKind::filter, "shout", "x.so is too old"}});
  const auto error = [&registry](PluginKind kind) -> std::string {
    try {
      registry.find(kind, "shout", {});
    } catch (const ConfigError& found) {
      return found.what();
    }
    return {};
  };
  EXPECT_THAT(error(PluginKind::filter), HasSubstr("unknown filter plugin 'shout': x.so is too old"));
  EXPECT_THAT(error(PluginKind::output), Not(HasSubstr("too old")));
}

TEST(Registry, refuses_two_plugins_of_one_name) {
  EXPECT_THROW(Registry({plugin(PluginKind::output, "a"), plugin(PluginKind::output, "a")}), std::logic_error);
  EXPECT_THROW(Registry({plugin(PluginKind::output, "a"), plugin(PluginKind::output, "b", {"a"})}), std::logic_error);
  EXPECT_NO_THROW(Registry({plugin(PluginKind::output, "a"), plugin(PluginKind::input, "a")}));
}

}  // namespace
}  // namespace logboom
