#include "cli/docs.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>

namespace logboom {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Inner {
  std::int64_t x = 7;
  static void describe(Describe<Inner>& d) { d.param("x", &Inner::x, "A number."); }
};

struct Options {
  std::string path;
  std::string separator = "\t";
  std::vector<Inner> inner;
  PluginSection format{"json"};
  static void describe(Describe<Options>& d) {
    d.param("path", &Options::path, "a|b").required().alias("file");
    d.param("separator", &Options::separator, "Between fields.");
    d.section("inner", &Options::inner, "Numbers.");
    d.plugin("format", &Options::format, PluginKind::formatter, "How events are written.");
    d.free_section("record", "Fields.", "a field's name", "Its value.");
    d.leave_section("buffer");
  }
};

struct Nothing {
  static void describe(Describe<Nothing>&) {}
};

template <class Options>
PluginInfo plugin(PluginKind kind, std::string name, std::vector<std::string> aliases = {}) {
  PluginInfo info;
  info.kind = kind;
  info.name = std::move(name);
  info.summary = "Does a thing.";
  info.aliases = std::move(aliases);
  info.schema = [] { return schema_of<Options>(); };
  return info;
}

Registry registry() {
  return Registry({plugin<Options>(PluginKind::output, "thing", {"ding"}), plugin<Nothing>(PluginKind::input, "thing"),
                   plugin<Nothing>(PluginKind::formatter, "json"), plugin<Nothing>(PluginKind::buffer, "memory")});
}

TEST(PluginHelp, prints_parameters_and_sections_of_a_plugin) {
  const std::string text = plugin_help(registry(), "output:thing");
  EXPECT_THAT(text, HasSubstr("out_thing: Does a thing.\n"));
  EXPECT_THAT(text, HasSubstr("    path (string) required\n        a|b\n"));
  EXPECT_THAT(text, HasSubstr("    separator (string) default \\t\n"));
  EXPECT_THAT(text, HasSubstr("        x (integer) default 7\n"));
  EXPECT_THAT(text, HasSubstr("    <format> a formatter plugin, default json\n"));
}

TEST(PluginHelp, takes_a_kind_a_folder_name_an_alias_or_a_bare_name) {
  EXPECT_THAT(plugin_help(registry(), "out_thing"), HasSubstr("out_thing"));
  EXPECT_THAT(plugin_help(registry(), "output:ding"), HasSubstr("out_thing"));
  EXPECT_THAT(plugin_help(registry(), "input:thing"), Not(HasSubstr("out_thing")));
  EXPECT_THAT(plugin_help(registry(), "thing"), testing::AllOf(HasSubstr("in_thing"), HasSubstr("out_thing")));
  EXPECT_EQ(plugin_help(registry(), "nothing"), "");
}

class Reference : public testing::Test {
 protected:
  Reference() {
    std::string pattern = (std::filesystem::temp_directory_path() / "logboom.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    write_reference(registry(), folder_ / "reference");
  }
  ~Reference() override { std::filesystem::remove_all(folder_); }

  std::string text_of(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(folder_ / "reference" / name).rdbuf();
    return out.str();
  }

  std::filesystem::path folder_;
};

TEST_F(Reference, has_a_page_for_each_plugin_and_a_list) {
  EXPECT_THAT(text_of("out_thing.md"), HasSubstr("# out_thing\n\nDoes a thing.\n"));
  EXPECT_THAT(text_of("in_thing.md"), HasSubstr("no parameters of its own"));
  EXPECT_THAT(text_of("README.md"),
              HasSubstr("| [out_thing](out_thing.md) | `<match>` | `thing`, `ding` | Does a thing. |"));
}

TEST_F(Reference, shows_a_parameter_as_a_row_and_escapes_what_would_break_it) {
  EXPECT_THAT(text_of("out_thing.md"), HasSubstr("| `path` | string | required | a\\|b Also written `file`. |"));
  EXPECT_THAT(text_of("out_thing.md"), HasSubstr("| `separator` | string | `\\t` | Between fields. |"));
}

TEST_F(Reference, says_what_keys_and_values_of_a_section_with_free_keys_are) {
  EXPECT_THAT(
      text_of("out_thing.md"),
      HasSubstr("## `<record>`\n\nFields. May stand more than once.\n\n| parameter | type | default | meaning |\n"
                "|---|---|---|---|\n| a field's name | string |  | Its value. |\n"));
  EXPECT_THAT(plugin_help(registry(), "out_thing"),
              HasSubstr("    <record>\n        Fields.\n        a field's name: Its value.\n"));
}

TEST_F(Reference, shows_sections_and_links_what_they_make) {
  const std::string text = text_of("out_thing.md");
  EXPECT_THAT(text, HasSubstr("## `<inner>`\n\nNumbers. May stand more than once.\n"));
  EXPECT_THAT(text, HasSubstr("names a formatter plugin; without it, [json](formatter_json.md)."));
  EXPECT_THAT(text,
              HasSubstr("## `<buffer>`\n\nWhat happens to events until they are written: [memory](buf_memory.md)."));
}

}  // namespace
}  // namespace logboom
