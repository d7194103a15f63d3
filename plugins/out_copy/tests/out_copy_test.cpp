#include <gtest/gtest.h>

#include "output/output_test_support.hpp"

namespace logboom::plugins {
PluginInfo out_copy();
}

namespace {

using namespace logboom;
using namespace logboom::test;

struct Plan : RoutePlan {
  void here() override { steps.push_back("here"); }
  void label(const std::string& name) override { steps.push_back("label " + name); }
  void store(std::size_t index) override { steps.push_back("store " + std::to_string(index)); }
  std::vector<std::string> steps;
};

std::string error_of(const std::string& text) {
  try {
    TestContext context(text);
    make_output<Output>(plugins::out_copy(), context);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(OutCopy, sends_to_every_store) {
  TestContext context(
      "@type copy\ncopy_mode deep\n<store>\n@type stdout\n</store>\n<store ignore_error>\n@type null\n</store>");
  const auto output = make_output<Output>(plugins::out_copy(), context);
  Plan plan;
  output->plan(plan);
  EXPECT_EQ(plan.steps, (std::vector<std::string>{"store 0", "store 1"}));
  EXPECT_EQ(context.stores, (std::vector<std::string>{"stdout", "null"}));
  EXPECT_TRUE(context.warnings.empty());
}

TEST(OutCopy, needs_a_store_and_knows_its_arguments_and_modes) {
  EXPECT_EQ(error_of("@type copy"), "test.conf:1:1: copy: at least one <store> is needed");
  EXPECT_EQ(error_of("@type copy\n<store foo>\n@type null\n</store>"),
            "test.conf:3:1: <store>: unknown argument 'foo'; expected ignore_error");
  EXPECT_NE(error_of("@type copy\ncopy_mode flat\n<store>\n@type null\n</store>"), "");
  for (const std::string mode : {"no_copy", "shallow", "deep", "marshal"}) {
    EXPECT_EQ(error_of("@type copy\ncopy_mode " + mode + "\n<store>\n@type null\n</store>"), "");
  }
}

}  // namespace
