#include "forward_fixture.hpp"

#include <logboom/input.hpp>

namespace logboom::plugins {
PluginInfo in_forward();
}

namespace logboom::in_forward::test {
namespace {

const Raw t1 = num(1700000001);
using Params = testing::FakeContext::Params;

/// One message in each mode, with the same record.
Raw all_modes(std::string_view tag, const Raw& record) {
  const Raw entry = arr({t1, record});
  return arr({str(tag), t1, record, map({})}) + arr({str(tag), arr({entry})}) + arr({str(tag), bin(entry)}) +
         arr({str(tag), bin(gzip(entry))});
}

TEST(ForwardOptions, tag_replaces_every_tag) {
  Options options;
  options.tag = "mine";
  const Result result = run_every_cut(all_modes("theirs", map({})) + all_modes("others", map({})), options);
  EXPECT_EQ(result.rows, Rows(8, Row{"mine", "1700000001", "{}"}));
}

TEST(ForwardOptions, add_tag_prefix_goes_before_each_tag_with_a_dot) {
  Options options;
  options.add_tag_prefix = "edge";
  EXPECT_EQ(run_every_cut(all_modes("app", map({})), options).rows, Rows(4, Row{"edge.app", "1700000001", "{}"}));
  options.tag = "mine";
  EXPECT_EQ(run(all_modes("app", map({})), options).rows, Rows(4, Row{"edge.mine", "1700000001", "{}"}));
}

TEST(ForwardOptions, source_address_key_adds_the_sender_s_address_to_each_record) {
  Options options;
  options.source_address_key = "addr";
  const Result result = run_every_cut(all_modes("t", rec("x")), options);
  EXPECT_EQ(result.rows, Rows(4, Row{"t", "1700000001", R"({"log":"x","addr":"192.0.2.7"})"}));
}

TEST(ForwardOptions, source_keys_replace_fields_that_are_there) {
  Options options;
  options.source_address_key = "addr";
  options.source_hostname_key = "host";
  const Raw record = map({{str("addr"), num(1)}, {str("log"), str("x")}, {str("host"), map({})}, {num(1), nil()}});
  const std::string expected = R"({"addr":"192.0.2.7","log":"x","host":"sender.example","1":null})";
  EXPECT_EQ(run_every_cut(all_modes("t", record), options).rows, Rows(4, Row{"t", "1700000001", expected}));
  EXPECT_EQ(run(arr({str("t"), num(0), map({})}), options).rows,
            (Rows{{"t", "now", R"({"addr":"192.0.2.7","host":"sender.example"})"}}));
}

TEST(ForwardOptions, source_keys_make_larger_map_headers_where_they_must) {
  Options options;
  options.source_address_key = "addr";
  std::vector<std::pair<Raw, Raw>> pairs;
  for (int i = 0; i < 15; ++i) pairs.emplace_back(num(i), num(i));
  const Result result = run(all_modes("t", map(pairs)), options);
  ASSERT_EQ(result.rows.size(), 4U);
  for (const Row& row : result.rows) EXPECT_TRUE(row.record.ends_with(R"("14":14,"addr":"192.0.2.7"})")) << row.record;
}

TEST(ForwardOptions, source_keys_leave_invalid_events_out_as_ever_and_keep_large_records) {
  Options options;
  options.source_address_key = "addr";
  const std::string large(100000, 'x');
  const Raw entries = arr({t1, nil()}) + arr({t1, rec(large)}) + arr({nil(), rec("x")}) +
                      arr({event_time(1700000001, 7), map({})}) + arr({num(-7), map({})});
  const Result result = run(arr({str("t"), bin(entries)}) + arr({str("t"), t1, nil()}), options, {5, 70000});
  ASSERT_EQ(result.rows.size(), 3U);
  EXPECT_EQ(result.rows[0].record, R"({"log":")" + large + R"(","addr":"192.0.2.7"})");
  EXPECT_EQ(result.rows[1], (Row{"t", "1700000001.000000007", R"({"addr":"192.0.2.7"})"}));
  EXPECT_EQ(result.rows[2], (Row{"t", "-7", R"({"addr":"192.0.2.7"})"}));
}

TEST(ForwardOptions, deny_keepalive_closes_after_the_first_message_and_its_answer) {
  Options options;
  options.deny_keepalive = true;
  const Raw asking = arr({str("t"), t1, map({}), chunk("c")});
  const Result result = run_every_cut(asking + asking, options);
  EXPECT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.sent, std::vector<Raw>{ack(str("c"))});
  EXPECT_TRUE(result.closed);
  EXPECT_FALSE(result.reset);
  EXPECT_TRUE(run_every_cut(all_modes("t", map({})), options).closed);
  EXPECT_EQ(run_every_cut(all_modes("t", map({})), options).rows.size(), 1U);
  EXPECT_EQ(run_every_cut(R"(["t",1,{},{"chunk":1}]["t",1,{}])", options).sent.size(), 1U);
}

TEST(ForwardOptions, deny_keepalive_waits_until_the_message_is_safe) {
  Options options;
  options.deny_keepalive = true;
  Forward forward(options, Settle::by_hand);
  forward.driver.feed(arr({str("t"), t1, map({}), chunk("c")}));
  EXPECT_TRUE(forward.open());
  forward.connection().confirm(0);
  forward.driver.deliver_outcomes();
  EXPECT_EQ(forward.sent(), std::vector<Raw>{ack(str("c"))});
  EXPECT_EQ(forward.connection().closed(), net::Close::finish);
}

struct Started {
  explicit Started(const Params& params) : context("source", "forward", params) {
    plugin = plugins::in_forward().make(context.element(), context);
    dynamic_cast<Input&>(*plugin).start(host);
  }
  testing::FakeHost host;
  testing::FakeContext context;
  std::unique_ptr<Plugin> plugin;
};

TEST(ForwardInput, listens_where_fluentd_would_and_answers_heartbeats) {
  Started started({});
  ASSERT_EQ(started.host.listens().size(), 1U);
  const net::StreamListen& where = started.host.listens()[0];
  EXPECT_EQ(where.bind, "0.0.0.0");
  EXPECT_EQ(where.port, 24224);
  EXPECT_TRUE(where.reset_on_close);
  EXPECT_FALSE(where.keepalive);
  EXPECT_FALSE(where.resolve_hostname);
  ASSERT_EQ(started.host.datagram_listens().size(), 1U);
  EXPECT_EQ(started.host.datagram_listens()[0].port, 24224);
  for (const std::string_view heartbeat :
       {std::string_view("\0", 1), std::string_view("anything"), std::string_view()}) {
    EXPECT_EQ(started.host.datagram(heartbeat), std::vector<std::string>{std::string(1, '\0')});
  }
}

TEST(ForwardInput, parameters_reach_the_listener) {
  Started started({{"port", "0"},
                   {"bind", "127.0.0.1"},
                   {"backlog", "7"},
                   {"linger_timeout", "5"},
                   {"send_keepalive_packet", "true"},
                   {"source_hostname_key", "h"}});
  const net::StreamListen& where = started.host.listens().at(0);
  EXPECT_EQ(where.bind, "127.0.0.1");
  EXPECT_EQ(where.backlog, 7);
  EXPECT_FALSE(where.reset_on_close);
  EXPECT_TRUE(where.keepalive);
  EXPECT_TRUE(where.resolve_hostname) << "a host name is wanted";
  EXPECT_EQ(started.host.datagram_listens().at(0).port, started.host.last_port())
      << "heartbeats go to the port that was free";
  EXPECT_TRUE(started.context.warnings().empty());
}

TEST(ForwardInput, a_unix_socket_has_no_heartbeats) {
  Started started({{"unix_path", "run/forward.sock"}, {"unix_permission", "0660"}});
  EXPECT_EQ(started.host.listens().at(0).unix_path, "run/forward.sock");
  EXPECT_EQ(started.host.listens().at(0).unix_mode, 0660U);
  EXPECT_TRUE(started.host.datagram_listens().empty());
}

TEST(ForwardInput, type_unix_listens_on_its_path_only) {
  testing::FakeHost host;
  for (const testing::FakeContext::Params& params :
       {testing::FakeContext::Params{}, testing::FakeContext::Params{{"path", "run/x.sock"}}}) {
    testing::FakeContext context("source", "unix", params);
    const auto plugin = plugins::in_forward().make(context.element(), context);
    dynamic_cast<Input&>(*plugin).start(host);
  }
  ASSERT_EQ(host.listens().size(), 2U);
  EXPECT_EQ(host.listens()[0].unix_path, "/var/run/fluent/fluent.sock");
  EXPECT_EQ(host.listens()[1].unix_path, "run/x.sock");
  EXPECT_TRUE(host.datagram_listens().empty());
}

TEST(ForwardInput, a_unix_socket_and_a_port_are_both_served_where_both_are_asked_for) {
  Started started({{"unix_path", "run/forward.sock"}, {"bind", "127.0.0.1"}, {"port", "24000"}});
  ASSERT_EQ(started.host.listens().size(), 2U);
  EXPECT_EQ(started.host.listens()[0].port, 24000);
  EXPECT_TRUE(started.host.listens()[0].unix_path.empty());
  EXPECT_EQ(started.host.listens()[1].unix_path, "run/forward.sock");
  EXPECT_EQ(started.host.datagram_listens().size(), 1U);
  for (const std::size_t listener : {0U, 1U}) {
    const auto driver = started.host.connect({}, Settle::confirm, listener);
    driver->feed(arr({str("t"), t1, map({})}));
    EXPECT_EQ(driver->connection().rows().size(), 1U);
  }
}

TEST(ForwardInput, its_clients_are_served_with_its_options) {
  Started started({{"add_tag_prefix", "p"}, {"source_hostname_key", "from"}, {"chunk_size_limit", "1k"}});
  const auto driver = started.host.connect({"[2001:db8::1]:1", "2001:db8::1", "node"});
  driver->feed(arr({str("t"), t1, map({})}) + arr({str("t"), t1, rec(std::string(2000, 'x'))}));
  EXPECT_EQ(driver->connection().rows(), (Rows{{"p.t", "1700000001", R"({"from":"node"})"}}));
  EXPECT_EQ(started.host.dropped_counts(), (Counts{{"chunk_size_limit", 1}}));
}

TEST(ForwardInput, tls_without_a_certificate_is_an_error_at_its_place) {
  testing::FakeContext context("source", "forward");
  Element section;
  section.name = "transport";
  section.arg = "tls";
  section.pos = context.element().pos;
  section.pos.line = 7;
  context.section().children.push_back(section);
  try {
    plugins::in_forward().make(context.element(), context);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.pos().line, 7U);
    EXPECT_NE(error.message().find("transport"), std::string::npos);
  }
}

TEST(ForwardInput, wrong_values_are_errors_and_unknown_parameters_warnings) {
  for (const auto& [key, value] : Params{{"port", "65536"},
                                         {"port", "x"},
                                         {"deny_keepalive", "maybe"},
                                         {"chunk_size_limit", "much"},
                                         {"backlog", "-1"}}) {
    testing::FakeContext context("source", "forward", {{key, value}});
    EXPECT_THROW(plugins::in_forward().make(context.element(), context), ConfigError) << key << " " << value;
  }
  Started started(Params{{"chunk_size_limits", "1k"}});
  EXPECT_EQ(started.context.warnings().size(), 1U);
}

}  // namespace
}  // namespace logboom::in_forward::test
