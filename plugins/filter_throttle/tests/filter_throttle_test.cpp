#include <gtest/gtest.h>
#include <logboom/testing/filter_driver.hpp>

#include <thread>

#include "../buckets.hpp"

namespace logboom::plugins {
PluginInfo filter_throttle();
}

namespace {

using namespace logboom;
using logboom::testing::FilterDriver;
using plugins::throttle::Buckets;
using plugins::throttle::Limits;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Params = FilterDriver::Params;

/// At the start of a period of 10 s.
const Buckets::Clock::time_point start{seconds(1'700'000'000)};

Limits limits() {
  Limits limits;
  limits.period_s = 10;
  limits.bucket_limit = 20;
  limits.reset_rate_s = 2;
  limits.gc_timeout_s = 20;
  return limits;
}

int within(Buckets& buckets, std::string_view group, int events, Buckets::Clock::time_point at,
           milliseconds apart = milliseconds(0)) {
  int count = 0;
  for (int i = 0; i < events; ++i) {
    count += buckets.count(group, at + i * apart).verdict == Buckets::Verdict::within ? 1 : 0;
  }
  return count;
}

TEST(ThrottleBuckets, let_so_many_events_of_each_group_through_in_a_period) {
  Buckets buckets(limits());
  EXPECT_EQ(within(buckets, "a", 30, start), 20);
  EXPECT_EQ(within(buckets, "b", 19, start + seconds(9)), 19);
  EXPECT_EQ(within(buckets, "b", 5, start + seconds(9)), 1);
  EXPECT_EQ(within(buckets, "c", 20, start + seconds(9)), 20);
  EXPECT_EQ(within(buckets, "c", 20, start + seconds(10)), 20);
}

TEST(ThrottleBuckets, open_again_when_a_period_begins_and_the_rate_is_low_enough) {
  Buckets buckets(limits());
  EXPECT_EQ(within(buckets, "a", 100, start, milliseconds(100)), 20);
  EXPECT_EQ(within(buckets, "a", 50, start + seconds(10), milliseconds(100)), 0);
  EXPECT_EQ(within(buckets, "a", 1, start + seconds(15)), 0);
  EXPECT_EQ(within(buckets, "a", 5, start + seconds(16), seconds(1)), 5) << "the rate of the last second counts";
}

TEST(ThrottleBuckets, minus_one_opens_with_the_next_period) {
  Limits without = limits();
  without.reset_rate_s = -1;
  Buckets buckets(without);
  EXPECT_EQ(within(buckets, "a", 100, start, milliseconds(100)), 20);
  EXPECT_EQ(within(buckets, "a", 100, start + seconds(10), milliseconds(50)), 20);
}

TEST(ThrottleBuckets, say_that_the_rate_is_exceeded_every_so_often_and_when_it_is_down) {
  Buckets buckets(limits());
  within(buckets, "a", 20, start);
  const Buckets::Answer first = buckets.count("a", start + milliseconds(500));
  EXPECT_EQ(first.note, Buckets::Note::exceeded);
  EXPECT_EQ(first.rate, 42);
  EXPECT_EQ(buckets.count("a", start + seconds(5)).note, Buckets::Note::none);
  EXPECT_EQ(buckets.count("a", start + seconds(9)).note, Buckets::Note::none);
  EXPECT_EQ(buckets.count("a", start + seconds(12)).note, Buckets::Note::back_down);
}

TEST(ThrottleBuckets, forget_quiet_groups_and_never_hold_too_many) {
  Limits few = limits();
  few.most_groups = 3;
  Buckets buckets(few);
  for (const char* group : {"a", "b", "c", "a", "d"}) buckets.count(group, start);
  EXPECT_EQ(buckets.groups(), 3u);
  EXPECT_EQ(within(buckets, "a", 20, start), 18) << "a was the last but one";
  buckets.count("e", start + seconds(21));
  EXPECT_EQ(buckets.groups(), 1u);
}

TEST(ThrottleBuckets, are_shared_by_threads) {
  Limits many = limits();
  many.bucket_limit = 1000;
  Buckets buckets(many);
  int counts[2] = {0, 0};
  std::thread other([&] { counts[0] = within(buckets, "a", 900, start); });
  counts[1] = within(buckets, "a", 900, start);
  other.join();
  EXPECT_EQ(counts[0] + counts[1], 1000);
}

TEST(FilterThrottle, drops_counts_and_warns_by_group) {
  FilterDriver filter(
      plugins::filter_throttle(),
      {{"group_key", "k.pod, $.ns"}, {"group_bucket_limit", "2"}, {"group_bucket_period_s", "1000000"}});
  const char* a = R"({"k":{"pod":"a"},"ns":1})";
  for (const char* each : {a, a, R"({"k":{"pod":"a"},"ns":2})", a, R"({})"}) filter.send("t", each);
  EXPECT_EQ(filter.outcome().dropped.size(), 1u);
  EXPECT_EQ(filter.context().log().count("rate exceeded group_key=\"a,1\""), 1u);
  std::int64_t dropped = 0;
  std::int64_t groups = 0;
  filter.context().metrics().visit([&](const Metrics::Sample& sample) {
    if (sample.name == "logboom_filter_throttle_dropped_total") dropped = sample.value;
    if (sample.name == "logboom_filter_throttle_groups") groups = sample.value;
  });
  EXPECT_EQ(dropped, 1);
  EXPECT_EQ(groups, 3);
}

TEST(FilterThrottle, can_only_warn) {
  FilterDriver filter(
      plugins::filter_throttle(),
      {{"group_bucket_limit", "1"}, {"group_bucket_period_s", "1000000"}, {"group_drop_logs", "false"}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(filter.record("{}"), "{}");
  EXPECT_EQ(filter.context().log().count("rate exceeded"), 1u);
}

TEST(FilterThrottle, refuses_what_makes_no_sense) {
  const auto refused = [](const Params& params) {
    EXPECT_THROW(FilterDriver(plugins::filter_throttle(), params), ConfigError);
  };
  refused({{"group_bucket_limit", "0"}});
  refused({{"group_bucket_period_s", "0"}});
  refused({{"group_reset_rate_s", "101"}});
  refused({{"group_reset_rate_s", "-2"}});
  refused({{"group_warning_delay_s", "0"}});
  refused({{"group_gc_timeout_s", "0"}});
  refused({{"group_key", "$.a["}});
}

}  // namespace
