#include "pipeline/dispatcher.hpp"

#include <gmock/gmock.h>

#include "pipeline/pipeline_test_support.hpp"

namespace logboom::pipeline_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string source = "<source>\n @type toy\n</source>\n";
std::string out(std::string_view id) { return cat(" @type toy\n @id ", id, "\n"); }
std::string match(std::string_view pattern, std::string_view id) {
  return cat("<match ", pattern, ">\n", out(id), "</match>\n");
}
std::string copy(std::string_view pattern, std::string_view one, std::string_view two) {
  return cat("<match ", pattern, ">\n @type copy\n<store>\n", out(one), "</store>\n<store>\n", out(two),
             "</store>\n</match>\n");
}
std::function<void(Toys&)> full(std::initializer_list<const char*> ids) {
  return [ids = std::vector<std::string>(ids.begin(), ids.end())](Toys& toys) {
    for (const std::string& id : ids) toys.sinks[id].room = 0;
  };
}

TEST(Dispatcher, parks_what_finds_a_sink_full_and_holds_only_its_flow_and_keeps_the_order) {
  Bench bench(source + match("a", "a") + match("b", "b"), full({"a"}));
  ToyFlow one, two;
  Outcomes outcomes;
  bench.send_from(one, "a", 1, 2, outcomes.receipt(1));
  EXPECT_TRUE(one.held);
  bench.send_from(one, "b", 3, 1, outcomes.receipt(2));
  bench.send_from(two, "b", 10);
  EXPECT_FALSE(two.held);
  EXPECT_EQ(bench.numbers("b"), "10") << "what comes behind a parked batch of the same flow waits too";
  EXPECT_EQ(bench.pipeline->counters().parked.value(), 3);
  bench.run_posted();
  bench.expect_balance();
  EXPECT_TRUE(one.held);
  EXPECT_THAT(outcomes.settled, IsEmpty());

  bench.make_room("a", 2);
  EXPECT_FALSE(one.held);
  EXPECT_EQ(one.holds, 1);
  EXPECT_EQ(one.goes, 1);
  EXPECT_EQ(bench.numbers("a"), "1 2");
  EXPECT_EQ(bench.numbers("b"), "10 3");
  EXPECT_EQ(outcomes.settled, (std::map<int, bool>{{1, true}, {2, true}}));
  EXPECT_EQ(bench.pipeline->counters().parked.value(), 0);
  bench.expect_balance();
}

TEST(Dispatcher, goes_on_in_order_as_room_comes_bit_by_bit) {
  Bench bench(source + match("a", "a"), full({"a"}));
  for (int n = 1; n <= 5; ++n) bench.send("a", n * 2, 2);
  EXPECT_EQ(bench.flow.holds, 1);
  bench.make_room("a", 3);
  EXPECT_EQ(bench.numbers("a"), "2 3");
  EXPECT_TRUE(bench.flow.held);
  bench.make_room("a", 3);
  EXPECT_EQ(bench.numbers("a"), "2 3 4 5 6 7");
  bench.make_room("a", 100);
  EXPECT_EQ(bench.numbers("a"), "2 3 4 5 6 7 8 9 10 11");
  EXPECT_FALSE(bench.flow.held);
  EXPECT_EQ(bench.flow.goes, 1);
  bench.send("a", 12);
  EXPECT_EQ(bench.toys.sinks.at("a").appended, 11u);
}

TEST(Dispatcher, room_that_came_between_the_refusal_and_the_parking_is_seen) {
  Bench bench(source + match("a", "a"), full({"a"}));
  bench.send("a", 1);
  bench.toys.sinks.at("a").room = 1;
  bench.run_posted();
  EXPECT_EQ(bench.numbers("a"), "1");
  EXPECT_FALSE(bench.flow.held);
}

TEST(Dispatcher, word_of_room_while_nothing_is_parked_costs_nothing) {
  Bench bench(source + match("a", "a"));
  bench.send("a", 1);
  bench.dispatcher->space();
  bench.dispatcher->space();
  EXPECT_THAT(bench.executor.posted, IsEmpty());
}

TEST(Dispatcher, a_batch_for_several_sinks_goes_to_none_before_all_have_room) {
  Bench bench(source + copy("**", "free", "full"), full({"full"}));
  Outcomes outcomes;
  bench.toys.sinks.at("free").room = 10;
  bench.send("t", 1, 2, outcomes.receipt(1));
  EXPECT_THAT(bench.toys.journal, ElementsAre("reserve free", "refuse full", "unreserve free"));
  EXPECT_EQ(bench.toys.sinks.at("free").room, 10u);
  EXPECT_EQ(bench.pipeline->counters().parked.value(), 4);
  bench.expect_balance();
  bench.run_posted();
  bench.toys.journal.clear();
  bench.make_room("full", 2);
  EXPECT_THAT(bench.toys.journal, ElementsAre("reserve free", "reserve full", "append free", "append full"));
  EXPECT_EQ(bench.numbers("free"), "1 2");
  EXPECT_EQ(bench.numbers("full"), "1 2");
  EXPECT_TRUE(outcomes.settled.at(1));
  bench.expect_balance();
}

TEST(Dispatcher, a_sink_that_gets_a_batch_twice_gets_it_one_after_the_other) {
  Bench bench(
      source +
          "<match **>\n @type copy\n <store>\n @type relabel\n @label @X\n </store>\n <store>\n @type relabel\n"
          " @label @Y\n </store>\n</match>\n<label @X>\n <match **>\n @type relabel\n @label @Z\n </match>\n</label>\n"
          "<label @Y>\n <match **>\n @type relabel\n @label @Z\n </match>\n</label>\n"
          "<label @Z>\n <match **>\n @type toy\n @id a\n </match>\n</label>\n",
      full({"a"}));
  Outcomes outcomes;
  bench.send("t", 1, 2, outcomes.receipt(1));
  bench.run_posted();
  bench.make_room("a", 2);
  EXPECT_EQ(bench.numbers("a"), "1 2") << "room for one of the two is enough for that one";
  EXPECT_THAT(outcomes.settled, IsEmpty());
  bench.make_room("a", 2);
  EXPECT_EQ(bench.numbers("a"), "1 2 1 2");
  EXPECT_TRUE(outcomes.settled.at(1));
  bench.expect_balance();
}

TEST(Dispatcher, a_receipt_is_confirmed_when_every_leg_has_confirmed) {
  Bench bench(source + copy("**", "a", "b"),
              [](Toys& toys) { toys.sinks["a"].keeps_receipts = toys.sinks["b"].keeps_receipts = true; });
  Outcomes outcomes;
  bench.send("t", 1, 1, outcomes.receipt(1));
  bench.send("t", 2, 1, outcomes.receipt(2));
  bench.toys.sinks.at("a").receipts.at(0).confirm();
  bench.toys.sinks.at("b").receipts.at(1).confirm();
  EXPECT_THAT(outcomes.settled, IsEmpty());
  bench.toys.sinks.at("b").receipts.at(0).confirm();
  EXPECT_EQ(outcomes.settled, (std::map<int, bool>{{1, true}}));
  bench.toys.sinks.at("a").receipts.clear();
  EXPECT_EQ(outcomes.settled, (std::map<int, bool>{{1, true}, {2, false}}));
}

TEST(Dispatcher, events_that_nothing_takes_are_confirmed) {
  Bench bench(source + "<filter f>\n @type toy\n @id drops\n</filter>\n" + match("f", "f"), [](Toys& toys) {
    toys.filters["drops"] = [](const EventBatch& batch, FilterSink& sink) {
      batch.for_each([&](const Event& e) { sink.drop(e); });
    };
  });
  Outcomes outcomes;
  bench.send("unknown", 1, 1, outcomes.receipt(1));
  bench.send("f", 1, 3, outcomes.receipt(2));
  EXPECT_EQ(outcomes.settled, (std::map<int, bool>{{1, true}, {2, true}}));
  EXPECT_EQ(bench.pipeline->counters().unmatched.value(), 1u);
  EXPECT_EQ(bench.pipeline->counters().filtered.value(), 3u);
  bench.expect_balance();
}

TEST(Dispatcher, what_is_still_parked_at_the_end_is_counted_as_dropped_and_not_confirmed) {
  Bench bench(source + copy("**", "free", "full"), full({"full"}));
  Outcomes outcomes;
  bench.send("t", 1, 2, outcomes.receipt(1));
  bench.send("t", 3, 1, outcomes.receipt(2));
  bench.dispatcher->finish(Dispatcher::Clock::now());
  EXPECT_EQ(bench.pipeline->counters().dropped_shutdown.value(), 6u);
  EXPECT_EQ(bench.pipeline->counters().parked.value(), 0);
  EXPECT_EQ(outcomes.settled, (std::map<int, bool>{{1, false}, {2, false}}));
  EXPECT_EQ(bench.numbers("free"), "");
  bench.expect_balance();
  bench.run_posted();
}

TEST(Dispatcher, what_a_flow_left_parked_goes_on_after_it_is_gone) {
  Bench bench(source + match("a", "a") + match("b", "b"), full({"a", "b"}));
  auto one = std::make_unique<ToyFlow>();
  auto two = std::make_unique<ToyFlow>();
  const std::shared_ptr<Emitter> keep = bench.dispatcher->emitter(bench.input_node());
  Emitter& emitter = *keep;
  bench.send_from(*one, "a", 1);
  bench.send_from(*one, "a", 2);
  bench.send_from(*two, "b", 10);
  emitter.forget(*one);
  emitter.forget(*two);
  emitter.forget(bench.flow);
  one.reset();
  two.reset();
  bench.run_posted();
  bench.make_room("b", 5);
  EXPECT_EQ(bench.numbers("b"), "10") << "one dead flow's full sink must not hold back another's";
  bench.make_room("a", 5);
  EXPECT_EQ(bench.numbers("a"), "1 2");
  EXPECT_EQ(bench.pipeline->counters().parked.value(), 0);
  bench.expect_balance();
}

TEST(Dispatcher, a_flow_that_goes_on_may_send_at_once_and_be_held_again) {
  Bench bench(source + match("a", "a"), full({"a"}));
  bench.send("a", 1);
  bench.flow.on_go = [&] {
    bench.flow.on_go = nullptr;
    bench.send("a", 2, 5);
  };
  bench.make_room("a", 2);
  EXPECT_EQ(bench.numbers("a"), "1");
  EXPECT_TRUE(bench.flow.held);
  bench.make_room("a", 10);
  EXPECT_EQ(bench.numbers("a"), "1 2 3 4 5 6");
  EXPECT_FALSE(bench.flow.held);
}

}  // namespace
}  // namespace logboom::pipeline_test
