#include <gtest/gtest.h>
#include <logboom/testing/filter_driver.hpp>

#include "../sampler.hpp"

namespace logboom::plugins {
PluginInfo filter_sampling();
}

namespace {

using namespace logboom;
using logboom::testing::FilterDriver;
using plugins::Sampler;
using std::chrono::seconds;
using Params = FilterDriver::Params;

FilterDriver sampling(const Params& params) { return FilterDriver(plugins::filter_sampling(), params); }

/// Which of `events` events with this tag and record go on.
std::string taken(FilterDriver& filter, int events, std::string_view tag = "t", std::string_view json = "{}") {
  std::string numbers;
  for (int i = 1; i <= events; ++i) {
    if (!filter.send(tag, json).empty()) numbers += cat(i, " ");
  }
  return numbers;
}

TEST(FilterSampling, takes_one_of_so_many_of_each_tag) {
  FilterDriver filter = sampling({{"interval", "3"}});
  EXPECT_EQ(taken(filter, 7, "a"), "3 6 ");
  EXPECT_EQ(taken(filter, 4, "b"), "3 ");
  EXPECT_EQ(taken(filter, 2, "a"), "2 ");
  EXPECT_EQ(filter.outcome().dropped.size(), 9u);
}

TEST(FilterSampling, counts_all_together_or_by_a_field) {
  FilterDriver all = sampling({{"interval", "2"}, {"sample_unit", "all"}});
  EXPECT_EQ(taken(all, 3, "a"), "2 ");
  EXPECT_EQ(taken(all, 3, "b"), "1 3 ");
  FilterDriver field = sampling({{"interval", "2"}, {"sample_unit", "$.k.n"}});
  EXPECT_EQ(taken(field, 3, "a", R"({"k":{"n":1}})"), "2 ");
  EXPECT_EQ(taken(field, 3, "b", R"({"k":{"n":1}})"), "1 3 ");
  EXPECT_EQ(taken(field, 2, "b", R"({"k":{"n":2}})"), "2 ");
}

TEST(FilterSampling, a_minimum_rate_lets_the_first_of_each_minute_through) {
  Sampler sampler(10, 4);
  const Sampler::Clock::time_point start{};
  const auto numbers = [&](int events, Sampler::Clock::time_point at) {
    std::string out;
    for (int i = 1; i <= events; ++i) {
      if (sampler.take("u", at)) out += cat(i, " ");
    }
    return out;
  };
  EXPECT_EQ(numbers(12, start), "1 2 3 10 ");
  EXPECT_EQ(numbers(10, start + seconds(60)), "8 ");
  EXPECT_EQ(numbers(12, start + seconds(61)), "1 2 3 10 ");
}

TEST(FilterSampling, never_holds_too_many_units) {
  Sampler sampler(2, 0, 2);
  const Sampler::Clock::time_point now{};
  for (const char* unit : {"a", "b", "c"}) EXPECT_FALSE(sampler.take(unit, now));
  EXPECT_TRUE(sampler.take("b", now));
  EXPECT_FALSE(sampler.take("a", now)) << "it was forgotten";
}

TEST(FilterSampling, probability_takes_about_as_many) {
  FilterDriver half = sampling({{"probability", "0.5"}});
  int count = 0;
  for (int i = 0; i < 4000; ++i) count += half.record("{}").empty() ? 0 : 1;
  EXPECT_GT(count, 1500);
  EXPECT_LT(count, 2500);
  FilterDriver none = sampling({{"probability", "0"}});
  EXPECT_EQ(taken(none, 50), "");
  FilterDriver all = sampling({{"probability", "1"}});
  EXPECT_EQ(taken(all, 3), "1 2 3 ");
}

TEST(FilterSampling, refuses_what_makes_no_sense) {
  for (const Params& params : std::vector<Params>{{},
                                                  {{"interval", "0"}},
                                                  {{"interval", "2"}, {"probability", "0.5"}},
                                                  {{"probability", "1.5"}},
                                                  {{"probability", "0.5"}, {"minimum_rate_per_min", "5"}},
                                                  {{"interval", "2"}, {"sample_unit", "$.["}}}) {
    EXPECT_THROW(sampling(params), ConfigError);
  }
}

}  // namespace
