#include <gmock/gmock.h>

#include "pipeline/pipeline_test_support.hpp"

namespace logboom::pipeline_test {
namespace {

std::string store(std::string_view id, std::string_view arg = "") {
  return cat(" <store", arg.empty() ? "" : " ", arg, ">\n  @type toy\n  @id ", id, "\n </store>\n");
}
std::string copy(std::string_view stores) {
  return cat("<source>\n @type toy\n</source>\n<match **>\n @type copy\n", stores, "</match>\n");
}

TEST(Stores, one_that_ignores_errors_drops_what_it_has_no_room_for_and_nobody_waits) {
  Bench bench(copy(store("a", "ignore_error") + store("b")), [](Toys& toys) { toys.sinks["a"].room = 2; });
  Outcomes outcomes;
  bench.send("t", 1, 2, outcomes.receipt(1));
  bench.send("t", 3, 2, outcomes.receipt(2));
  EXPECT_FALSE(bench.flow.held);
  EXPECT_EQ(bench.numbers("a"), "1 2");
  EXPECT_EQ(bench.numbers("b"), "1 2 3 4");
  EXPECT_TRUE(outcomes.settled.at(1));
  EXPECT_TRUE(outcomes.settled.at(2));
  EXPECT_EQ(bench.log.count("nobody waits for this store"), 1u);
  bench.expect_balance();
}

TEST(Stores, a_fallback_gets_only_what_the_one_before_had_no_room_for) {
  Bench bench(copy(store("a", "ignore_error") + store("b", "ignore_error ignore_if_prev_success") + store("c")),
              [](Toys& toys) { toys.sinks["a"].room = 2; });
  bench.send("t", 1, 2);
  bench.send("t", 3, 2);
  EXPECT_EQ(bench.numbers("a"), "1 2");
  EXPECT_EQ(bench.numbers("b"), "3 4");
  EXPECT_EQ(bench.numbers("c"), "1 2 3 4");
  EXPECT_EQ(bench.pipeline->counters().filtered.value(), 2u) << "what the fallback was not needed for";
  bench.expect_balance();
}

TEST(Stores, a_chain_of_fallbacks_ends_at_the_first_one_with_room) {
  Bench bench(copy(store("a", "ignore_error") + store("b", "ignore_error ignore_if_prev_success") +
                   store("c", "ignore_if_prev_success")),
              [](Toys& toys) {
                toys.sinks["a"].room = 0;
                toys.sinks["b"].room = 0;
                toys.sinks["c"].room = 0;
              });
  bench.send("t", 1, 1);
  EXPECT_TRUE(bench.flow.held) << "the last one does not ignore its errors";
  bench.expect_balance();
  bench.make_room("c", 1);
  EXPECT_FALSE(bench.flow.held);
  EXPECT_EQ(bench.numbers("c"), "1");
  bench.expect_balance();
}

TEST(Stores, of_a_label_that_may_fail_fail_together) {
  Bench bench(
      "<source>\n @type toy\n</source>\n<match **>\n @type copy\n <store ignore_error>\n  @type relabel\n  "
      "@label @L\n </store>\n" +
          store("b") + "</match>\n<label @L>\n<match **>\n @type copy\n" + store("x") + store("y") +
          "</match>\n</label>\n",
      [](Toys& toys) { toys.sinks["y"].room = 0; });
  bench.send("t", 1, 1);
  EXPECT_FALSE(bench.flow.held);
  EXPECT_EQ(bench.numbers("x"), "");
  EXPECT_EQ(bench.numbers("b"), "1");
  EXPECT_THAT(bench.toys.journal, ::testing::Contains("unreserve x"));
  bench.expect_balance();
}

TEST(Stores, of_a_roundrobin_take_turns_by_weight) {
  Bench bench(
      "<source>\n @type toy\n</source>\n<match **>\n @type roundrobin\n <store>\n  @type toy\n  @id a\n  weight "
      "2\n </store>\n" +
      store("b") + "</match>\n");
  for (int n = 1; n <= 6; ++n) bench.send("t", n, 1);
  EXPECT_EQ(bench.numbers("a"), "1 3 4 6");
  EXPECT_EQ(bench.numbers("b"), "2 5");
  bench.expect_balance();
}

}  // namespace
}  // namespace logboom::pipeline_test
