#include "net/host_names.hpp"

#include <gmock/gmock.h>

#include <future>

#include "net/net_test_support.hpp"

namespace logboom::net_test {
namespace {

using net::HostNames;
using namespace std::chrono_literals;

/// A name server that knows "name of ADDRESS", and is silent about some.
class Names {
 public:
  ~Names() { speak(); }
  void speak() {
    if (!std::exchange(spoke_, true)) answer_.set_value();
  }
  HostNames::LookUp look_up() {
    return [state = state_, silence = silence_](const net::SocketAddress&, const std::string& address) {
      ++state->questions;
      if (address.starts_with("silent")) silence.wait();
      return "name of " + address;
    };
  }
  int questions() const { return state_->questions; }

 private:
  struct State {
    std::atomic<int> questions{0};
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::promise<void> answer_;
  std::shared_future<void> silence_ = answer_.get_future().share();
  bool spoke_ = false;
};

TEST(HostNames, a_name_server_that_is_silent_delays_nobody) {
  Names server;
  HostNames names(0ms, server.look_up());
  EXPECT_EQ(names.find({}, "silent"), std::nullopt);
  EXPECT_TRUE(eventually([&] { return names.find({}, "a") == "name of a"; }));
  EXPECT_EQ(names.find({}, "silent"), std::nullopt);
  server.speak();
  EXPECT_TRUE(eventually([&] { return names.find({}, "silent") == "name of silent"; }));
  EXPECT_EQ(names.find({}, "a"), "name of a");
  EXPECT_EQ(server.questions(), 2);
}

TEST(HostNames, a_little_patience_finds_most_names_at_once_and_is_used_up_by_silence) {
  Names server;
  HostNames names(10000ms, server.look_up());
  EXPECT_EQ(names.find({}, "a"), "name of a");
  HostNames hasty(100ms, server.look_up());
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 10000; ++i) EXPECT_EQ(hasty.find({}, "silent"), std::nullopt);
  const auto passed = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(passed, 100ms);
  EXPECT_LT(passed, 10s);
}

TEST(HostNames, where_too_many_are_looked_up_the_address_stands) {
  Names server;
  HostNames names(0ms, server.look_up());
  for (int i = 0; i < HostNames::most_at_once; ++i) EXPECT_EQ(names.find({}, cat("silent ", i)), std::nullopt);
  EXPECT_EQ(names.find({}, "one more"), "one more");
  EXPECT_EQ(names.find({}, "silent 0"), std::nullopt);
  server.speak();
  EXPECT_TRUE(eventually([&] { return names.find({}, "one more") == "name of one more"; }));
}

TEST(HostNames, what_is_asked_for_may_come_when_nobody_wants_it_any_more) {
  Names server;
  EXPECT_EQ(HostNames(0ms, server.look_up()).find({}, "silent"), std::nullopt);
}

}  // namespace
}  // namespace logboom::net_test
