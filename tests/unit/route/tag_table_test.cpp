#include "route/tag_table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logboom {
namespace {

std::string name(int i) { return "docker.image.container-" + std::to_string(i); }

TEST(TagTable, gives_one_object_for_one_text) {
  TagTable table;
  const Tag first = table.intern("a.b");
  const Tag other = table.intern("a.c");
  EXPECT_TRUE(table.intern(std::string("a.b")).same_object(first));
  EXPECT_FALSE(other.same_object(first));
  EXPECT_EQ(first.text(), "a.b");
  EXPECT_TRUE(table.intern("").same_object(table.intern("")));
  EXPECT_EQ(table.size(), 3u);
}

TEST(TagTable, stays_bounded_with_100000_tags_and_keeps_those_that_are_held_the_same) {
  TagTable table(1000);
  const Tag held = table.intern("held");
  held.route_slot().generation = 7;
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_EQ(table.intern(name(i)).text(), name(i));
    ASSERT_LE(table.size(), 1000u);
  }
  EXPECT_TRUE(table.intern("held").same_object(held));
  EXPECT_EQ(table.intern("held").route_slot().generation, 7u);
}

TEST(TagTable, grows_while_all_are_held_and_shrinks_again) {
  TagTable table(1000);
  std::vector<Tag> held;
  for (int i = 0; i < 100'000; ++i) held.push_back(table.intern(name(i)));
  EXPECT_EQ(table.size(), 100'000u);
  for (int i = 0; i < 100'000; i += 997)
    ASSERT_TRUE(table.intern(name(i)).same_object(held[static_cast<std::size_t>(i)]));
  held.clear();
  for (int i = 0; i < 200'000; ++i) table.intern("other-" + std::to_string(i));
  EXPECT_LE(table.size(), 200'000u);
  for (int i = 0; i < 100'000; i += 997) EXPECT_EQ(table.intern(name(i)).text(), name(i));
}

TEST(TagTable, a_tag_that_made_room_and_comes_again_is_a_new_object_without_a_route) {
  TagTable table(2);
  {
    const Tag tag = table.intern("a");
    tag.route_slot().generation = 3;
  }
  table.intern("b");
  table.intern("c");
  EXPECT_EQ(table.intern("a").route_slot().generation, 0u);
}

}  // namespace
}  // namespace logboom
