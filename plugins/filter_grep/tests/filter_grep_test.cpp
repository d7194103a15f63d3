#include <gtest/gtest.h>
#include <logboom/testing/filter_driver.hpp>

namespace logboom::plugins {
PluginInfo filter_grep();
}

namespace {

using namespace logboom;
using logboom::testing::FakeContext;
using logboom::testing::FilterDriver;
using logboom::testing::section;

Element condition(const char* name, const char* key, const char* pattern) {
  return section(name, {{"key", key}, {"pattern", pattern}});
}
Element group(const char* name, std::vector<Element> conditions) {
  Element element = section(name, {});
  element.children = std::move(conditions);
  return element;
}
FilterDriver grep(std::vector<Element> sections, const FilterDriver::Params& params = {}) {
  return FilterDriver(plugins::filter_grep(), params,
                      [&](FakeContext& context) { context.section().children = std::move(sections); });
}
bool keeps(FilterDriver& filter, std::string_view json) { return !filter.record(json).empty(); }

TEST(FilterGrep, keeps_what_every_regexp_matches_and_no_exclude) {
  FilterDriver filter = grep({condition("regexp", "log", "/error/"), condition("regexp", "level", "/^[ew]/"),
                              condition("exclude", "source", "stdout"), condition("exclude", "log", "/health/")});
  EXPECT_EQ(filter.record(R"({"log":"an error","level":"warn","source":"stderr"})"),
            R"({"log":"an error","level":"warn","source":"stderr"})");
  EXPECT_FALSE(keeps(filter, R"({"log":"fine","level":"warn","source":"stderr"})"));
  EXPECT_FALSE(keeps(filter, R"({"log":"an error","level":"info","source":"stderr"})"));
  EXPECT_FALSE(keeps(filter, R"({"log":"an error","level":"warn","source":"stdout"})"));
  EXPECT_FALSE(keeps(filter, R"({"log":"error of health","level":"warn"})"));
  EXPECT_EQ(filter.outcome().dropped.size(), 4u);
}

TEST(FilterGrep, or_asks_for_one_of_its_regexps) {
  FilterDriver filter = grep({group("or", {condition("regexp", "a", "/x/"), condition("regexp", "b", "/x/")}),
                              group("or", {condition("exclude", "c", "/x/"), condition("exclude", "d", "/x/")})});
  EXPECT_TRUE(keeps(filter, R"({"a":"x"})"));
  EXPECT_TRUE(keeps(filter, R"({"b":"x"})"));
  EXPECT_FALSE(keeps(filter, R"({"z":"x"})"));
  EXPECT_FALSE(keeps(filter, R"({"a":"x","d":"x"})"));
}

TEST(FilterGrep, and_drops_what_all_of_its_excludes_match) {
  FilterDriver filter = grep({group("and", {condition("regexp", "a", "/x/"), condition("regexp", "b", "/x/")}),
                              group("and", {condition("exclude", "c", "/x/"), condition("exclude", "d", "/x/")})});
  EXPECT_TRUE(keeps(filter, R"({"a":"x","b":"x"})"));
  EXPECT_FALSE(keeps(filter, R"({"a":"x"})"));
  EXPECT_TRUE(keeps(filter, R"({"a":"x","b":"x","c":"x"})"));
  EXPECT_FALSE(keeps(filter, R"({"a":"x","b":"x","c":"x","d":"x"})"));
}

TEST(FilterGrep, and_with_both_or_with_nothing_is_refused_at_its_place) {
  const auto refused = [](std::vector<Element> conditions) {
    EXPECT_THROW(grep({group("and", std::move(conditions))}), ConfigError);
  };
  refused({});
  refused({condition("regexp", "a", "x"), condition("exclude", "b", "x")});
}

TEST(FilterGrep, old_parameters_work) {
  FilterDriver filter = grep({}, {{"regexp1", "log an? error"}, {"exclude1", "source ^std out$"}});
  EXPECT_TRUE(keeps(filter, R"({"log":"a error"})"));
  EXPECT_FALSE(keeps(filter, R"({"log":"fine"})"));
  EXPECT_FALSE(keeps(filter, R"({"log":"an error","source":"std out"})"));
  EXPECT_TRUE(filter.warnings().empty());
  EXPECT_THROW(grep({}, {{"regexp3", "log"}}), ConfigError);
}

TEST(FilterGrep, a_key_is_a_path_or_a_field_with_dots) {
  FilterDriver nested = grep({condition("regexp", "$.k8s.labels[1]", "/^b$/")});
  EXPECT_TRUE(keeps(nested, R"({"k8s":{"labels":["a","b"]}})"));
  EXPECT_FALSE(keeps(nested, R"({"k8s":{"labels":["b"]}})"));
  FilterDriver dotted = grep({condition("regexp", "k8s.name", "/^b$/")});
  EXPECT_TRUE(keeps(dotted, R"({"k8s.name":"b"})"));
}

TEST(FilterGrep, what_is_no_text_is_matched_as_ruby_prints_it) {
  const auto matches = [](const char* pattern, std::string_view json) {
    FilterDriver filter = grep({condition("regexp", "v", pattern)});
    return keeps(filter, json);
  };
  EXPECT_TRUE(matches("/^200$/", R"({"v":200})"));
  EXPECT_TRUE(matches("/^-1\\.5$/", R"({"v":-1.5})"));
  EXPECT_TRUE(matches("/^1\\.0e\\+20$/", R"({"v":1e20})"));
  EXPECT_TRUE(matches("/^true$/", R"({"v":true})"));
  EXPECT_TRUE(matches("/^$/", R"({"v":null})"));
  EXPECT_TRUE(matches("/^$/", R"({"w":1})"));
  EXPECT_TRUE(matches(R"(/\A\{"a"=>\[1, nil, "b"\]\}\z/)", R"({"v":{"a":[1,null,"b"]}})"));
}

TEST(FilterGrep, of_duplicate_keys_the_last_counts) {
  FilterDriver filter = grep({condition("regexp", "a", "/x/")});
  EXPECT_FALSE(keeps(filter, R"({"a":"x","a":"y"})"));
  EXPECT_TRUE(keeps(filter, R"({"a":"y","a":"x"})"));
}

TEST(FilterGrep, text_that_is_not_utf8_is_matched_where_it_is_valid_and_survives) {
  for (const char* pattern : {"/caf. error/", "/error/", "/error$/"}) {
    FilterDriver filter = grep({condition("regexp", "log", pattern)});
    EXPECT_EQ(filter.record("{\"log\":\"caf\xc3\xa9 error\"}"), "{\"log\":\"caf\xc3\xa9 error\"}");
    const auto batch = logboom::testing::BatchOf("t")
                           .packed(std::string_view("\x81\xa3log\xaa"
                                                    "caf\xe9 error",
                                                    16))
                           .make();
    EXPECT_EQ(filter.send(batch).size(), 1u) << pattern;
  }
}

TEST(FilterGrep, a_search_that_takes_too_long_fails_the_event_with_the_pattern) {
  FilterDriver filter = grep({condition("regexp", "log", "/^(a|a?)+$/")});
  EXPECT_EQ(filter.record(R"({"log":")" + std::string(60, 'a') + R"(b"})"), "");
  ASSERT_EQ(filter.outcome().failed.size(), 1u);
  EXPECT_EQ(filter.outcome().failed[0].second, "grep: the search for /^(a|a?)+$/ took too long and was given up");
}

TEST(FilterGrep, a_wrong_pattern_or_key_is_refused_at_its_place) {
  EXPECT_THROW(grep({condition("regexp", "log", "/(/")}), ConfigError);
  EXPECT_THROW(grep({condition("exclude", "$.a[", "/a/")}), ConfigError);
  EXPECT_THROW(grep({section("regexp", {{"key", "a"}})}), ConfigError);
  EXPECT_THROW(grep({}, {{"exclude1", "log ("}}), ConfigError);
}

TEST(FilterGrep, without_conditions_keeps_everything) {
  FilterDriver filter = grep({});
  EXPECT_TRUE(keeps(filter, R"({})"));
}

}  // namespace
