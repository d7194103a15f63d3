// A stream that is cut at any place and goes on in another session brings what it brings in one.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include <logboom/input.hpp>
#include <logboom/msgpack.hpp>
#include <logboom/relp_frames.hpp>
#include <logboom/testing.hpp>
#include <logboom/testing/filter_driver.hpp>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo in_forward();
PluginInfo in_gelf();
PluginInfo in_http();
PluginInfo in_syslog();
PluginInfo in_tcp();
PluginInfo parser_json();
PluginInfo parser_none();
PluginInfo parser_syslog();
}  // namespace logboom::plugins

namespace {

using namespace logboom;
using namespace logboom::testing;
using Params = FakeContext::Params;
using Handed = std::pair<std::string, std::string>;

/// What a peer and the rules see of a stream.
struct Seen {
  std::vector<std::string> events;
  std::string answers;
};

/// Two processes with the same configuration.
class Process {
 public:
  Process(PluginInfo info, const Params& params, bool parses = false) {
    context_.emplace("source", info.name, params);
    context_->parsers = parsers_of({plugins::parser_json(), plugins::parser_none(), plugins::parser_syslog()});
    if (parses) context_->section().children.push_back(section("parse", {{"@type", "none"}}));
    plugin_ = info.make(context_->element(), *context_);
    dynamic_cast<Input&>(*plugin_).start(host_);
  }
  std::unique_ptr<SessionDriver> connect() { return host_.connect(); }

 private:
  std::optional<FakeContext> context_;
  std::unique_ptr<Plugin> plugin_;
  FakeHost host_;
};

void add(Seen& seen, SessionDriver& driver) {
  driver.run_timers(std::chrono::milliseconds(0));
  for (const Row& row : driver.connection().rows()) seen.events.push_back(cat(row.tag, " ", row.record));
  for (const std::string& sent : driver.connection().sent()) seen.answers += sent;
}

/// Answers that wait for their time go out before anybody asks.
void settle(SessionDriver& driver) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (driver.session().waiting() && std::chrono::steady_clock::now() < deadline) driver.fire_timer();
}

void expect_the_same_cut_anywhere(const std::function<Process()>& start, const std::string& stream,
                                  std::size_t events) {
  Process one = start();
  Seen whole;
  {
    const auto driver = one.connect();
    driver->feed(stream);
    settle(*driver);
    add(whole, *driver);
  }
  ASSERT_EQ(whole.events.size(), events);
  for (std::size_t cut = 0; cut < stream.size(); ++cut) {
    Process before = start();
    Process after = start();
    const auto first = before.connect();
    first->feed(std::string_view(stream).substr(0, cut));
    settle(*first);
    std::optional<Handed> handed = first->hand_over();
    std::size_t at = cut;
    for (; !handed && at < stream.size(); handed = first->hand_over()) {
      first->feed(std::string_view(stream).substr(at++, 1));
      settle(*first);
    }
    ASSERT_TRUE(handed) << cut;
    const auto second = after.connect();
    second->take_over(*handed);
    second->feed(std::string_view(stream).substr(at));
    settle(*second);
    Seen both;
    add(both, *first);
    add(both, *second);
    ASSERT_EQ(both.events, whole.events) << "handed over at " << cut;
    ASSERT_EQ(both.answers, whole.answers) << "handed over at " << cut;
  }
}

std::string forward_message(std::string_view text, std::string_view chunk) {
  OutBuffer out;
  msgpack::Writer writer(out);
  writer.array(4);
  writer.string("tag");
  writer.integer(1700000000);
  writer.map(1);
  writer.string("log");
  writer.string(text);
  writer.map(chunk.empty() ? 0 : 1);
  if (!chunk.empty()) writer.string("chunk");
  if (!chunk.empty()) writer.string(chunk);
  return std::string(out.text());
}

void write_entry(msgpack::Writer& writer, int number) {
  writer.array(2);
  writer.integer(1700000000);
  writer.map(1);
  writer.string("n");
  writer.integer(number);
}

std::string forward_mode(std::string_view chunk) {
  OutBuffer out;
  msgpack::Writer writer(out);
  writer.array(3);
  writer.string("many");
  writer.array(3);
  for (int i = 0; i < 3; ++i) write_entry(writer, i);
  writer.map(1);
  writer.string("chunk");
  writer.string(chunk);
  return std::string(out.text());
}

std::string packed_forward() {
  OutBuffer entries;
  msgpack::Writer inner(entries);
  for (int i = 0; i < 4; ++i) write_entry(inner, i);
  OutBuffer out;
  msgpack::Writer writer(out);
  writer.array(2);
  writer.string("packed");
  writer.binary(entries.text());
  return std::string(out.text());
}

TEST(HandOver, forward_in_every_mode) {
  const auto start = [] { return Process(plugins::in_forward(), {}); };
  const std::string stream = forward_message("one", "") + forward_message("two", "a") + forward_mode("b") +
                             packed_forward() + "\xc0" + forward_message("three", "c") + forward_message("four", "");
  expect_the_same_cut_anywhere(start, stream, 11);
}

TEST(HandOver, forward_in_json) {
  const auto start = [] { return Process(plugins::in_forward(), {}); };
  const std::string stream = R"(["t",1700000000,{"n":1}] ["t",1700000000,{"n":"[\"]"},{"chunk":"x"}])"
                             R"(["t",[[1700000000,{"n":3}],[1700000000,{"n":4}]]])";
  expect_the_same_cut_anywhere(start, stream, 4);
}

TEST(HandOver, tcp_with_a_long_delimiter_and_a_message_beyond_the_limit) {
  const auto start = [] {
    return Process(plugins::in_tcp(), {{"tag", "t"}, {"delimiter", "\r\n\r\n"}, {"message_length_limit", "12"}}, true);
  };
  expect_the_same_cut_anywhere(start, "one\r\n\r\ntwo\r\n\r\nthis one is far too long\r\n\r\nthree\r\n\r\n", 3);
}

TEST(HandOver, syslog_by_lines_and_counted) {
  const auto start = [] { return Process(plugins::in_syslog(), {{"tag", "t"}, {"protocol_type", "tcp"}}); };
  const std::string message = "<30>Oct 11 22:14:15 host app[1]: ";
  const std::string counted = message + "in\nlines";
  expect_the_same_cut_anywhere(
      start, cat(message, "one\n", counted.size(), " ", counted, message, "two\n", message, "70 three\n"), 4);
}

TEST(HandOver, syslog_that_ends_in_nul) {
  const auto start = [] { return Process(plugins::in_syslog(), {{"tag", "t"}, {"protocol_type", "tcp"}}); };
  const std::string message("<30>app: hello\0", 15);
  // The first read tells that, so that it has to be whole.
  Process before = start();
  Process after = start();
  const auto first = before.connect();
  first->feed(message);
  const std::optional<Handed> handed = first->hand_over();
  ASSERT_TRUE(handed);
  const auto second = after.connect();
  second->take_over(*handed);
  second->feed(message);
  EXPECT_EQ(second->connection().rows().size(), 1u);
}

TEST(HandOver, syslog_that_docker_has_cut) {
  const auto start = [] {
    return Process(plugins::in_syslog(), {{"tag", "t"}, {"protocol_type", "tcp"}, {"join_split_lines", "true"}});
  };
  const std::string head = "<30>Oct 11 22:14:15 host app[1]: ";
  Process before = start();
  Process after = start();
  const auto first = before.connect();
  first->feed(head + std::string(16384, 'x') + "\n");
  const std::optional<Handed> handed = first->hand_over();
  ASSERT_TRUE(handed);
  EXPECT_TRUE(first->connection().rows().empty());
  const auto second = after.connect();
  second->take_over(*handed);
  second->feed(head + "end\n");
  ASSERT_EQ(second->connection().rows().size(), 1u);
  EXPECT_NE(second->connection().rows().at(0).record.find("xxend"), std::string::npos);
}

TEST(HandOver, relp) {
  const auto start = [] { return Process(plugins::in_syslog(), {{"tag", "t"}, {"listen", "relp://127.0.0.1:0"}}); };
  std::string stream;
  append_relp(stream, "1", "open", "relp_version=0");
  append_relp(stream, "2", "syslog", "<30>Oct 11 22:14:15 host app[1]: one");
  append_relp(stream, "3", "syslog", "<30>Oct 11 22:14:15 host app[1]: two");
  expect_the_same_cut_anywhere(start, stream, 2);
}

TEST(HandOver, gelf) {
  const auto start = [] { return Process(plugins::in_gelf(), {{"protocol_type", "tcp"}, {"tag", "t"}}); };
  const std::string one = R"({"version":"1.1","host":"h","short_message":"one"})";
  const std::string two = R"({"version":"1.1","host":"h","short_message":"two"})";
  expect_the_same_cut_anywhere(start, one + '\0' + two + '\0', 2);
}

TEST(HandOver, http_of_both_lengths) {
  const auto start = [] { return Process(plugins::in_http(), {}); };
  const std::string head = "POST /t HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  expect_the_same_cut_anywhere(start,
                               head + "Content-Length: 7\r\n\r\n{\"n\":1}" + head +
                                   "Transfer-Encoding: chunked\r\n\r\n7\r\n{\"n\":2}\r\n0\r\n\r\n",
                               2);
}

}  // namespace
