#include <gtest/gtest.h>

#include "output/retry.hpp"

namespace {

using namespace logboom;
using namespace std::chrono_literals;

RetrySettings plain() {
  RetrySettings settings;
  settings.randomize = false;
  return settings;
}

TEST(RetryPolicy, waits_grow_by_the_base_up_to_the_longest) {
  RetrySettings settings = plain();
  settings.max_interval = 10s;
  RetryPolicy policy(settings);
  EXPECT_EQ(policy.next(1, 0s), 1s);
  EXPECT_EQ(policy.next(2, 1s), 2s);
  EXPECT_EQ(policy.next(3, 3s), 4s);
  EXPECT_EQ(policy.next(5, 15s), 10s);
  EXPECT_EQ(policy.next(100000, 15s), 10s);
}

TEST(RetryPolicy, periodic_waits_are_all_the_same) {
  RetrySettings settings = plain();
  settings.type = RetryType::periodic;
  settings.wait = 3s;
  RetryPolicy policy(settings);
  EXPECT_EQ(policy.next(9, 0s), 3s);
}

TEST(RetryPolicy, gives_up_after_the_times_or_the_time_unless_it_goes_on_for_ever) {
  RetrySettings settings = plain();
  settings.max_times = 2;
  EXPECT_TRUE(RetryPolicy(settings).next(2, 0s));
  EXPECT_FALSE(RetryPolicy(settings).next(3, 0s));
  EXPECT_EQ(RetryPolicy(plain()).next(17, 72h - 1s), 1s) << "the last attempt is at the end of the time";
  EXPECT_FALSE(RetryPolicy(plain()).next(18, 72h));
  settings.forever = true;
  EXPECT_TRUE(RetryPolicy(settings).next(1000000, 1000h));
}

TEST(RetryPolicy, a_random_wait_is_within_an_eighth) {
  RetryPolicy policy(RetrySettings{}, 1);
  bool differ = false;
  for (int i = 0; i < 100; ++i) {
    const auto wait = *policy.next(4, 0s);
    EXPECT_GE(wait, 7s);
    EXPECT_LE(wait, 9s);
    differ = differ || wait != 8s;
  }
  EXPECT_TRUE(differ);
}

}  // namespace
