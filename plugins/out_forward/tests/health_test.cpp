#include <gmock/gmock.h>

#include "../balancer.hpp"
#include "../health.hpp"

namespace {

using namespace logboom;
using namespace logboom::out_forward;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Change = Health::Change;

TEST(OutForwardDetector, phi_grows_with_the_silence_and_not_with_the_interval) {
  for (const double interval : {0.5, 1.0}) {
    FailureDetector detector(interval, 60, 100);
    double now = 100;
    for (int i = 0; i < 30; ++i) detector.add(now += interval);
    EXPECT_LT(detector.phi(now + interval), 0.5);
    EXPECT_LT(detector.phi(now + 36), 16);
    EXPECT_GT(detector.phi(now + 38), 16);
  }
}

TEST(OutForwardDetector, a_server_whose_heartbeats_are_irregular_is_given_more_time) {
  FailureDetector regular(1, 60, 0);
  FailureDetector irregular(1, 60, 0);
  double now = 0;
  for (int i = 0; i < 20; ++i) {
    regular.add(i + 1);
    irregular.add(now += i % 2 == 0 ? 0.2 : 5);
  }
  EXPECT_GT(regular.phi(20 + 20), 1.5 * irregular.phi(now + 20));
}

TEST(OutForwardDetector, silence_counts_from_the_last_heartbeat) {
  FailureDetector detector(1, 5, 0);
  EXPECT_FALSE(detector.is_silent(5));
  EXPECT_TRUE(detector.is_silent(5.1));
  detector.add(6);
  EXPECT_FALSE(detector.is_silent(10));
}

Setup setup(HeartbeatType type = HeartbeatType::transport) {
  Setup setup;
  setup.heartbeat = type;
  setup.recover_wait = 3s;
  setup.hard_timeout = 10s;
  return setup;
}

TEST(OutForwardHealth, a_silent_server_is_lost_once_and_back_after_recover_wait) {
  Health health(setup(), 0);
  std::string why;
  EXPECT_EQ(health.look(10, why), Change::none);
  EXPECT_EQ(health.look(10.5, why), Change::lost);
  EXPECT_THAT(why, HasSubstr("hard_timeout"));
  EXPECT_EQ(health.look(11, why), Change::none);
  EXPECT_FALSE(health.is_available(30));
  EXPECT_EQ(health.heartbeat(31), Change::none);
  EXPECT_EQ(health.heartbeat(32), Change::none);
  EXPECT_EQ(health.heartbeat(33), Change::none);
  EXPECT_EQ(health.heartbeat(34), Change::back);
  EXPECT_TRUE(health.is_available(34));
  EXPECT_EQ(health.heartbeat(35), Change::none);
}

TEST(OutForwardHealth, phi_is_said_and_may_be_switched_off) {
  auto slow = setup();
  slow.hard_timeout = 1000s;
  slow.phi_threshold = 2;
  Health health(slow, 0);
  for (int i = 1; i < 20; ++i) EXPECT_EQ(health.heartbeat(i), Change::none);
  std::string why;
  EXPECT_EQ(health.look(22, why), Change::none);
  EXPECT_EQ(health.look(25, why), Change::lost);
  EXPECT_THAT(why, HasSubstr("phi 2."));
  slow.phi = false;
  Health patient(slow, 0);
  EXPECT_EQ(patient.look(900, why), Change::none);
}

TEST(OutForwardHealth, what_fails_is_lost_at_once) {
  Health health(setup(), 0);
  EXPECT_EQ(health.failed(1), Change::lost);
  EXPECT_EQ(health.failed(2), Change::none);
  EXPECT_FALSE(health.is_available(100));
  EXPECT_EQ(health.succeeded(3), Change::none);
}

TEST(OutForwardHealth, without_heartbeats_it_is_tried_again_after_recover_wait) {
  Health health(setup(HeartbeatType::none), 0);
  std::string why;
  EXPECT_EQ(health.look(1000, why), Change::none);
  EXPECT_EQ(health.failed(1000), Change::lost);
  EXPECT_FALSE(health.is_available(1002));
  EXPECT_TRUE(health.is_available(1003));
  EXPECT_EQ(health.failed(1003), Change::none);
  EXPECT_FALSE(health.is_available(1004));
  EXPECT_EQ(health.succeeded(1007), Change::back);
}

std::vector<std::size_t> turns(Balancer& balancer, const std::vector<Candidate>& servers, int count) {
  std::vector<std::size_t> got(servers.size());
  for (int i = 0; i < count; ++i) {
    const auto next = balancer.next(servers, std::vector<bool>(servers.size()));
    if (next) ++got[*next];
  }
  return got;
}

TEST(OutForwardBalancer, shares_follow_the_weights) {
  for (const std::uint32_t seed : {1U, 2U, 77U}) {
    Balancer balancer(seed);
    EXPECT_EQ(turns(balancer, {{60}, {20}, {0}, {20}}, 100), (std::vector<std::size_t>{60, 20, 0, 20}));
  }
}

TEST(OutForwardBalancer, many_senders_do_not_all_begin_with_the_same_server) {
  std::set<std::size_t> first;
  for (std::uint32_t seed = 0; seed < 64; ++seed) {
    first.insert(*Balancer(seed * 7919 + 1).next({{}, {}, {}}, {false, false, false}));
  }
  EXPECT_EQ(first.size(), 3u);
}

TEST(OutForwardBalancer, standbys_make_up_for_the_weight_that_is_lost) {
  const Candidate up;
  const Candidate lost{.available = false};
  const Candidate standby{.standby = true};
  const Candidate lost_standby{.standby = true, .available = false};
  EXPECT_EQ(in_rotation({up, up, standby}), (std::vector<bool>{true, true, false}));
  EXPECT_EQ(in_rotation({up, lost, standby, standby}), (std::vector<bool>{true, false, true, false}));
  EXPECT_EQ(in_rotation({lost, lost, standby, standby}), (std::vector<bool>{false, false, true, true}));
  EXPECT_EQ(in_rotation({up, lost, lost_standby, standby}), (std::vector<bool>{true, false, false, true}));
  EXPECT_EQ(in_rotation({lost, lost}), (std::vector<bool>{false, false}));
  EXPECT_EQ(in_rotation({standby}), (std::vector<bool>{true}));
}

TEST(OutForwardBalancer, a_larger_priority_waits_until_all_of_a_smaller_one_are_lost) {
  const Candidate first{.priority = 1};
  const Candidate lost{.priority = 1, .available = false};
  const Candidate second{.priority = 2};
  EXPECT_EQ(in_rotation({second, first, lost}), (std::vector<bool>{false, true, false}));
  EXPECT_EQ(in_rotation({second, lost, lost}), (std::vector<bool>{true, false, false}));
}

TEST(OutForwardBalancer, what_was_tried_is_passed_over) {
  Balancer balancer(1);
  EXPECT_EQ(balancer.next({{}, {}}, {true, false}), 1u);
  EXPECT_EQ(balancer.next({{}, {}}, {true, true}), std::nullopt);
}

}  // namespace
