#include <gmock/gmock.h>

#include "output/output_test_support.hpp"

namespace logboom::plugins {
PluginInfo out_roundrobin();
}

namespace {

using namespace logboom;
using namespace logboom::test;
using ::testing::HasSubstr;

struct Plan : RoutePlan {
  void here() override {}
  void label(const std::string&) override {}
  void store(std::size_t, StoreMode) override {}
  void one_of(const std::vector<Choice>& choices) override {
    for (const Choice& choice : choices) steps += cat(choice.store, "x", choice.weight, " ");
  }
  std::string steps;
};

std::string error_of(const std::string& text) {
  try {
    TestContext context(text);
    make_output<Output>(plugins::out_roundrobin(), context);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

std::string store(const std::string& weight) { return "<store>\n@type null\n" + weight + "\n</store>\n"; }

TEST(OutRoundrobin, gives_each_store_its_weight_and_leaves_out_those_of_weight_0) {
  TestContext context("@type roundrobin\n" + store("weight 3") + store("weight 0") + store(""));
  const auto output = make_output<Output>(plugins::out_roundrobin(), context);
  Plan plan;
  output->plan(plan);
  EXPECT_EQ(plan.steps, "0x3 2x1 ");
}

TEST(OutRoundrobin, needs_a_store_with_a_weight) {
  EXPECT_THAT(error_of("@type roundrobin"), HasSubstr("at least one <store>"));
  EXPECT_THAT(error_of("@type roundrobin\n" + store("weight 0")), HasSubstr("weight 0"));
  EXPECT_THAT(error_of("@type roundrobin\n" + store("weight -1")), HasSubstr("between 0 and 1000"));
  EXPECT_THAT(error_of("@type roundrobin\n" + store("weight much")), HasSubstr("test.conf:5:8"));
}

}  // namespace
