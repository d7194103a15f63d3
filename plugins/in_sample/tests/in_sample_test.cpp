#include <gtest/gtest.h>
#include <logboom/input.hpp>
#include <logboom/testing.hpp>

#include <thread>

namespace logboom::plugins {
PluginInfo in_sample();
}

namespace {

using namespace logboom;
using namespace logboom::testing;
using Params = FakeContext::Params;

struct Started {
  explicit Started(FakeContext::Params params) {
    params.insert(params.begin(), {"tag", "t"});
    context.emplace("source", "sample", params);
    plugin = plugins::in_sample().make(context->element(), *context);
    dynamic_cast<Input&>(*plugin).start(host);
  }
  /// The first events, as soon as so many are there.
  std::vector<Row> events(std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (host.task().rows().size() < count && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      host.task().fire_timer();
    }
    std::vector<Row> rows = host.task().rows();
    rows.resize(std::min(rows.size(), count));
    return rows;
  }

  std::optional<FakeContext> context;
  std::unique_ptr<Plugin> plugin;
  FakeHost host;
};

TEST(InSample, makes_its_record) {
  Started started(Params{{"rate", "1000"}});
  const std::vector<Row> rows = started.events(2);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].tag, "t");
  EXPECT_EQ(rows[0].record, R"({"message":"sample"})");
}

TEST(InSample, takes_several_samples_in_turn_and_counts_them) {
  Started started(Params{{"rate", "1000"}, {"dummy", R"([{"a":1},{"id":"x","b":2}])"}, {"auto_increment_key", "id"}});
  std::vector<std::string> records;
  for (const Row& row : started.events(3)) records.push_back(row.record);
  EXPECT_EQ(records, (std::vector<std::string>{R"({"a":1,"id":0})", R"({"id":1,"b":2})", R"({"a":1,"id":2})"}));
}

TEST(InSample, makes_size_events_at_a_time) {
  Started started(Params{{"rate", "10"}, {"size", "50"}});
  EXPECT_EQ(started.events(50).size(), 50u);
  EXPECT_EQ(started.host.task().rows().size() % 50, 0u);
}

TEST(InSample, makes_none_while_it_is_held_or_when_it_was_stopped) {
  Started started(Params{{"rate", "1000"}});
  started.events(1);
  started.host.task().source().set_held(true);
  const std::size_t before = started.host.task().rows().size();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  started.host.task().fire_timer();
  EXPECT_EQ(started.host.task().rows().size(), before);
  started.host.task().source().set_held(false);
  started.host.task().handler().on_stop();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  started.host.task().fire_timer();
  EXPECT_EQ(started.host.task().rows().size(), before);
  EXPECT_FALSE(started.host.task().handler().waiting());
}

TEST(InSample, refuses_what_is_no_record) {
  for (const char* sample : {"", "5", "[]", "[{},5]", "{\"a\":"}) {
    EXPECT_THROW(Started(Params{{"sample", sample}}), ConfigError) << sample;
  }
}

}  // namespace
