#include <gmock/gmock.h>

#include <stdexcept>

#include "pipeline/pipeline_test_support.hpp"

namespace logboom::pipeline_test {
namespace {

const std::string source = "<source>\n @type toy\n</source>\n";
std::string sink(std::string_view pattern, std::string_view id) {
  return cat("<match ", pattern, ">\n @type toy\n @id ", id, "\n</match>\n");
}
std::string emitter(std::string_view pattern, std::string_view more = "") {
  return cat("<match ", pattern, ">\n @type emit\n @id x\n", more, "</match>\n");
}
std::string label(std::string_view name, std::string_view body) {
  return cat("<label ", name, ">\n", body, "</label>\n");
}

std::int64_t number_of(const Event& event) {
  std::int64_t n = -1;
  event.record.find("n").to_int(n);
  return n;
}

/// Even numbers to "even", 5 dropped, 7 fails, other odd ones to "odd".
void by_parity(const EventBatch& batch, EmitSink& sink) {
  batch.for_each([&](const Event& event) {
    const std::int64_t n = number_of(event);
    if (n == 5) return sink.drop(event);
    if (n == 7) return sink.fail(event, "seven");
    sink.emit(n % 2 == 0 ? "even" : "odd", event);
  });
}

TEST(EmitOutput, sends_events_on_under_other_tags_through_the_same_rules) {
  Bench bench(source + emitter("in") + sink("even", "e") + sink("**", "o") + label("@ERROR", sink("**", "bad")),
              [](Toys& toys) { toys.emits["x"] = by_parity; });
  Outcomes outcomes;
  bench.send("in", 0, 9, outcomes.receipt(1));
  EXPECT_EQ(bench.numbers("e"), "0 2 4 6 8");
  EXPECT_EQ(bench.numbers("o"), "1 3");
  EXPECT_EQ(bench.toys.sinks.at("o").rows.at(0).tag, "odd");
  EXPECT_EQ(bench.numbers("bad"), "7");
  EXPECT_EQ(bench.toys.sinks.at("bad").rows.at(0).tag, "in");
  EXPECT_TRUE(outcomes.settled.at(1));
  bench.expect_balance();
}

TEST(EmitOutput, emits_to_its_label_or_to_the_one_where_it_stands) {
  const auto to = [](const char* tag) {
    return [tag](const EventBatch& batch, EmitSink& out) {
      batch.for_each([&](const Event& event) { out.emit(tag, event); });
    };
  };
  Bench inside("<source>\n @type toy\n @label @L\n</source>\n" + label("@L", emitter("in") + sink("next", "inner")) +
                   sink("**", "outer"),
               [&](Toys& toys) { toys.emits["x"] = to("next"); });
  inside.send("in", 1, 2);
  EXPECT_EQ(inside.numbers("inner"), "1 2");
  Bench labelled(source + emitter("in", " @label @L\n") + label("@L", sink("next", "there")) + sink("**", "outer"),
                 [&](Toys& toys) { toys.emits["x"] = to("next"); });
  labelled.send("in", 1, 2);
  EXPECT_EQ(labelled.numbers("there"), "1 2");
  EXPECT_THAT(build_error(source + emitter("in", " @label @NONE\n")), ::testing::HasSubstr("@NONE"));
}

TEST(EmitOutput, may_name_a_label_for_each_event) {
  const auto by_number = [](const EventBatch& batch, EmitSink& out) {
    batch.for_each([&](const Event& event) {
      const std::int64_t n = number_of(event);
      n % 3 == 0 ? out.emit("next", event) : out.emit_to(n % 3 == 1 ? "@L" : "@ROOT", "next", event);
    });
  };
  Bench bench("<source>\n @type toy\n @label @IN\n</source>\n" + label("@IN", emitter("in") + sink("next", "inner")) +
                  label("@L", sink("next", "labelled")) + sink("next", "root"),
              [&](Toys& toys) { toys.emits["x"] = by_number; });
  bench.send("in", 0, 8);
  EXPECT_EQ(bench.numbers("inner"), "0 3 6");
  EXPECT_EQ(bench.numbers("labelled"), "1 4 7");
  EXPECT_EQ(bench.numbers("root"), "2 5");
  bench.expect_balance();
}

TEST(EmitOutput, to_thousands_of_tags_is_done_in_time) {
  Bench bench(source + emitter("in") + sink("**", "o"), [](Toys& toys) {
    toys.emits["x"] = [](const EventBatch& batch, EmitSink& out) {
      batch.for_each([&](const Event& event) { out.emit(cat("t", number_of(event)), event); });
    };
  });
  bench.send("in", 1, 5000);
  EXPECT_EQ(bench.toys.sinks.at("o").rows.size(), 5000u);
  EXPECT_EQ(bench.toys.sinks.at("o").rows.back().tag, "t5000");
  bench.expect_balance();
}

TEST(EmitOutput, that_emits_in_a_circle_is_stopped_and_its_events_are_counted) {
  Bench bench(source + emitter("**"), [](Toys& toys) {
    toys.emits["x"] = [](const EventBatch& batch, EmitSink& out) {
      batch.for_each([&](const Event& event) { out.emit(batch.tag().text(), event); });
    };
  });
  bench.send("in", 1, 3);
  EXPECT_EQ(bench.pipeline->counters().dropped_loop.value(), 3u);
  EXPECT_EQ(bench.log.count("again and again"), 1u);
  bench.expect_balance();
}

TEST(EmitOutput, that_throws_fails_all_that_it_had_not_decided_on) {
  Bench bench(source + emitter("in") + sink("**", "o"), [](Toys& toys) {
    toys.emits["x"] = [](const EventBatch& batch, EmitSink& out) {
      batch.for_each([&](const Event& event) {
        if (number_of(event) == 2) throw std::runtime_error("broken");
        out.emit("t", event);
      });
    };
  });
  bench.send("in", 1, 3);
  EXPECT_EQ(bench.numbers("o"), "1");
  EXPECT_EQ(bench.pipeline->counters().dropped_filter_error.value(), 2u);
  bench.expect_balance();
}

TEST(EmitOutput, as_a_store_gets_its_copy) {
  Bench bench(source +
                  "<match in>\n @type copy\n <store>\n  @type emit\n  @id x\n </store>\n <store>\n  @type toy\n  @id "
                  "plain\n </store>\n</match>\n" +
                  sink("**", "o"),
              [](Toys& toys) { toys.emits["x"] = by_parity; });
  bench.send("in", 1, 2);
  EXPECT_EQ(bench.numbers("plain"), "1 2");
  EXPECT_EQ(bench.numbers("o"), "1 2");
  bench.expect_balance();
}

TEST(EmitOutput, events_for_a_full_sink_are_parked_with_the_rest) {
  Bench bench(source + emitter("in") + sink("even", "e") + sink("odd", "o"), [](Toys& toys) {
    toys.emits["x"] = by_parity;
    toys.sinks["e"].room = 0;
  });
  bench.send("in", 1, 2);
  EXPECT_TRUE(bench.flow.held);
  EXPECT_EQ(bench.numbers("o"), "");
  bench.make_room("e", 1);
  EXPECT_EQ(bench.numbers("o"), "1");
  EXPECT_EQ(bench.numbers("e"), "2");
  bench.expect_balance();
}

const std::string pairs = "<filter **>\n @type pairs\n</filter>\n";

TEST(Holder, joins_events_and_answers_those_that_it_holds_at_once) {
  Bench bench(source + pairs + sink("**", "o"));
  Outcomes outcomes;
  bench.send("t", 1, 1, outcomes.receipt(1));
  EXPECT_TRUE(outcomes.settled.at(1));
  EXPECT_EQ(bench.pipeline->counters().held.value(), 1);
  bench.expect_balance();
  bench.send("t", 2, 1);
  EXPECT_EQ(bench.numbers("o"), "3");
  EXPECT_EQ(bench.pipeline->counters().merged.value(), 1u);
  bench.expect_balance();
}

TEST(Holder, gives_out_late_events_behind_its_place_in_the_rules) {
  Bench bench(source + "<filter **>\n @type toy\n @id before\n</filter>\n" + pairs +
                  "<filter **>\n @type toy\n @id behind\n</filter>\n" + sink("**", "o"),
              [](Toys& toys) {
                for (const char* id : {"before", "behind"}) {
                  toys.filters[id] = [&toys, id](const EventBatch& batch, FilterSink& out) {
                    toys.journal.emplace_back(id);
                    batch.for_each([&](const Event& event) { out.keep(event); });
                  };
                }
              });
  bench.send("t", 4, 1);
  EXPECT_THAT(bench.toys.journal, ::testing::ElementsAre("before"));
  ASSERT_EQ(bench.executor.later.size(), 1u);
  bench.run_later();
  EXPECT_THAT(bench.toys.journal, ::testing::Contains("behind"));
  EXPECT_EQ(bench.numbers("o"), "4");
  EXPECT_EQ(bench.toys.sinks.at("o").rows.at(0).time, "5");
  bench.expect_balance();
}

TEST(Holder, sends_late_events_to_a_label_or_to_the_errors) {
  Bench bench(source + pairs + sink("**", "o") + label("@LATE", sink("**", "late")) +
              label("@ERROR", sink("**", "bad")));
  bench.send("a", 100, 1);
  bench.send("b", 13, 1);
  bench.run_later();
  EXPECT_EQ(bench.numbers("late"), "100");
  EXPECT_EQ(bench.numbers("bad"), "13");
  bench.expect_balance();
}

TEST(Holder, waits_with_late_events_while_there_is_no_room) {
  Bench bench(source + pairs + sink("**", "o"), [](Toys& toys) { toys.sinks["o"].room = 0; });
  bench.send("t", 4, 1);
  bench.run_later();
  bench.send("t", 6, 1);
  EXPECT_TRUE(bench.executor.later.empty()) << "nothing is given out while the last one is parked";
  bench.make_room("o", 2);
  bench.run_later();
  EXPECT_EQ(bench.numbers("o"), "4 6");
  bench.expect_balance();
}

TEST(Holder, gives_out_everything_at_the_end) {
  Bench bench(source + pairs + sink("**", "o"));
  bench.send("a", 4, 1);
  bench.send("b", 5, 1);
  bench.dispatcher->finish(Dispatcher::Clock::now());
  EXPECT_EQ(bench.numbers("o"), "4 5");
  EXPECT_EQ(bench.pipeline->counters().held.value(), 0);
  bench.expect_balance();
}

}  // namespace
}  // namespace logboom::pipeline_test
