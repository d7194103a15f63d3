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

}  // namespace
}  // namespace logboom
