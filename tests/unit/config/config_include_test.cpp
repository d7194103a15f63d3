#include "config_test_support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace logboom {
namespace {

namespace fs = std::filesystem;
using config_test::config_error_of;
using config_test::Fixture;
using config_test::outline;
using config_test::TemporaryDirectory;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Include : public testing::Test {
 protected:
  std::string tree(const fs::path& file) { return outline(parse_file(file, fixture_.options)); }
  /// The error, with the directory's name cut away.
  std::string error(const fs::path& file) {
    return relative(config_error_of([&] { parse_file(file, fixture_.options); }));
  }
  std::string relative(std::string text) const {
    const std::string prefix = directory_.path().string() + "/";
    for (std::size_t at = 0; (at = text.find(prefix, at)) != std::string::npos;) text.erase(at, prefix.size());
    return text;
  }

  TemporaryDirectory directory_;
  Fixture fixture_;
};

TEST_F(Include, is_relative_to_the_including_file_and_stands_where_it_is_written) {
  const fs::path main = directory_.write("fluent.conf", "a 1\n@include sub/one.conf # c\nd 4\n");
  directory_.write("sub/one.conf", "b 2\n@include ../two.conf\n");
  directory_.write("two.conf", "c 3");
  EXPECT_EQ(tree(main), "ROOT(){a=1,b=2,c=3,d=4}");
}

TEST_F(Include, works_within_sections) {
  const fs::path main = directory_.write("fluent.conf", "<match **>\n  @type x\n  @include buffer.conf\n</match>\n");
  directory_.write("buffer.conf", "<buffer>\n  flush_interval 1s\n</buffer>\nk v\n");
  EXPECT_EQ(tree(main), "ROOT(){match(**){@type=x,k=v,buffer(){flush_interval=1s}}}");
}

TEST_F(Include, globs_are_sorted_and_leave_hidden_files_out) {
  const fs::path main = directory_.write("fluent.conf", "@include conf.d/*.conf\n");
  for (const std::string name : {"b", "a", "10", "9", ".hidden", "Z"}) {
    directory_.write("conf.d/" + name + ".conf", "k " + name);
  }
  directory_.write("conf.d/c.txt", "k no");
  fs::create_directory(directory_.path() / "conf.d/dir.conf");
  EXPECT_EQ(tree(main), "ROOT(){k=10,k=9,k=Z,k=a,k=b}");
}

TEST_F(Include, globs_know_braces_classes_and_directories) {
  directory_.write("x/a1.conf", "k a1");
  directory_.write("x/a2.conf", "k a2");
  directory_.write("x/b1.inc", "k b1");
  directory_.write("x/y/z/a1.conf", "k deep");
  EXPECT_EQ(tree(directory_.write("1.conf", "@include x/{a2,b1,none}.{conf,inc}")), "ROOT(){k=a2,k=b1}");
  EXPECT_EQ(tree(directory_.write("2.conf", "@include x/a[2-9].c?nf")), "ROOT(){k=a2}");
  EXPECT_EQ(tree(directory_.write("3.conf", "@include x/**/a1.conf")), "ROOT(){k=a1,k=deep}");
  EXPECT_EQ(tree(directory_.write("4.conf", "@include */y/*/*.conf")), "ROOT(){k=deep}");
}

TEST_F(Include, takes_absolute_quoted_and_file_url_names) {
  const std::string there = directory_.write("with space.conf", "k v").string();
  EXPECT_EQ(tree(directory_.write("1.conf", "@include " + there + "\n")), "ROOT(){k=v}");
  EXPECT_EQ(tree(directory_.write("2.conf", "@include file://" + there + "\n")), "ROOT(){k=v}");
  fixture_.environment["NAME"] = "with space";
  EXPECT_EQ(tree(directory_.write("3.conf", "@include \"#{ENV['NAME']}.conf\"\n")), "ROOT(){k=v}");
}

TEST_F(Include, a_directory_name_with_glob_characters_is_taken_literally) {
  directory_.write("d[1]{a,b}/x.conf", "k v");
  EXPECT_EQ(tree(directory_.write("d[1]{a,b}/main.conf", "@include x*.conf")), "ROOT(){k=v}");
}

TEST_F(Include, the_old_word_works_at_the_top_only_and_is_warned_about) {
  directory_.write("x.conf", "k v");
  EXPECT_EQ(tree(directory_.write("1.conf", "include x.conf\n<a>\n  include x.conf\n</a>\n\"include\" y\n")),
            "ROOT(){k=v,include=y,a(){include=x.conf}}");
  ASSERT_EQ(fixture_.warnings.size(), 1U);
  EXPECT_EQ(relative(fixture_.warnings[0]), "1.conf:1:1: 'include' is deprecated; write '@include'");
}

TEST_F(Include, a_missing_file_or_an_empty_glob_is_warned_about) {
  EXPECT_EQ(tree(directory_.write("fluent.conf", "a 1\n  @include none.conf\n@include none/*.conf\n")), "ROOT(){a=1}");
  ASSERT_EQ(fixture_.warnings.size(), 2U);
  EXPECT_EQ(relative(fixture_.warnings[0]), "fluent.conf:2:3: @include 'none.conf': there is no file 'none.conf'");
  EXPECT_EQ(relative(fixture_.warnings[1]),
            "fluent.conf:3:1: @include 'none/*.conf' matches no file (looked for 'none/*.conf')");
}

TEST_F(Include, errors_name_the_included_file) {
  const fs::path main = directory_.write("fluent.conf", "@include sub/*.conf\n");
  directory_.write("sub/a.conf", "k v\n</match>\n");
  EXPECT_EQ(error(main), "sub/a.conf:2:1: '</match>' closes nothing: no section is open in this file");
}

TEST_F(Include, a_section_ends_in_the_file_where_it_began) {
  const fs::path main = directory_.write("fluent.conf", "<match a>\n  @include end.conf\n");
  directory_.write("end.conf", "</match>\n");
  EXPECT_THAT(error(main), StartsWith("end.conf:1:1: '</match>' closes nothing"));
}

TEST_F(Include, a_loop_is_an_error_that_shows_the_chain) {
  const fs::path main = directory_.write("fluent.conf", "@include a.conf\n");
  directory_.write("a.conf", "k v\n@include sub/b.conf\n");
  directory_.write("sub/b.conf", " @include ../sub/../a.conf\n");
  EXPECT_EQ(error(main), "sub/b.conf:1:2: include loop: fluent.conf -> a.conf -> sub/b.conf -> a.conf");
  EXPECT_THAT(error(directory_.write("self.conf", "@include *.conf\n")), HasSubstr("include loop: "));
}

TEST_F(Include, the_same_file_may_be_included_twice) {
  directory_.write("x.conf", "k v");
  EXPECT_EQ(tree(directory_.write("fluent.conf", "@include x.conf\n@include x.conf\n")), "ROOT(){k=v,k=v}");
}

TEST_F(Include, depth_and_number_of_files_are_bounded) {
  for (int i = 0; i < 40; ++i) {
    const std::string next = std::to_string(i + 1) + ".conf\n";
    directory_.write(std::to_string(i) + ".conf", "@include " + next);
    directory_.write("twice" + std::to_string(i) + ".conf", "@include twice" + next + "@include twice" + next);
  }
  EXPECT_THAT(error(directory_.path() / "0.conf"), HasSubstr("files included more than 32 deep: 0.conf -> 1.conf"));
  for (int i = 20; i < 40; ++i) directory_.write("twice" + std::to_string(i) + ".conf", "");
  EXPECT_THAT(error(directory_.path() / "twice0.conf"), HasSubstr("more than 10000 files included"));
}

TEST_F(Include, what_cannot_be_included_is_refused) {
  fs::create_directory(directory_.path() / "dir");
  EXPECT_THAT(error(directory_.write("1.conf", "k v\n@include dir\n")),
              StartsWith("1.conf:2:1: cannot read the configuration file 'dir': it is a directory"));
  EXPECT_THAT(error(directory_.write("2.conf", "@include https://example.com/x.conf")),
              StartsWith("2.conf:1:10: @include reads files only"));
  EXPECT_THAT(error(directory_.write("3.conf", "@include\nk v\n")), StartsWith("3.conf:1:1: @include needs a file"));
  EXPECT_THAT(error(directory_.write("4.conf", "@include \"x\" y\n")), StartsWith("4.conf:1:14: expected the end"));
  fixture_.options.allow_include = false;
  EXPECT_THAT(error(directory_.write("5.conf", "\n @include x\n")), StartsWith("5.conf:2:2: @include is not possible"));
}

TEST_F(Include, reserved_names_are_judged_by_the_section_that_includes) {
  directory_.write("x.conf", "@k v\n");
  EXPECT_EQ(tree(directory_.write("1.conf", "<record>\n@include x.conf\n</record>")), "ROOT(){record(){@k=v}}");
  EXPECT_THAT(error(directory_.write("2.conf", "<match>\n@include x.conf\n</match>")), StartsWith("x.conf:1:1: names"));
}

TEST_F(Include, an_unreadable_main_file_is_an_error_with_its_name) {
  EXPECT_EQ(error(directory_.path() / "none.conf"),
            "none.conf: cannot read the configuration file 'none.conf': No such file or directory");
  EXPECT_THAT(error(directory_.path()), HasSubstr("it is a directory"));
}

TEST_F(Include, a_text_includes_relative_to_the_given_directory) {
  directory_.write("x.conf", "k v");
  EXPECT_EQ(outline(parse_text("@include x.conf", "inline", directory_.path(), fixture_.options)), "ROOT(){k=v}");
}

}  // namespace
}  // namespace logboom
