#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <logboom/input.hpp>
#include <logboom/networks.hpp>
#include <logboom/testing/filter_driver.hpp>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo in_tcp();
PluginInfo parser_json();
PluginInfo parser_none();
}  // namespace logboom::plugins

namespace {

using namespace logboom;
using namespace logboom::testing;
using Params = FakeContext::Params;
using Records = std::vector<std::string>;

/// A started input with `<parse> @type none`.
struct Started {
  explicit Started(FakeContext::Params params = {}, const std::vector<Element>& sections = {},
                   const std::string& parser = "none") {
    params.insert(params.begin(), {"tag", "t"});
    context.emplace("source", "tcp", params);
    context->parsers = parsers_of({plugins::parser_json(), plugins::parser_none()});
    if (!parser.empty()) context->section().children.push_back(section("parse", {{"@type", parser}}));
    for (const Element& each : sections) context->section().children.push_back(each);
    plugin = plugins::in_tcp().make(context->element(), *context);
    dynamic_cast<Input&>(*plugin).start(host);
  }
  /// The messages of a stream that is cut at these places.
  Records messages(std::string_view stream, std::span<const std::size_t> cuts = {}) {
    const auto client = host.connect();
    client->feed_cut(stream, cuts);
    Records records;
    for (const Row& row : client->connection().rows()) records.push_back(row.record);
    return records;
  }

  std::optional<FakeContext> context;
  std::unique_ptr<Plugin> plugin;
  FakeHost host;
};

std::string message(std::string_view text) {
  OutBuffer out;
  append_json_string(out, text);
  return cat("{\"message\":", out.text(), "}");
}

Element security(const FakeContext::Params& client) {
  Element element = section("security", {});
  element.children.push_back(section("client", client));
  return element;
}

TEST(InTcp, listens_where_it_is_told_to) {
  EXPECT_EQ(Started().host.listens().at(0).port, 5170);
  const Started set(Params{{"port", "7"}, {"bind", "127.0.0.1"}, {"send_keepalive_packet", "true"}});
  EXPECT_EQ(set.host.listens().at(0).port, 7);
  EXPECT_EQ(set.host.listens().at(0).bind, "127.0.0.1");
  EXPECT_TRUE(set.host.listens().at(0).keepalive);
}

TEST(InTcp, each_line_is_an_event_wherever_the_stream_is_cut) {
  Started started;
  const std::string stream = "one\n\nthree\r\nfour\n";
  const Records expected{message("one"), message(""), message("three\r"), message("four")};
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    EXPECT_EQ(started.messages(stream, std::vector<std::size_t>{cut}), expected) << "cut at " << cut;
  }
  EXPECT_TRUE(started.host.dropped_counts().empty());
}

TEST(InTcp, a_delimiter_of_several_bytes_may_be_cut_too) {
  Started started(Params{{"delimiter", "--"}, {"message_length_limit", "4"}});
  const std::string stream = "a--b-c------toolong---d--";
  const Records expected{message("a"), message("b-c"), message(""), message(""), message("-d")};
  for (std::size_t first = 1; first < stream.size(); ++first) {
    for (std::size_t second = first; second < stream.size(); ++second) {
      EXPECT_EQ(started.messages(stream, std::vector<std::size_t>{first, second}), expected) << first << "," << second;
    }
  }
}

TEST(InTcp, a_message_that_is_too_long_is_dropped_and_counted_once) {
  Started started(Params{{"message_length_limit", "5"}});
  std::vector<std::size_t> every(100);
  for (std::size_t i = 0; i < every.size(); ++i) every[i] = i;
  EXPECT_EQ(started.messages("12345\n123456\n" + std::string(50, 'x') + "\nok\n", every),
            (Records{message("12345"), message("ok")}));
  EXPECT_EQ(started.host.dropped_counts(), (FakeHost::Counts{{"too_long", 2}}));
}

TEST(InTcp, little_of_a_message_that_is_too_long_is_kept) {
  Started started(Params{{"message_length_limit", "1k"}});
  const auto client = started.host.connect();
  for (int i = 0; i < 1000; ++i) client->feed(std::string(100, 'x'));
  EXPECT_LE(client->most_residue(), 1100u);
}

TEST(InTcp, what_has_no_delimiter_at_the_end_is_counted) {
  Started started;
  EXPECT_EQ(started.messages("a\nrest"), (Records{message("a")}));
  EXPECT_EQ(started.host.dropped_counts(), (FakeHost::Counts{{"unterminated", 1}}));
}

TEST(InTcp, what_does_not_match_is_counted_or_emitted) {
  Started counted({}, {}, "json");
  EXPECT_EQ(counted.messages("{\"a\":1}\nno\n"), (Records{R"({"a":1})"}));
  EXPECT_EQ(counted.host.dropped_counts(), (FakeHost::Counts{{"unmatched", 1}}));
  Started emitted(Params{{"emit_unmatched_lines", "true"}}, {}, "json");
  EXPECT_EQ(emitted.messages("no\n"), (Records{R"({"unmatched_line":"no"})"}));
}

TEST(InTcp, says_who_sent_it_where_asked_to) {
  Started started(Params{{"source_address_key", "addr"}, {"source_hostname_key", "host"}});
  EXPECT_EQ(started.messages("x\n"), (Records{R"({"message":"x","addr":"192.0.2.7","host":"sender.example"})"}));
  EXPECT_TRUE(started.host.listens()[0].resolve_hostname);
}

TEST(InTcp, tag_and_time_can_be_taken_from_the_record) {
  Started started({}, {section("extract", {{"tag_key", "tag"}, {"time_key", "at"}})}, "json");
  const auto client = started.host.connect();
  client->feed("{\"tag\":\"x\",\"at\":7}\n{\"a\":1,\"at\":8}\n");
  EXPECT_EQ(client->connection().rows(), (std::vector<Row>{{"x", "7", "{}"}, {"t", "8", R"({"a":1})"}}));
}

TEST(InTcp, only_clients_of_the_list_may_connect) {
  Started allowed({}, {security({{"network", "192.0.2.0/24"}})});
  EXPECT_EQ(allowed.messages("x\n"), (Records{message("x")}));
  Started refused({}, {security({{"host", "192.0.2.8"}})});
  const auto client = refused.host.connect();
  EXPECT_EQ(client->connection().closed(), net::Close::reset);
  EXPECT_EQ(refused.messages("x\n"), Records{});
  EXPECT_EQ(refused.host.error_counts(), (FakeHost::Counts{{"client_refused", 2}}));
}

TEST(InTcp, refuses_a_configuration_that_makes_no_sense) {
  EXPECT_THROW(Started({}, {}, ""), ConfigError);
  EXPECT_THROW(Started(Params{{"delimiter", ""}}), ConfigError);
  EXPECT_THROW(Started({}, {section("security", {})}), ConfigError);
  EXPECT_THROW(Started({}, {security({})}), ConfigError);
  EXPECT_THROW(Started({}, {security({{"network", "192.0.2.0/33"}})}), ConfigError);
  EXPECT_THROW(Started({}, {section("transport", {}, "tls")}), ConfigError);
}

TEST(Networks, contain_their_addresses_and_no_others) {
  Networks networks;
  networks.add_network("10.1.2.0/23");
  networks.add_network("2001:db8::/33");
  networks.add_host("198.51.100.7");
  for (const char* inside : {"10.1.2.0", "10.1.3.255", "::ffff:10.1.2.1", "2001:db8:7fff::1", "198.51.100.7"}) {
    EXPECT_TRUE(networks.contains(inside)) << inside;
  }
  for (const char* outside : {"10.1.4.0", "10.1.1.255", "2001:db8:8000::", "198.51.100.8", "", "unix"}) {
    EXPECT_FALSE(networks.contains(outside)) << outside;
  }
  Networks all;
  all.add_network("0.0.0.0/0");
  EXPECT_TRUE(all.contains("203.0.113.5"));
  EXPECT_FALSE(all.contains("2001:db8::1"));
}

}  // namespace
