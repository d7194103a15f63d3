#include <gtest/gtest.h>
#include <unistd.h>
#include <logboom/input.hpp>
#include <logboom/testing/filter_driver.hpp>
#include <logboom/testing/parser_driver.hpp>

#include <csignal>
#include <thread>

namespace logboom::plugins {
PluginInfo in_exec();
PluginInfo parser_json();
PluginInfo parser_msgpack();
PluginInfo parser_none();
PluginInfo parser_tsv();
}  // namespace logboom::plugins

namespace {

using namespace logboom;
using namespace logboom::testing;
using namespace std::chrono_literals;
using Records = std::vector<std::string>;
using Params = FakeContext::Params;

struct Started {
  explicit Started(FakeContext::Params params,
                   const std::vector<Element>& sections = {section("parse", {{"@type", "none"}})}) {
    context.emplace("source", "exec", params);
    context->parsers =
        parsers_of({plugins::parser_json(), plugins::parser_none(), plugins::parser_tsv(), plugins::parser_msgpack()});
    for (const Element& each : sections) context->section().children.push_back(each);
    plugin = plugins::in_exec().make(context->element(), *context);
    dynamic_cast<Input&>(*plugin).start(host);
  }
  ~Started() {
    for (const auto& [fd, name] : host.adopted()) ::close(fd);
  }
  /// Lets time pass for the task until this is true.
  bool until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(1ms);
      host.task().fire_timer();
    }
    return true;
  }
  /// All that the n-th adopted descriptor brings, handed to a session of the listener: 0 for stdout, 1 for stderr.
  Records read(std::size_t adopted, std::size_t listener) {
    const auto client = host.connect({host.adopted().at(adopted).second, "", ""}, Settle::confirm, listener);
    char part[7];
    for (ssize_t n = 0; (n = ::read(host.adopted()[adopted].first, part, sizeof part)) > 0;) {
      client->feed({part, static_cast<std::size_t>(n)});
    }
    client->end();
    Records records;
    for (const Row& row : client->connection().rows()) records.push_back(row.tag + " " + row.record);
    return records;
  }

  std::optional<FakeContext> context;
  FakeHost host;
  std::unique_ptr<Plugin> plugin;
};

TEST(InExec, runs_the_command_once_and_reads_its_lines_the_last_without_an_end_too) {
  Started started(Params{{"tag", "t"}, {"command", "echo one; echo; printf three"}});
  ASSERT_TRUE(started.until([&] { return started.host.adopted().size() == 2; }));
  EXPECT_EQ(started.read(0, 0), (Records{R"(t {"message":"one"})", R"(t {"message":""})", R"(t {"message":"three"})"}));
  EXPECT_TRUE(started.until([&] { return !started.host.task().handler().waiting(); }));
  started.host.task().fire_timer();
  EXPECT_EQ(started.host.adopted().size(), 2u);
  EXPECT_FALSE(started.host.task().source().timer()) << "nothing is left to do";
}

TEST(InExec, runs_at_intervals_the_first_time_after_one) {
  Started started(Params{{"tag", "t"}, {"command", "echo x"}, {"run_interval", "0.05"}});
  EXPECT_TRUE(started.host.adopted().empty());
  EXPECT_TRUE(started.until([&] { return started.host.adopted().size() >= 6; }));
}

TEST(InExec, does_not_run_twice_at_once) {
  Started started(Params{{"tag", "t"}, {"command", "sleep 100"}, {"run_interval", "0.02"}});
  ASSERT_TRUE(started.until([&] { return started.host.adopted().size() == 2; }));
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(5ms);
    started.host.task().fire_timer();
  }
  EXPECT_EQ(started.host.adopted().size(), 2u);
}

TEST(InExec, what_it_says_on_stderr_goes_to_the_log_or_is_read_too) {
  Started logged(Params{{"tag", "t"}, {"command", "echo oops >&2"}});
  ASSERT_TRUE(logged.until([&] { return logged.host.adopted().size() == 2; }));
  EXPECT_EQ(logged.read(1, 1), Records{});
  EXPECT_EQ(logged.host.log().count("oops"), 1u);
  Started read(Params{{"tag", "t"}, {"command", "echo oops >&2"}, {"connect_mode", "read_with_stderr"}});
  ASSERT_TRUE(read.until([&] { return read.host.adopted().size() == 1; }));
  EXPECT_EQ(read.read(0, 0), (Records{R"(t {"message":"oops"})"}));
}

TEST(InExec, parses_tsv_where_nothing_else_is_said_and_takes_the_tag_from_the_record) {
  Started started(Params{{"command", "printf 'a\\tx\\t5\\n'"}},
                  {section("parse", {{"@type", ""}, {"keys", "tag,b,c"}}), section("extract", {{"tag_key", "tag"}})});
  ASSERT_TRUE(started.until([&] { return started.host.adopted().size() == 2; }));
  EXPECT_EQ(started.read(0, 0), (Records{R"(a {"b":"x","c":"5"})"}));
}

TEST(InExec, a_stream_parser_gets_the_bytes_as_they_are) {
  Started started(Params{{"tag", "t"}, {"command", "printf '\\201\\241a\\012\\201\\241b\\001'"}},
                  {section("parse", {{"@type", "msgpack"}})});
  ASSERT_TRUE(started.until([&] { return started.host.adopted().size() == 2; }));
  EXPECT_EQ(started.read(0, 0), (Records{R"(t {"a":10})", R"(t {"b":1})"}));
}

TEST(InExec, lines_that_do_not_match_are_counted) {
  Started started(Params{{"tag", "t"}, {"command", "echo no"}}, {section("parse", {{"@type", "json"}})});
  ASSERT_TRUE(started.until([&] { return started.host.adopted().size() == 2; }));
  EXPECT_EQ(started.read(0, 0), Records{});
  EXPECT_EQ(started.host.dropped_counts(), (FakeHost::Counts{{"unmatched", 1}}));
}

TEST(InExec, a_command_that_fails_is_worth_a_warning) {
  Started started(Params{{"tag", "t"}, {"command", "exit 3"}});
  EXPECT_TRUE(started.until([&] { return started.host.log().count("ended: exit status 3") == 1; }));
}

TEST(InExec, the_stop_ends_it_and_all_that_it_started) {
  Started started(Params{{"tag", "t"}, {"command", "sleep 100 & echo $!; wait"}});
  ASSERT_TRUE(started.until([&] { return started.host.adopted().size() == 2; }));
  char digits[32] = {};
  ASSERT_GT(::read(started.host.adopted()[0].first, digits, sizeof digits - 1), 0);
  started.host.task().handler().on_stop();
  EXPECT_TRUE(started.host.task().handler().waiting());
  EXPECT_TRUE(started.until([&] { return !started.host.task().handler().waiting(); }));
  EXPECT_TRUE(started.until([&] { return ::read(started.host.adopted()[0].first, digits, 1) == 0; }))
      << "somebody still has the pipe open";
}

TEST(InExec, one_that_ignores_sigterm_is_killed) {
  Started started(Params{{"tag", "t"}, {"command", "trap '' TERM; echo ready; while :; do sleep 0.1; done"}});
  ASSERT_TRUE(started.until([&] { return started.host.adopted().size() == 2; }));
  char ready[8];
  ASSERT_GT(::read(started.host.adopted()[0].first, ready, sizeof ready), 0);
  started.host.task().handler().on_stop();
  EXPECT_TRUE(started.until([&] { return !started.host.task().handler().waiting(); }));
}

TEST(InExec, needs_a_command_and_a_tag) {
  EXPECT_THROW(Started(Params{{"tag", "t"}}), ConfigError);
  EXPECT_THROW(Started(Params{{"command", "true"}}), ConfigError);
  EXPECT_THROW(Started(Params{{"command", "true"}, {"tag", "t"}, {"run_interval", "0"}}), ConfigError);
}

}  // namespace
