#include "route/cover.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "often.hpp"

namespace logboom {
namespace {

bool covered(std::string_view later, const std::vector<std::string>& earlier) {
  std::vector<PatternList> lists;
  for (const std::string& text : earlier) lists.push_back(PatternList::compile(text));
  std::vector<const PatternList*> pointers;
  for (const PatternList& list : lists) pointers.push_back(&list);
  return is_covered(PatternList::compile(later), pointers);
}

bool disjoint(std::string_view one, std::string_view other) {
  return are_disjoint(PatternList::compile(one), PatternList::compile(other));
}

TEST(PatternCover, a_wider_pattern_above_takes_all) {
  EXPECT_TRUE(covered("a.b", {"a.b"}));
  EXPECT_TRUE(covered("a.b.*", {"a.**"}));
  EXPECT_TRUE(covered("**", {"**"}));
  EXPECT_TRUE(covered("anything.{a,b}", {"x", "**"}));
  EXPECT_TRUE(covered("a.x", {"{a,b}.*"}));
  EXPECT_TRUE(covered("**", {"{a,**}"}));
  EXPECT_TRUE(covered("a b.c", {"b.* a.**"}));
  EXPECT_TRUE(covered("**.a", {"**"}));
  EXPECT_TRUE(covered("**", {"**.*"})) << "**. is nothing where the tag begins";
}

TEST(PatternCover, several_patterns_may_take_all_together) {
  EXPECT_TRUE(covered("{a,b}.x", {"a.*", "b.*"}));
  EXPECT_TRUE(covered("a.**", {"a", "a.**.x", "a.**"}));
  EXPECT_TRUE(covered("**", {"*", "*.**"}));
  EXPECT_FALSE(covered("{a,b,c}.x", {"a.*", "b.*"}));
}

TEST(PatternCover, a_pattern_that_leaves_one_tag_covers_nothing) {
  EXPECT_FALSE(covered("a.**", {"a.*"}));
  EXPECT_FALSE(covered("a.**", {"a.*.**"})) << "the tag a itself is left";
  EXPECT_FALSE(covered("*", {"a"}));
  EXPECT_FALSE(covered("a.*", {"a.*.b"}));
  EXPECT_FALSE(covered("x", {}));
}

TEST(PatternCover, a_regexp_is_compared_by_its_text_only) {
  EXPECT_TRUE(covered("/a.+/", {"/a.+/"}));
  EXPECT_TRUE(covered("/a.+/", {"**"}));
  EXPECT_TRUE(covered("a.b", {"/.*/"}));
  EXPECT_FALSE(covered("abc", {"/a.+/"}));
  EXPECT_FALSE(disjoint("/a/", "b"));
}

TEST(PatternCover, disjoint_patterns_share_no_tag) {
  EXPECT_TRUE(disjoint("a.**", "b.**"));
  EXPECT_TRUE(disjoint("a.*", "a.*.*"));
  EXPECT_TRUE(disjoint("a b", "c {d,e}"));
  EXPECT_FALSE(disjoint("a.**", "a"));
  EXPECT_FALSE(disjoint("a.**", "**.b"));
  EXPECT_FALSE(disjoint("*", "a"));
}

TEST(PatternCover, a_pattern_of_many_states_gets_no_answer_and_takes_no_time) {
  std::string many = "**";
  for (int i = 0; i < 60; ++i) many += "a*b**";
  EXPECT_FALSE(covered(many, {many + "c"}));
}

/// All tags over a small alphabet up to a length, to try patterns against.
std::vector<std::string> all_tags() {
  std::vector<std::string> tags{""};
  for (std::size_t begin = 0, size = 0; size < 7; ++size) {
    const std::size_t end = tags.size();
    for (; begin < end; ++begin) {
      for (const char c : {'a', 'b', '.'}) tags.push_back(tags[begin] + c);
    }
  }
  return tags;
}

std::string random_pattern(std::mt19937& random) {
  static const std::vector<std::string> pieces{"a", "b", ".", "*", "**", ".**", "**.", "{a,b}", "{a.,}", "a.", ".*"};
  std::string text;
  for (auto n = 1 + random() % 4; n > 0; --n) text += pieces[random() % pieces.size()];
  return text;
}

TEST(PatternCover, agrees_with_all_short_tags) {
  std::mt19937 random(7);
  const std::vector<std::string> tags = all_tags();
  int covers = 0;
  int apart = 0;
  for (int round = 0; round < often(1500); ++round) {
    const std::string later = random_pattern(random);
    const std::vector<std::string> earlier{random_pattern(random), random_pattern(random)};
    const PatternList wanted = PatternList::compile(later);
    const PatternList first = PatternList::compile(earlier[0]);
    const PatternList second = PatternList::compile(earlier[1]);
    bool all = true;
    bool none = true;
    for (const std::string& tag : tags) {
      if (!wanted.matches(tag)) continue;
      all = all && (first.matches(tag) || second.matches(tag));
      none = none && !first.matches(tag);
    }
    // Patterns of four pieces differ on a tag of seven bytes, if at all.
    EXPECT_EQ(covered(later, earlier), all) << later << " by " << earlier[0] << " or " << earlier[1];
    EXPECT_EQ(disjoint(later, earlier[0]), none) << later << " and " << earlier[0];
    covers += all ? 1 : 0;
    apart += none ? 1 : 0;
  }
  EXPECT_GT(covers, often(100));
  EXPECT_GT(apart, often(100));
}

}  // namespace
}  // namespace logboom
