#include <gtest/gtest.h>
#include <logboom/testing/filter_driver.hpp>

#include "../tag_pattern.hpp"

namespace logboom::plugins {
PluginInfo out_rewrite_tag_filter();
}

namespace {

using namespace logboom;
using logboom::testing::EmitDriver;
using logboom::testing::FakeContext;
using logboom::testing::Row;
using logboom::testing::section;
using Params = EmitDriver::Params;

EmitDriver rewriter(std::vector<Params> rules, const Params& params = {}) {
  return EmitDriver(plugins::out_rewrite_tag_filter(), params, [&](FakeContext& context) {
    context.settings().hostname = "node7.example.com";
    for (const Params& rule : rules) context.section().children.push_back(section("rule", rule));
  });
}

/// The tag that one event gets; empty where it does not go on.
std::string tag(EmitDriver& driver, std::string_view json, std::string_view old_tag = "app.web.1") {
  const std::vector<Row> rows = driver.send(old_tag, json);
  return rows.empty() ? "" : rows.at(0).tag;
}

std::string expanded(std::string_view rule_tag, std::string_view old_tag = "app.web.1") {
  EmitDriver driver = rewriter({{{"key", "k"}, {"pattern", "/^(a+)(b)?/"}, {"tag", std::string(rule_tag)}}});
  return tag(driver, R"({"k":"aab"})", old_tag);
}

TEST(RewriteTagFilter, the_first_rule_that_matches_gives_the_tag) {
  EmitDriver driver = rewriter({{{"key", "level"}, {"pattern", "/^error$/"}, {"tag", "bad"}},
                                {{"key", "$.http.code"}, {"pattern", "/^5/"}, {"tag", "worse"}},
                                {{"key", "level"}, {"pattern", "/./"}, {"tag", "rest"}}});
  EXPECT_EQ(driver.send("t", R"({"level":"error","n":1})"),
            (std::vector<Row>{{"bad", "1700000000", R"({"level":"error","n":1})"}}));
  EXPECT_EQ(tag(driver, R"({"level":"info","http":{"code":503}})"), "worse");
  EXPECT_EQ(tag(driver, R"({"level":"info"})"), "rest");
  EXPECT_TRUE(driver.outcome().dropped.empty());
}

TEST(RewriteTagFilter, what_no_rule_matches_is_dropped) {
  EmitDriver driver = rewriter({{{"key", "k"}, {"pattern", "/.*/"}, {"tag", "x"}}});
  EXPECT_EQ(tag(driver, R"({"k":""})"), "");
  EXPECT_EQ(tag(driver, R"({"other":1})"), "");
  EXPECT_EQ(driver.outcome().dropped.size(), 2u);
}

TEST(RewriteTagFilter, an_inverted_rule_is_for_what_does_not_match_or_is_missing) {
  EmitDriver driver = rewriter({{{"key", "k"}, {"pattern", "/^(2)00$/"}, {"tag", "not.$1"}, {"invert", "true"}}});
  EXPECT_EQ(tag(driver, R"({"k":404})"), "not.$1");
  EXPECT_EQ(tag(driver, R"({})"), "not.$1");
  EXPECT_EQ(tag(driver, R"({"k":200})"), "");
}

TEST(RewriteTagFilter, placeholders_are_the_tag_its_parts_the_host_and_groups) {
  EXPECT_EQ(expanded("x.${tag}.__TAG__"), "x.app.web.1.app.web.1");
  EXPECT_EQ(expanded("${tag_parts[0]}-__TAG_PARTS[2]__-${tag_parts[3]}"), "app-1-");
  EXPECT_EQ(expanded("${hostname}/__HOSTNAME__"), "node7.example.com/node7.example.com");
  EXPECT_EQ(expanded("a.$1.$2.$3.$0.$"), "a.aa.b...$");
  EXPECT_EQ(expanded("__x__.${Y}.${"), "__x__.${Y}.${");
}

TEST(RewriteTagFilter, text_that_was_put_in_is_not_expanded_again) {
  EmitDriver driver = rewriter({{{"key", "k"}, {"pattern", "/(.+)/"}, {"tag", "x.$1"}}});
  EXPECT_EQ(tag(driver, R"({"k":"${hostname}$1"})"), "x.${hostname}$1");
}

TEST(RewriteTagFilter, an_unknown_placeholder_gives_nothing_and_a_warning) {
  EmitDriver driver = rewriter({{{"key", "k"}, {"pattern", "/./"}, {"tag", "a${host}b"}}});
  EXPECT_EQ(tag(driver, R"({"k":"x"})"), "ab");
  ASSERT_EQ(driver.warnings().size(), 1u);
  EXPECT_NE(driver.warnings()[0].find("${host}"), std::string::npos);
  EXPECT_THROW(rewriter({{{"key", "k"}, {"pattern", "/./"}, {"tag", "${tag_parts[0..2]}"}}}), ConfigError);
}

TEST(RewriteTagFilter, groups_can_be_capitalized) {
  EmitDriver driver = rewriter({{{"key", "k"}, {"pattern", "/^(\\w+) (\\w+)/"}, {"tag", "site.$2$1"}}},
                               {{"capitalize_regex_backreference", "yes"}});
  EXPECT_EQ(tag(driver, R"({"k":"mail eXAMPLE"})"), "site.ExampleMail");
}

TEST(RewriteTagFilter, parts_of_the_old_tag_can_be_left_out) {
  const auto of = [](const Params& params, std::string_view old_tag) {
    EmitDriver driver = rewriter({{{"key", "k"}, {"pattern", "/./"}, {"tag", "x.${tag}.${tag_parts[0]}"}}}, params);
    return tag(driver, R"({"k":"x"})", old_tag);
  };
  EXPECT_EQ(of({{"remove_tag_prefix", "app"}}, "app.web.1"), "x.web.1.web");
  EXPECT_EQ(of({{"remove_tag_prefix", "app"}}, "web.app"), "x.web.app.web");
  EXPECT_EQ(of({{"remove_tag_suffix", "1"}}, "app.web.1"), "x.app.web.app");
  EXPECT_EQ(of({{"remove_tag_regexp", "/we?b\\./"}}, "app.web.1"), "x.app.1.app");
  EXPECT_THROW(of({{"remove_tag_regexp", "/a/"}, {"remove_tag_prefix", "a"}}, "a"), ConfigError);
  EXPECT_THROW(of({{"remove_tag_regexp", "/(/"}}, "a"), ConfigError);
}

TEST(RewriteTagFilter, a_rule_that_gives_the_same_tag_drops_and_warns_once) {
  EmitDriver driver = rewriter({{{"key", "k"}, {"pattern", "/./"}, {"tag", "same"}}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(tag(driver, R"({"k":"x"})", "same"), "");
  EXPECT_EQ(driver.outcome().dropped.size(), 3u);
  EXPECT_EQ(driver.context().log().count("already has"), 1u);
}

TEST(RewriteTagFilter, a_rule_may_send_to_a_label_with_the_same_tag_too) {
  EmitDriver driver = rewriter({{{"key", "k"}, {"pattern", "/./"}, {"tag", "${tag}"}, {"label", "@OTHER"}}});
  EXPECT_EQ(tag(driver, R"({"k":"x"})", "same"), "same");
  EXPECT_EQ(driver.outcome().label, "@OTHER");
  EXPECT_EQ(driver.context().labels_used(), std::vector<std::string>{"@OTHER"});
}

TEST(RewriteTagFilter, the_hostname_can_be_short_and_no_command_is_run) {
  const auto host = [](const char* command, std::size_t warnings) {
    EmitDriver driver =
        rewriter({{{"key", "k"}, {"pattern", "/./"}, {"tag", "${hostname}"}}}, {{"hostname_command", command}});
    EXPECT_EQ(driver.warnings().size(), warnings);
    return tag(driver, R"({"k":"x"})");
  };
  EXPECT_EQ(host("hostname -s", 0), "node7");
  EXPECT_EQ(host("touch /tmp/x", 1), "node7.example.com");
}

TEST(RewriteTagFilter, old_rules_work_in_the_order_of_their_numbers) {
  EmitDriver driver = rewriter(
      {},
      {{"rewriterule10", "k  .+  last"}, {"rewriterule2", "k \"^(a b)$\" two.$1"}, {"rewriterule3", "k !^x$ not.x"}});
  EXPECT_EQ(tag(driver, R"({"k":"a b"})"), "two.a b");
  EXPECT_EQ(tag(driver, R"({"k":"y"})"), "not.x");
  EXPECT_EQ(tag(driver, R"({"k":"x"})"), "last");
  EXPECT_TRUE(driver.warnings().empty());
  EXPECT_THROW(rewriter({}, {{"rewriterule1", "k x"}}), ConfigError);
  EXPECT_THROW(rewriter({}, {{"rewriterule1", "k"}}), ConfigError);
}

TEST(RewriteTagFilter, wrong_rules_are_refused) {
  EXPECT_THROW(rewriter({}), ConfigError);
  EXPECT_THROW(rewriter({{{"key", "k"}, {"pattern", "/(/"}, {"tag", "x"}}}), ConfigError);
  EXPECT_THROW(rewriter({{{"key", "$["}, {"pattern", "/./"}, {"tag", "x"}}}), ConfigError);
  EXPECT_THROW(rewriter({{{"key", "k"}, {"tag", "x"}}}), ConfigError);
}

TEST(RewriteTagFilter, what_can_not_be_decided_fails_with_the_reason) {
  EmitDriver driver = rewriter(
      {{{"key", "k"}, {"pattern", "/^(a|a?)+$/"}, {"tag", "x"}}, {{"key", "k"}, {"pattern", "/(x+)/"}, {"tag", "$1"}}});
  EXPECT_EQ(tag(driver, R"({"k":")" + std::string(60, 'a') + R"(b"})"), "");
  EXPECT_EQ(tag(driver, R"({"k":")" + std::string(5000, 'x') + R"("})"), "");
  ASSERT_EQ(driver.outcome().failed.size(), 2u);
  EXPECT_NE(driver.outcome().failed[0].second.find("took too long"), std::string::npos);
  EXPECT_NE(driver.outcome().failed[1].second.find("longer than 4096"), std::string::npos);
}

}  // namespace
