#include <logboom/config_element.hpp>

#include <gmock/gmock.h>

#include <logboom/log.hpp>
#include <logboom/params.hpp>

namespace logboom {
namespace {

SourcePos at(unsigned line) { return {std::make_shared<const std::string>("a.conf"), line, 1}; }

TEST(ConfigErrors, a_collector_sorts_by_place_and_says_each_once) {
  ConfigErrorCollector errors;
  errors.add(ConfigError(at(3), "third"));
  EXPECT_FALSE(errors.attempt([] { throw ConfigError(at(1), "first", "rule"); }));
  EXPECT_TRUE(errors.attempt([] {}));
  errors.add(ConfigError(at(3), "third"));
  try {
    errors.throw_if_any();
    FAIL() << "nothing was thrown";
  } catch (const ConfigErrors& all) {
    ASSERT_EQ(all.all().size(), 2u);
    EXPECT_STREQ(all.what(), "a.conf:1:1: first\na.conf:3:1: third");
    EXPECT_EQ(all.message(), "first");
    EXPECT_EQ(all.rule(), "rule");
  }
}

TEST(ConfigErrors, one_error_stays_what_it_is_and_several_are_taken_apart) {
  ConfigErrorCollector errors;
  EXPECT_NO_THROW(errors.throw_if_any());
  errors.add(ConfigErrors({ConfigError(at(1), "a"), ConfigError(at(2), "b")}));
  EXPECT_EQ(errors.take().size(), 2u);
  errors.add(ConfigError(at(1), "a"));
  try {
    errors.throw_if_any();
    FAIL() << "nothing was thrown";
  } catch (const ConfigErrors&) {
    FAIL() << "one error is not several";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.message(), "a");
  }
}

struct Inner {
  std::int64_t depth = 0;
  static void describe(Describe<Inner>& d) { d.param("depth", &Inner::depth, ""); }
};

struct Outer {
  std::int64_t size = 0;
  std::string name;
  std::optional<Inner> inner;
  static void describe(Describe<Outer>& d) {
    d.param("size", &Outer::size, "").range(1, 9);
    d.param("name", &Outer::name, "").required();
    d.section("inner", &Outer::inner, "");
  }
};

TEST(ConfigErrors, a_section_says_all_that_is_wrong_in_it_and_below) {
  Element element{"match", "", at(1), {{"size", "10", false, false, at(2), at(2)}}, {}};
  element.children.push_back({"inner", "", at(3), {{"depth", "x", false, false, at(4), at(4)}}, {}});
  Outer options;
  try {
    schema_of<Outer>().apply(element, &options, [](const SourcePos&, const std::string&) {});
    FAIL() << "nothing was thrown";
  } catch (const ConfigErrors& all) {
    std::vector<std::string> rules;
    for (const ConfigError& error : all.all()) rules.push_back(cat(error.pos().line, " ", error.rule()));
    EXPECT_THAT(rules, testing::ElementsAre("1 missing-parameter", "2 bad-value", "4 bad-value"));
  }
}

}  // namespace
}  // namespace logboom
