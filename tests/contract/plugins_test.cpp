#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "config/dump.hpp"
#include "pipeline/registry.hpp"

// What holds for every plugin in plugins/.
namespace logboom {

// How GoogleTest names the plugin of a failure.
static void PrintTo(const PluginInfo& info, std::ostream* out) { *out << kind_prefix(info.kind) << "_" << info.name; }

namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

fs::path root() { return LOGBOOM_SOURCE_DIR; }

std::string full_name(const PluginInfo& info) { return std::string(kind_prefix(info.kind)) + "_" + info.name; }

fs::path folder_of(const PluginInfo& info) { return root() / "plugins" / full_name(info); }

std::string text_of(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::map<std::string, std::string> manifest_of(const PluginInfo& info) {
  std::map<std::string, std::string> out;
  std::istringstream lines(text_of(folder_of(info) / "manifest"));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    out[line.substr(0, colon)] = colon == std::string::npos ? "" : line.substr(colon + 2);
  }
  return out;
}

std::vector<std::string> words(const std::string& text) {
  std::string spaced = text;
  std::replace(spaced.begin(), spaced.end(), ',', ' ');
  std::istringstream in(spaced);
  return {std::istream_iterator<std::string>(in), {}};
}

bool is_snake_case(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
  });
}

void check_param(const ParamInfo& info, std::set<std::string>& names) {
  SCOPED_TRACE("parameter " + info.name);
  std::vector<std::string> all = info.aliases;
  all.push_back(info.name);
  for (const std::string& name : all) {
    EXPECT_TRUE(is_snake_case(name)) << name;
    EXPECT_TRUE(names.insert(name).second) << "the name " << name << " is taken already";
  }
  EXPECT_THAT(info.type, Not(IsEmpty()));
  EXPECT_THAT(info.doc, testing::EndsWith(".")) << "a doc is a sentence";
  EXPECT_FALSE(info.required && !info.default_text.empty()) << "required, and a default";
  if (!info.choices.empty() && !info.default_text.empty()) {
    EXPECT_THAT(info.choices, Contains(info.default_text));
  }
  if (is_secret_parameter(info.name)) {
    EXPECT_TRUE(info.secret) << "a name like that must be declared secret()";
  }
}

void check_schema(const Schema& schema) {
  std::set<std::string> names, sections;
  for (const auto& param : schema.params()) check_param(param.info, names);
  for (const auto& [info, set] : schema.sections()) {
    SCOPED_TRACE("section " + info.name);
    EXPECT_TRUE(is_snake_case(info.name));
    EXPECT_TRUE(sections.insert(info.name).second) << "declared twice";
    EXPECT_FALSE(schema.leaves_section(info.name)) << "declared, and left to the core";
    EXPECT_THAT(info.doc, Not(IsEmpty()));
    if (info.schema) check_schema(info.schema());
  }
}

class EveryPlugin : public testing::TestWithParam<PluginInfo> {};

TEST_P(EveryPlugin, documents_each_parameter_under_a_name_of_its_own) { check_schema(GetParam().schema()); }

TEST_P(EveryPlugin, has_a_summary_a_maker_and_a_good_name) {
  EXPECT_TRUE(is_snake_case(GetParam().name));
  EXPECT_THAT(GetParam().aliases, testing::Each(testing::Truly(is_snake_case)));
  EXPECT_TRUE(static_cast<bool>(GetParam().make));
  EXPECT_THAT(GetParam().summary, testing::AllOf(Not(IsEmpty()), testing::EndsWith(".")));
  EXPECT_THAT(GetParam().summary, testing::ContainsRegex("^[A-Z]")) << "a summary is a sentence";
}

TEST_P(EveryPlugin, has_a_folder_of_its_name_with_a_readme) {
  EXPECT_THAT(text_of(folder_of(GetParam()) / "README.md"), HasSubstr(full_name(GetParam())));
}

TEST_P(EveryPlugin, says_the_same_in_its_manifest) {
  auto manifest = manifest_of(GetParam());
  const std::set<std::string> known{"summary", "packages", "link", "aliases", "replaces"};
  for (const auto& [key, value] : manifest) {
    EXPECT_TRUE(known.contains(key)) << key;
    EXPECT_THAT(value, Not(IsEmpty())) << key;
  }
  EXPECT_EQ(manifest["summary"], GetParam().summary);
  EXPECT_THAT(words(manifest["aliases"]), ElementsAreArray(GetParam().aliases));
}

TEST_P(EveryPlugin, has_tests) {
  const fs::path tests = folder_of(GetParam()) / "tests";
  EXPECT_TRUE(fs::is_directory(tests) && !fs::is_empty(tests)) << tests;
}

TEST_P(EveryPlugin, has_a_page_in_the_reference) {
  EXPECT_THAT(text_of(root() / "docs" / "reference" / (full_name(GetParam()) + ".md")), HasSubstr(GetParam().summary));
  EXPECT_THAT(text_of(root() / "README.md"), HasSubstr("(plugins/" + full_name(GetParam()) + "/README.md)"));
}

TEST_P(EveryPlugin, knows_of_its_buffer) {
  const fs::path folder = folder_of(GetParam());
  const bool buffered = std::any_of(fs::directory_iterator(folder), fs::directory_iterator(), [](const auto& file) {
    return file.is_regular_file() && text_of(file.path()).find("public ChunkOutput") != std::string::npos;
  });
  EXPECT_TRUE(!buffered || GetParam().schema().leaves_section("buffer")) << "its <buffer> would be warned of";
}

TEST_P(EveryPlugin, names_default_plugins_that_are_there) {
  const Registry registry(builtin_plugins());
  const Schema schema = GetParam().schema();
  for (const auto& [info, set] : schema.sections()) {
    if (!info.plugin || info.default_plugin.empty()) continue;
    EXPECT_NO_THROW(registry.find(*info.plugin, info.default_plugin, {})) << info.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Builtin, EveryPlugin, testing::ValuesIn(builtin_plugins()),
                         [](const auto& each) { return full_name(each.param); });

TEST(Builtins, have_names_and_aliases_of_their_own) { EXPECT_NO_THROW(Registry{builtin_plugins()}); }

TEST(Builtins, are_all_the_folders_of_plugins) {
  std::vector<std::string> folders, names;
  for (const auto& entry : fs::directory_iterator(root() / "plugins")) {
    if (entry.is_directory()) folders.push_back(entry.path().filename());
  }
  for (const PluginInfo& info : builtin_plugins()) names.push_back(full_name(info));
  EXPECT_THAT(names, testing::UnorderedElementsAreArray(folders));
}

}  // namespace
}  // namespace logboom
