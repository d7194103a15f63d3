#include "pipeline/lint.hpp"

#include <gmock/gmock.h>

#include <logboom/input.hpp>

#include "config/parser.hpp"
#include "pipeline/pipeline_test_support.hpp"

namespace logboom {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct ListenOptions {
  std::uint16_t port = 24224;
  std::string bind = "0.0.0.0";
  std::string tag;
  static void describe(Describe<ListenOptions>& d) {
    d.param("port", &ListenOptions::port, "");
    d.param("bind", &ListenOptions::bind, "");
    d.param("tag", &ListenOptions::tag, "");
  }
};

PluginInfo listener(std::string name) {
  PluginInfo info;
  info.kind = PluginKind::input;
  info.name = std::move(name);
  info.schema = [] { return schema_of<ListenOptions>(); };
  return info;
}

std::vector<Problem> problems(std::string_view config) {
  pipeline_test::Toys toys;
  std::vector<PluginInfo> plugins = pipeline_test::toy_plugins(toys);
  for (const char* name : {"forward", "tcp", "udp", "syslog", "tail"}) plugins.push_back(listener(name));
  const Registry registry(std::move(plugins));
  return lint(parse_text(config, "t.conf", ".", {}), registry);
}

/// "line rule" of each problem.
std::vector<std::string> found(std::string_view config) {
  std::vector<std::string> out;
  for (const Problem& problem : problems(config)) out.push_back(cat(problem.pos.line, " ", problem.rule));
  return out;
}

std::string match(const std::string& pattern) { return "<match " + pattern + ">\n@type null\n</match>\n"; }
std::string filter(const std::string& pattern) { return "<filter " + pattern + ">\n@type toy\n</filter>\n"; }
std::string source(const std::string& type, const std::string& more) {
  return "<source>\n@type " + type + "\n" + more + "\n</source>\n";
}

TEST(Lint, a_match_below_one_that_takes_all_its_tags_is_never_reached) {
  EXPECT_THAT(found(match("a.**") + match("a.b.*")), ElementsAre("4 unreachable-match"));
  EXPECT_THAT(found(match("**") + match("b") + match("**")), ElementsAre("4 unreachable-match", "7 unreachable-match"));
  EXPECT_THAT(found(match("a") + match("b") + match("{a,b}")), ElementsAre("7 unreachable-match"));
  EXPECT_THAT(found(match("a.*") + match("a.**") + match("**")), IsEmpty());
}

TEST(Lint, the_message_names_the_match_that_takes_the_tags) {
  const auto all = problems(match("x") + match("a.**") + match("a.b"));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all.front().message, "<match a.b> is never reached: <match a.**> at t.conf:4:1 takes all its tags");
}

TEST(Lint, a_filter_below_the_match_of_its_tags_has_no_effect) {
  EXPECT_THAT(found(match("a.**") + filter("a.b")), ElementsAre("4 filter-without-effect"));
  EXPECT_THAT(found(filter("a.b") + match("a.**") + filter("**")), IsEmpty());
}

TEST(Lint, labels_have_rules_of_their_own) {
  EXPECT_THAT(found("<label @A>\n" + match("**") + "</label>\n" + source("toy", "@label @A") + match("a")), IsEmpty());
  EXPECT_THAT(found(source("toy", "@label @A") + "<label @A>\n" + match("**") + match("a") + "</label>\n"),
              ElementsAre("9 unreachable-match"));
}

TEST(Lint, a_label_wants_somebody_who_sends_to_it_and_a_match) {
  EXPECT_THAT(found("<label @A>\n" + match("**") + "</label>\n"), ElementsAre("1 unused-label"));
  EXPECT_THAT(found(source("toy", "@label @A") + "<label @A>\n" + filter("**") + "</label>\n"),
              ElementsAre("5 label-without-match"));
  EXPECT_THAT(found("<label @ERROR>\n" + match("**") + "</label>\n"), IsEmpty());
  EXPECT_THAT(found(source("toy", "any_param @A") + "<label @A>\n" + match("**") + "</label>\n"), IsEmpty());
}

TEST(Lint, a_source_wants_a_match_for_its_tag) {
  EXPECT_THAT(found(source("tcp", "tag a.b") + match("b.**")), ElementsAre("3 unmatched-source"));
  EXPECT_THAT(found(source("tcp", "tag a.b") + match("a.*")), IsEmpty());
  EXPECT_THAT(found(source("tail", "tag a.*") + match("b.**")), ElementsAre("3 unmatched-source"));
  EXPECT_THAT(found(source("tail", "tag a.*") + match("a.var.log")), IsEmpty());
  EXPECT_THAT(found(source("syslog", "tag a") + match("a.*.*")), IsEmpty()) << "facility and priority are appended";
  EXPECT_THAT(found(source("tcp", "tag a\n@label @X") + match("a") + "<label @X>\n" + match("b") + "</label>\n"),
              ElementsAre("3 unmatched-source"));
}

TEST(Lint, what_is_not_known_is_not_claimed) {
  EXPECT_THAT(found(source("tcp", "tag ${x}") + match("b")), IsEmpty());
  EXPECT_THAT(found(source("tcp", "tag a") + match("/a.?/")), IsEmpty());
  EXPECT_THAT(found(source("tcp", "tag a") + match("{broken")), IsEmpty());
  EXPECT_THAT(found(source("toy", "tag a") + match("b")), IsEmpty()) << "toy has no parameter tag";
  EXPECT_THAT(found(source("nothing_like_it", "tag a") + match("b")), IsEmpty());
}

TEST(Lint, two_listeners_on_one_port_are_named) {
  EXPECT_THAT(found(source("forward", "bind 127.0.0.1") + source("tcp", "port 24224")),
              ElementsAre("7 duplicate-listener"));
  EXPECT_THAT(found(source("forward", "") + source("udp", "")), ElementsAre("5 duplicate-listener"));
  EXPECT_THAT(found(source("tcp", "port 1") + source("udp", "port 1")), IsEmpty());
  EXPECT_THAT(found(source("tcp", "port 0") + source("tcp", "port 0")), IsEmpty());
  EXPECT_THAT(found(source("tcp", "bind 127.0.0.1") + source("tcp", "bind 127.0.0.2")), IsEmpty());
  EXPECT_THAT(found(source("forward", "unix_path /x") + source("tcp", "port 24224")), IsEmpty());
}

TEST(Lint, a_store_that_blocks_the_others_is_named_and_those_that_do_so_by_default_once_for_all) {
  const std::string store = "<store>\n@type toy\n<buffer>\noverflow_action block\n</buffer>\n</store>\n";
  const auto all = problems("<match **>\n@type copy\n" + store + "<store>\n@type null\n</store>\n</match>\n");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all.front().severity, Severity::warning);
  EXPECT_EQ(all.front().pos.line, 6u);
  EXPECT_THAT(found("<match **>\n@type copy\n" + store + "</match>\n"), IsEmpty());
  const std::string silent = "<store>\n@type toy\n</store>\n";
  const auto once = problems("<match **>\n@type copy\n" + silent + silent + "</match>\n");
  ASSERT_EQ(once.size(), 1u);
  EXPECT_EQ(once.front().severity, Severity::warning);
  EXPECT_EQ(once.front().pos.line, 1u);
  const std::string fine = "<store ignore_error>\n@type toy\n</store>\n";
  EXPECT_THAT(found("<match **>\n@type copy\n" + fine + "<store>\n@type null\n</store>\n</match>\n"), IsEmpty());
  EXPECT_THAT(found("<match **>\n@type copy\n" + fine + silent + fine + "</match>\n"), IsEmpty()) << "one matters";
}

}  // namespace
}  // namespace logboom
