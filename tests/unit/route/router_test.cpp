#include "route/router.hpp"

#include <gmock/gmock.h>

namespace logboom {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

PatternList patterns(std::string_view text) { return PatternList::compile(text); }

TEST(Router, the_first_match_wins_and_only_filters_above_it_apply_in_their_order) {
  Router router;
  router.add_filter("", patterns("**"), 0);
  router.add_filter("", patterns("web.*"), 1);
  router.add_match("", patterns("db.** cache"), 10);
  router.add_filter("", patterns("**"), 2);
  router.add_match("", patterns("web.**"), 11);
  router.add_match("", patterns("web.a"), 12);
  router.add_filter("", patterns("**"), 3);

  const RuleMatch db = router.match("", "db.x.y");
  EXPECT_EQ(db.output, 10u);
  EXPECT_THAT(db.filters, ElementsAre(0));
  EXPECT_EQ(router.match("", "cache").output, 10u);
  const RuleMatch web = router.match("", "web.a");
  EXPECT_EQ(web.output, 11u);
  EXPECT_THAT(web.filters, ElementsAre(0, 1, 2));
  const RuleMatch deep = router.match("", "web.a.b");
  EXPECT_EQ(deep.output, 11u);
  EXPECT_THAT(deep.filters, ElementsAre(0, 2));
}

TEST(Router, a_tag_that_nothing_matches_still_meets_its_filters) {
  Router router;
  router.add_filter("", patterns("a"), 5);
  router.add_match("", patterns("b"), 0);
  const RuleMatch match = router.match("", "a");
  EXPECT_FALSE(match.output.has_value());
  EXPECT_THAT(match.filters, ElementsAre(5));
}

TEST(Router, labels_have_rules_of_their_own) {
  Router router;
  router.add_match("", patterns("**"), 0);
  router.add_filter("@X", patterns("**"), 7);
  router.add_match("@X", patterns("a"), 1);
  router.add_label("@EMPTY");
  EXPECT_EQ(router.match("", "a").output, 0u);
  EXPECT_EQ(router.match("@X", "a").output, 1u);
  EXPECT_THAT(router.match("@X", "a").filters, ElementsAre(7));
  EXPECT_FALSE(router.match("@X", "b").output.has_value());
  EXPECT_FALSE(router.match("@EMPTY", "a").output.has_value());
  EXPECT_TRUE(router.has_label("@EMPTY"));
  EXPECT_TRUE(router.has_label("@X"));
  EXPECT_FALSE(router.has_label("@NONE"));
  EXPECT_THAT(router.match("@NONE", "a").filters, IsEmpty());
}

}  // namespace
}  // namespace logboom
