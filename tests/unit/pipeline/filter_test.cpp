#include <gmock/gmock.h>

#include <stdexcept>

#include "pipeline/pipeline_test_support.hpp"

namespace logboom::pipeline_test {
namespace {

using ::testing::ElementsAre;

const std::string source = "<source>\n @type toy\n</source>\n";
const std::string filter = "<filter **>\n @type toy\n @id f\n</filter>\n";
std::string match(std::string_view id) { return cat("<match **>\n @type toy\n @id ", id, "\n</match>\n"); }
std::string errors_to(std::string_view id) { return cat("<label @ERROR>\n", match(id), "</label>\n"); }

std::int64_t number_of(const Event& event) {
  std::int64_t n = -1;
  event.record.find("n").to_int(n);
  return n;
}

std::string record(int n) {
  OutBuffer bytes;
  msgpack::Writer writer(bytes);
  writer.map(1);
  writer.string("n");
  writer.integer(n);
  return std::string(bytes.text());
}

/// Keeps 0, 4, 8…, replaces 1, 5…, drops 2, 6…, fails 3, 7….
void by_remainder(const EventBatch& batch, FilterSink& sink) {
  batch.for_each([&](const Event& event) {
    const auto n = static_cast<int>(number_of(event));
    if (n % 4 == 0) sink.keep(event);
    if (n % 4 == 1) sink.replace(event, {event.time.sec + 1, 5}, record(n + 100));
    if (n % 4 == 2) sink.drop(event);
    if (n % 4 == 3) sink.fail(event, "three is too much");
  });
}

TEST(Filter, keeps_replaces_drops_and_fails_event_by_event_in_order) {
  Bench bench(source + filter + match("o") + errors_to("e"), [](Toys& toys) { toys.filters["f"] = by_remainder; });
  Outcomes outcomes;
  bench.send("t", 0, 8, outcomes.receipt(1));
  EXPECT_EQ(bench.numbers("o"), "0 101 4 105");
  EXPECT_EQ(bench.numbers("e"), "3 7");
  EXPECT_EQ(bench.toys.sinks.at("o").rows[1].time, "1700000001.000000005");
  EXPECT_EQ(bench.toys.sinks.at("o").rows[2].time, "1700000000");
  EXPECT_EQ(bench.toys.sinks.at("e").rows[0].tag, "t");
  EXPECT_EQ(bench.pipeline->counters().filtered.value(), 2u);
  EXPECT_TRUE(outcomes.settled.at(1));
  bench.expect_balance();
}

TEST(Filter, that_only_keeps_copies_nothing) {
  Bench bench(source + filter + match("o"), [](Toys& toys) {
    toys.filters["f"] = [&toys](const EventBatch& batch, FilterSink& sink) {
      toys.journal.push_back(cat("at ", reinterpret_cast<std::uintptr_t>(batch.spans()[0].data)));
      batch.for_each([&](const Event& e) { sink.keep(e); });
    };
  });
  bench.send("t", 1, 5);
  const EventBatch& batch = *bench.toys.sinks.at("o").batches.at(0);
  ASSERT_EQ(batch.spans().size(), 1u);
  EXPECT_EQ(bench.toys.journal.at(0), cat("at ", reinterpret_cast<std::uintptr_t>(batch.spans()[0].data)));
}

TEST(Filter, may_make_records_of_any_size_that_outlive_it) {
  std::vector<std::string> made;
  Bench bench(source + filter + match("o"), [&made](Toys& toys) {
    toys.filters["f"] = [&made](const EventBatch& batch, FilterSink& sink) {
      batch.for_each([&](const Event& event) {
        OutBuffer bytes;
        msgpack::Writer writer(bytes);
        writer.map(1);
        writer.string("s");
        const std::string value(static_cast<std::size_t>(number_of(event)) * 9'001, 'v');
        writer.string(value);
        made.push_back(cat("{\"s\":\"", value, "\"}"));
        sink.replace(event, event.time, bytes.text());
      });
    };
  });
  bench.send("t", 0, 40);
  const auto& rows = bench.toys.sinks.at("o").rows;
  ASSERT_EQ(rows.size(), 40u);
  for (std::size_t i = 0; i < 40; ++i) EXPECT_TRUE(rows[i].record == made[i]) << i;
}

TEST(Filter, times_beyond_32_bits_are_kept) {
  Bench bench(source + filter + match("o"), [](Toys& toys) {
    toys.filters["f"] = [](const EventBatch& batch, FilterSink& sink) {
      batch.for_each([&](const Event& e) { sink.replace(e, {number_of(e) == 0 ? -5 : 5'000'000'000, 0}, record(1)); });
    };
  });
  bench.send("t", 0, 2);
  EXPECT_EQ(bench.toys.sinks.at("o").rows.at(0).time, "-5");
  EXPECT_EQ(bench.toys.sinks.at("o").rows.at(1).time, "5000000000");
}

TEST(Filter, failures_without_an_error_label_are_counted_logged_and_confirmed) {
  Bench bench(source + filter + match("o"), [](Toys& toys) { toys.filters["f"] = by_remainder; });
  Outcomes outcomes;
  bench.send("t", 0, 4, outcomes.receipt(1));
  EXPECT_EQ(bench.pipeline->counters().dropped_filter_error.value(), 1u);
  EXPECT_EQ(bench.log.count("tag \"t\": 1 events dropped: three is too much"), 1u);
  EXPECT_TRUE(outcomes.settled.at(1));
  bench.expect_balance();
}

TEST(Filter, that_throws_fails_all_that_it_had_not_decided_on) {
  Bench bench(source + filter + match("o") + errors_to("e"), [](Toys& toys) {
    toys.filters["f"] = [](const EventBatch& batch, FilterSink& sink) {
      batch.for_each([&](const Event& event) {
        if (number_of(event) == 3) throw std::runtime_error("broken filter");
        sink.keep(event);
      });
    };
  });
  bench.send("t", 1, 5);
  EXPECT_EQ(bench.numbers("o"), "1 2");
  EXPECT_EQ(bench.numbers("e"), "3 4 5");
  bench.expect_balance();
}

TEST(Filter, that_passes_over_events_drops_them_and_they_are_counted) {
  Bench bench(source + filter + match("o"), [](Toys& toys) {
    toys.filters["f"] = [](const EventBatch& batch, FilterSink& sink) {
      batch.for_each([&](const Event& e) { number_of(e) == 2 ? sink.keep(e) : void(); });
    };
  });
  bench.send("t", 1, 3);
  EXPECT_EQ(bench.numbers("o"), "2");
  EXPECT_EQ(bench.pipeline->counters().filtered.value(), 2u);
  bench.expect_balance();
}

TEST(Filter, a_failure_on_the_way_of_errors_is_only_counted) {
  const auto fails = [](const EventBatch& batch, FilterSink& sink) {
    batch.for_each([&](const Event& e) { sink.fail(e, "no"); });
  };
  Bench bench(source + filter + match("o") + "<label @ERROR>\n<filter **>\n @type toy\n @id g\n</filter>\n" +
                  match("e") + "</label>\n",
              [&](Toys& toys) { toys.filters["f"] = toys.filters["g"] = fails; });
  bench.send("t", 1, 3);
  bench.send("t", 4, 1);
  EXPECT_EQ(bench.pipeline->counters().dropped_filter_error.value(), 4u);
  EXPECT_EQ(bench.numbers("e"), "");
  bench.expect_balance();
}

TEST(Filter, several_work_on_each_others_events_in_the_order_of_the_configuration) {
  Bench bench(source + filter + "<filter **>\n @type toy\n @id g\n</filter>\n" + match("o"), [](Toys& toys) {
    toys.filters["f"] = [](const EventBatch& batch, FilterSink& sink) {
      batch.for_each([&](const Event& e) { sink.replace(e, e.time, record(static_cast<int>(number_of(e)) * 10)); });
    };
    toys.filters["g"] = [](const EventBatch& batch, FilterSink& sink) {
      batch.for_each([&](const Event& e) {
        number_of(e) == 20 ? sink.drop(e) : sink.replace(e, e.time, record(static_cast<int>(number_of(e)) + 1));
      });
    };
  });
  bench.send("t", 1, 3);
  EXPECT_EQ(bench.numbers("o"), "11 31");
  bench.expect_balance();
}

TEST(Filter, events_that_fail_for_a_full_error_sink_park_with_the_rest) {
  Bench bench(source + filter + match("o") + errors_to("e"), [](Toys& toys) {
    toys.filters["f"] = by_remainder;
    toys.sinks["e"].room = 0;
  });
  bench.send("t", 0, 4);
  EXPECT_TRUE(bench.flow.held);
  EXPECT_EQ(bench.numbers("o"), "");
  bench.expect_balance();
  bench.make_room("e", 1);
  EXPECT_EQ(bench.numbers("o"), "0 101");
  EXPECT_EQ(bench.numbers("e"), "3");
  bench.expect_balance();
}

}  // namespace
}  // namespace logboom::pipeline_test
