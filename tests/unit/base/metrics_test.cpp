#include "base/metrics.hpp"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

namespace logboom {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines(const Metrics& metrics) {
  std::vector<std::string> out;
  metrics.visit([&out](const Metrics::Sample& sample) { out.push_back(sample_line(sample)); });
  return out;
}

TEST(Counter, sums_what_all_threads_added) {
  Counter counter;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&counter] {
        for (int n = 0; n < 1000; ++n) counter.add();
      });
    }
  }
  counter.add(5);
  EXPECT_EQ(counter.value(), 8005U);
}

TEST(MetricsRegistry, shows_series_by_name_and_then_in_the_order_of_registering) {
  MetricsRegistry metrics;
  Counter in, out, out2;
  metrics.counter("logboom_out_total", {{"id", "z"}}, out);
  metrics.counter("logboom_in_total", {}, in);
  metrics.counter("logboom_out_total", {{"id", "a"}}, out2);
  metrics.gauge("logboom_held", {{"id", "a"}, {"type", "file"}}, [] { return -3; });
  out.add(2);
  EXPECT_THAT(lines(metrics), ElementsAre(R"(logboom_held{id="a",type="file"} -3)", "logboom_in_total 0",
                                          R"(logboom_out_total{id="z"} 2)", R"(logboom_out_total{id="a"} 0)"));
}

TEST(MetricsRegistry, escapes_what_a_label_may_hold) {
  MetricsRegistry metrics;
  metrics.gauge("logboom_held", {{"id", "a\"b\\c\nd"}}, [] { return 1; });
  EXPECT_THAT(lines(metrics), ElementsAre(R"(logboom_held{id="a\"b\\c\nd"} 1)"));
}

TEST(MetricsGroup, is_shown_from_enter_on_and_its_counters_stay_in_sum_when_it_is_gone) {
  MetricsRegistry metrics;
  Counter one, two;
  auto group = metrics.group();
  group->counter("in_total", {{"id", "a"}}, one);
  group->counter("out_total", {{"id", "a"}, {"reason", "full"}}, two);
  group->gauge("held", {{"id", "a"}}, [] { return 4; });
  one.add(3);
  two.add(2);
  EXPECT_THAT(lines(metrics), ElementsAre());
  group->enter();
  EXPECT_THAT(lines(metrics),
              ElementsAre(R"(held{id="a"} 4)", R"(in_total{id="a"} 3)", R"(out_total{id="a",reason="full"} 2)"));
  group->leave();
  one.add(1);
  const std::string held = R"(held{id="retired"} 4)";
  EXPECT_THAT(lines(metrics),
              ElementsAre(held, R"(in_total{id="retired"} 4)", R"(out_total{id="retired",reason="full"} 2)"));
  group.reset();
  EXPECT_THAT(lines(metrics), ElementsAre(R"(in_total{id="retired"} 4)", R"(out_total{id="retired",reason="full"} 2)"));
}

TEST(MetricsGroup, retired_sums_stand_among_the_others_by_name_and_one_that_was_never_shown_leaves_none) {
  MetricsRegistry metrics;
  Counter a, b, never;
  metrics.counter("a_total", {}, a);
  metrics.counter("c_total", {}, a);
  for (int i = 0; i < 2; ++i) {
    const auto group = metrics.group();
    group->counter("b_total", {}, b);
    group->enter();
    b.add(1);
  }
  metrics.group()->counter("never_total", {}, never);
  EXPECT_THAT(lines(metrics), ElementsAre("a_total 0", R"(b_total{id="retired"} 3)", "c_total 0"));
}

TEST(MetricsGroup, takes_no_more_once_it_is_retired) {
  MetricsRegistry metrics;
  const auto group = metrics.group();
  group->enter();
  group->retire();
  group->gauge("late", {}, [] { return 1; });
  EXPECT_THAT(lines(metrics), ElementsAre());
}

}  // namespace
}  // namespace logboom
