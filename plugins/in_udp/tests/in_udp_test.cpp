#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <logboom/input.hpp>
#include <logboom/testing/filter_driver.hpp>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo in_udp();
PluginInfo parser_json();
PluginInfo parser_none();
}  // namespace logboom::plugins

namespace {

using namespace logboom;
using namespace logboom::testing;
using Params = FakeContext::Params;

/// A started input with `<parse> @type json`.
struct Started {
  explicit Started(FakeContext::Params params = {}, std::string parser = "json",
                   const FakeContext::Params& extract = {}) {
    params.insert(params.begin(), {"tag", "t"});
    context.emplace("source", "udp", params);
    context->parsers = parsers_of({plugins::parser_json(), plugins::parser_none()});
    if (!parser.empty()) context->section().children.push_back(section("parse", {{"@type", parser}}));
    if (!extract.empty()) context->section().children.push_back(section("extract", extract));
    plugin = plugins::in_udp().make(context->element(), *context);
    dynamic_cast<Input&>(*plugin).start(host);
  }
  std::vector<Row> rows() { return host.datagrams().rows(); }
  std::vector<std::string> records() {
    std::vector<std::string> records;
    for (const Row& row : rows()) records.push_back(row.record);
    return records;
  }

  std::optional<FakeContext> context;
  std::unique_ptr<Plugin> plugin;
  FakeHost host;
};

using Records = std::vector<std::string>;

TEST(InUdp, listens_where_it_is_told_to) {
  const Started defaults;
  EXPECT_EQ(defaults.host.datagram_listens().at(0).port, 5160);
  EXPECT_EQ(defaults.host.datagram_listens().at(0).bind, "0.0.0.0");
  EXPECT_EQ(defaults.host.datagram_listens().at(0).max_size, 4096u);
  const Started set(Params{{"port", "7"}, {"message_length_limit", "1m"}, {"receive_buffer_size", "2m"}});
  EXPECT_EQ(set.host.datagram_listens().at(0).port, 7);
  EXPECT_EQ(set.host.datagram_listens().at(0).max_size, 65535u);
  EXPECT_EQ(set.host.datagram_listens().at(0).receive_buffer, 2u << 20);
}

TEST(InUdp, a_datagram_becomes_an_event) {
  Started started;
  started.host.datagram(R"({"a":1,"time":5})");
  EXPECT_EQ(started.rows(), (std::vector<Row>{{"t", "5", R"({"a":1})"}}));
}

TEST(InUdp, a_line_end_is_taken_off_unless_told_otherwise) {
  Started cut({}, "none");
  cut.host.datagram("x\r\n");
  cut.host.datagram("y\n\n");
  EXPECT_EQ(cut.records(), (Records{R"({"message":"x"})", R"({"message":"y\n"})"}));
  Started kept(Params{{"remove_newline", "false"}}, "none");
  kept.host.datagram("x\n");
  EXPECT_EQ(kept.records(), (Records{R"({"message":"x\n"})"}));
}

TEST(InUdp, what_does_not_match_is_counted_or_emitted) {
  Started counted;
  counted.host.datagram("no json");
  EXPECT_TRUE(counted.rows().empty());
  EXPECT_EQ(counted.host.dropped_counts(), (FakeHost::Counts{{"unmatched", 1}}));
  EXPECT_EQ(counted.host.log().count("pattern not matched"), 1u);
  Started emitted(Params{{"emit_unmatched_lines", "true"}});
  emitted.host.datagram("no json");
  EXPECT_EQ(emitted.records(), (Records{R"({"unmatched_line":"no json"})"}));
  EXPECT_TRUE(emitted.host.dropped_counts().empty());
}

TEST(InUdp, says_who_sent_it_where_asked_to) {
  Started started(Params{{"source_address_key", "addr"}, {"source_hostname_key", "host"}});
  started.host.datagram(R"({"addr":"lie","a":1})");
  started.host.datagram("{}", 0, {"198.51.100.1:9", "198.51.100.1", "198.51.100.1"});
  started.host.datagram("{}", 0, {"198.51.100.1:9", "198.51.100.1", "known by now"});
  EXPECT_EQ(started.records(), (Records{R"({"addr":"192.0.2.7","a":1,"host":"sender.example"})",
                                        R"({"addr":"198.51.100.1","host":"198.51.100.1"})",
                                        R"({"addr":"198.51.100.1","host":"known by now"})"}));
  EXPECT_TRUE(started.host.datagram_listens()[0].resolve_hostname);
}

TEST(InUdp, tag_and_time_can_be_taken_from_the_record) {
  Started started({}, "json", {{"tag_key", "tag"}, {"time_key", "at"}});
  started.host.datagram(R"({"tag":"x.y","at":7.5,"a":1})");
  started.host.datagram(R"({"at":"soon"})");
  EXPECT_EQ(started.rows().at(0), (Row{"x.y", "7.500000000", R"({"a":1})"}));
  EXPECT_EQ(started.rows().at(1).record, R"({"at":"soon"})");
  EXPECT_EQ(started.host.error_counts(), (FakeHost::Counts{{"bad_time", 1}}));
}

TEST(InUdp, one_that_was_cut_is_counted) {
  Started started({}, "none");
  const FakeDatagram datagram("half", {}, true);
  started.host.datagrams().handler().on_datagram(datagram);
  started.host.datagrams().handler().on_pause();
  EXPECT_EQ(started.records(), (Records{R"({"message":"half"})"}));
  EXPECT_EQ(started.host.error_counts(), (FakeHost::Counts{{"truncated", 1}}));
}

TEST(InUdp, needs_a_tag_and_a_parser) {
  EXPECT_THROW(Started({}, ""), ConfigError);
  FakeContext context("source", "udp");
  EXPECT_THROW(plugins::in_udp().make(context.element(), context), ConfigError);
}

}  // namespace
