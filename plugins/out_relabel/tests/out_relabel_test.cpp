#include <gtest/gtest.h>

#include "output/output_test_support.hpp"

namespace logboom::plugins {
PluginInfo out_relabel();
}

namespace {

using namespace logboom;
using namespace logboom::test;

struct Plan : RoutePlan {
  void here() override { FAIL(); }
  void label(const std::string& name) override { label_name = name; }
  void one_of(const std::vector<Choice>&) override { FAIL(); }
  void store(std::size_t, StoreMode) override { FAIL(); }
  std::string label_name;
};

TEST(OutRelabel, sends_to_its_label) {
  TestContext context("@type relabel\n@label @ROUTES");
  const auto output = make_output<Output>(plugins::out_relabel(), context);
  Plan plan;
  output->plan(plan);
  EXPECT_EQ(plan.label_name, "@ROUTES");
}

TEST(OutRelabel, needs_a_label) {
  TestContext context("@type relabel");
  try {
    make_output<Output>(plugins::out_relabel(), context);
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_EQ(std::string(e.what()).find("test.conf:1:1: relabel: @label is needed"), 0u);
  }
}

}  // namespace
