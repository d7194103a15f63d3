#include <gtest/gtest.h>

#include "output/output_test_support.hpp"

namespace logboom::plugins {
PluginInfo out_null();
}

namespace {

using namespace logboom;
using namespace logboom::test;

TEST(OutNull, takes_everything) {
  TestContext context("@type null");
  const auto output = make_output<DirectOutput>(plugins::out_null(), context);
  output->consume(*batch_of("t", 0, 3));
  EXPECT_TRUE(context.warnings.empty());
}

}  // namespace
