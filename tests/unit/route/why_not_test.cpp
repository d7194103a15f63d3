#include "route/why_not.hpp"

#include <gtest/gtest.h>

namespace logboom {
namespace {

std::string why(std::string_view patterns, std::string_view tag) {
  return why_not(PatternList::compile(patterns), tag);
}

TEST(WhyNot, simple_patterns_are_explained_in_words) {
  EXPECT_EQ(why("a.b", "a"), "the tag is not 'a.b'");
  EXPECT_EQ(why("a.*", "a.b.c"), "the tag has 3 parts, the pattern 2");
  EXPECT_EQ(why("a.*", "a"), "the tag has 1 part, the pattern 2");
  EXPECT_EQ(why("a.*.c", "a.b.d"), "part 3 is 'd', not 'c'");
  EXPECT_EQ(why("{a,b}.*", "c.d"), "part 1 is 'c', not '{a,b}'");
  EXPECT_EQ(why("a.b.**", "a.c"), "the tag does not begin with the part 'a.b'");
  EXPECT_EQ(why("**.a", "b"), "the tag does not end with the part 'a'");
  EXPECT_EQ(why("/a/", "b"), "the regular expression does not match");
}

TEST(WhyNot, of_several_patterns_each_has_its_reason) {
  EXPECT_EQ(why("a b.*", "c"), "a: the tag is not 'a'; b.*: the tag has 1 part, the pattern 2");
}

TEST(WhyNot, what_is_not_simple_is_left_out) { EXPECT_EQ(why("a**b*c", "x"), ""); }

}  // namespace
}  // namespace logboom
