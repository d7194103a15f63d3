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
  void store(std::size_t index, StoreMode mode) override {
    steps.push_back("store " + std::to_string(index) + (mode.ignore_error ? " ignore_error" : "") +
                    (mode.only_after_failure ? " after failure" : ""));
  }
  void one_of(const std::vector<Choice>&) override { steps.push_back("one_of"); }
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
  EXPECT_EQ(plan.steps, (std::vector<std::string>{"store 0", "store 1 ignore_error"}));
  EXPECT_EQ(context.stores, (std::vector<std::string>{"stdout", "null"}));
  EXPECT_TRUE(context.warnings.empty());
}

TEST(OutCopy, warns_of_a_fallback_that_gets_nothing) {
  const std::string fallback = "<store ignore_if_prev_success ignore_error>\n@type null\n</store>";
  TestContext right("@type copy\n<store ignore_error>\n@type stdout\n</store>\n" + fallback);
  const auto output = make_output<Output>(plugins::out_copy(), right);
  Plan plan;
  output->plan(plan);
  EXPECT_EQ(plan.steps, (std::vector<std::string>{"store 0 ignore_error", "store 1 ignore_error after failure"}));
  EXPECT_TRUE(right.warnings.empty());
  TestContext wrong("@type copy\n<store>\n@type stdout\n</store>\n" + fallback);
  make_output<Output>(plugins::out_copy(), wrong);
  EXPECT_EQ(wrong.warnings.size(), 1u);
}

TEST(OutCopy, needs_a_store_and_knows_its_arguments_and_modes) {
  EXPECT_EQ(error_of("@type copy"), "test.conf:1:1: copy: at least one <store> is needed");
  EXPECT_EQ(error_of("@type copy\n<store foo>\n@type null\n</store>"),
            "test.conf:3:1: <store>: unknown argument 'foo'; expected ignore_error or ignore_if_prev_success");
  EXPECT_NE(error_of("@type copy\ncopy_mode flat\n<store>\n@type null\n</store>"), "");
  for (const std::string mode : {"no_copy", "shallow", "deep", "marshal"}) {
    EXPECT_EQ(error_of("@type copy\ncopy_mode " + mode + "\n<store>\n@type null\n</store>"), "");
  }
}

}  // namespace
