#include <gmock/gmock.h>

#include <logboom/testing/filter_driver.hpp>
#include <logboom/testing/parser_driver.hpp>

#include "messages.hpp"

namespace logboom::plugins {
PluginInfo in_syslog();
PluginInfo parser_syslog();
PluginInfo parser_regexp();
PluginInfo parser_json();
}  // namespace logboom::plugins

namespace {

using namespace logboom;
using namespace logboom::testing;
using in_syslog::tests::expect_messages;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Params = FakeContext::Params;
using Texts = std::vector<std::string>;

/// A started input.
struct Started {
  explicit Started(Params params = {}, const std::vector<Element>& sections = {}) {
    params.insert(params.begin(), {"tag", "t"});
    context.emplace("source", "syslog", params);
    context->parsers = parsers_of({plugins::parser_syslog(), plugins::parser_regexp(), plugins::parser_json()});
    for (const Element& each : sections) context->section().children.push_back(each);
    plugin = plugins::in_syslog().make(context->element(), *context);
    dynamic_cast<Input&>(*plugin).start(host);
  }
  /// "tag record" of what a stream brings that is cut at these places.
  Texts stream(std::string_view bytes, std::span<const std::size_t> cuts = {}) {
    const auto client = host.connect();
    client->feed_cut(bytes, cuts);
    client->end();
    return texts(client->connection().rows());
  }
  static Texts texts(const std::vector<Row>& rows) {
    Texts found;
    for (const Row& row : rows) found.push_back(cat(row.tag, " ", row.record));
    return found;
  }

  std::optional<FakeContext> context;
  std::unique_ptr<Plugin> plugin;
  FakeHost host;
};

const Params tcp{{"protocol_type", "tcp"}};

Params with(Params params, const Params& more) {
  params.insert(params.end(), more.begin(), more.end());
  return params;
}

TEST(InSyslog, listens_where_it_is_told_to) {
  EXPECT_EQ(Started().host.datagram_listens().at(0).port, 5140);
  EXPECT_TRUE(Started().host.listens().empty());
  EXPECT_EQ(Started(tcp).host.listens().at(0).port, 5140);
  EXPECT_EQ(Started(Params{{"port", "514"}}, {section("transport", {}, "tcp")}).host.listens().at(0).port, 514);
  Started several(
      Params{{"listen", "tcp://127.0.0.1:514,tcp://[::1]:601,udp://:514,unix:///run/a,unixgram:///dev/log"}});
  ASSERT_EQ(several.host.listens().size(), 3u);
  EXPECT_EQ(several.host.listens()[0].bind, "127.0.0.1");
  EXPECT_EQ(several.host.listens()[1].bind, "::1");
  EXPECT_EQ(several.host.listens()[1].port, 601);
  EXPECT_EQ(several.host.listens()[2].unix_path, "/run/a");
  ASSERT_EQ(several.host.datagram_listens().size(), 2u);
  EXPECT_EQ(several.host.datagram_listens()[0].bind, "0.0.0.0");
  EXPECT_EQ(several.host.datagram_listens()[1].unix_path, "/dev/log");
  EXPECT_EQ(several.host.datagram_listens()[1].unix_mode, 0666u);
}

TEST(InSyslog, refuses_a_configuration_that_makes_no_sense) {
  const auto why = [](const Params& params, const std::vector<Element>& sections = {}) {
    try {
      Started started(params, sections);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(why({}, {section("transport", {}, "tls")}), HasSubstr("test.conf:"));
  EXPECT_THAT(why({{"listen", "tcp://:514"}, {"port", "5"}}), HasSubstr("either"));
  EXPECT_THAT(why({{"listen", "tcp://:514"}}, {section("transport", {}, "tcp")}), HasSubstr("only be tls"));
  for (const char* place : {"514", "tls://:514", "tcp://h:x", "tcp://h:65536", "unix://"}) {
    EXPECT_THAT(why({{"listen", place}}), HasSubstr("listen: ")) << place;
  }
  EXPECT_THAT(why({{"allowed_senders", "192.0.2.0/33"}}), HasSubstr("33"));
  EXPECT_THAT(why({{"allowed_senders", "192.0.2.256"}}), HasSubstr("192.0.2.256"));
  EXPECT_THAT(why({{"timezone", "Nowhere/None"}}), HasSubstr("Nowhere/None"));
  EXPECT_THAT(why({{"timezone", "+01:00"}}, {section("parse", {{"timezone", "+02:00"}})}), HasSubstr("not in both"));
  EXPECT_THAT(why({{"timezone", "+01:00"}}, {section("parse", {{"@type", "json"}})}), HasSubstr("<parse>"));
  EXPECT_THAT(why({{"delimiter", ""}}), HasSubstr("delimiter"));
  EXPECT_THAT(why({{"delimiter", "0"}}), HasSubstr("delimiter"));
  EXPECT_THAT(why({{"tag_format", "{{.Foo}}"}}), HasSubstr("tag_format"));
  EXPECT_THAT(why({{"frame_type", "lines"}}), HasSubstr("octet_count"));
}

TEST(InSyslog, a_stream_gives_the_same_events_wherever_it_is_cut) {
  Started started(tcp);
  const std::string stream =
      "<13>Nov 23 00:33:46 h a: one\n38 <30>1 2026-11-23T00:33:46Z h b - - - x<14>Nov 23 00:33:46 h c[7]: 12 <x\r\n\n"
      "41 <30>1 2026-11-23T00:33:46Z h d - - - two\n\n12 monkeys\n<14>last";
  const Texts expected = started.stream(stream);
  ASSERT_THAT(expected,
              ElementsAre(R"(t.user.notice {"host":"h","ident":"a","message":"one"})", HasSubstr(R"("message":"x")"),
                          R"(t.user.info {"host":"h","ident":"c","pid":"7","message":"12 <x"})",
                          HasSubstr(R"("message":"two")"), R"(t.user.notice {"message":"12 monkeys"})",
                          R"(t.user.info {"message":"last"})"));
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    EXPECT_EQ(started.stream(stream, std::vector<std::size_t>{cut}), expected) << "cut at " << cut;
  }
  std::vector<std::size_t> everywhere(stream.size());
  for (std::size_t i = 0; i < everywhere.size(); ++i) everywhere[i] = i;
  EXPECT_EQ(started.stream(stream, everywhere), expected);
  EXPECT_TRUE(started.host.dropped_counts().empty());
}

TEST(InSyslog, a_long_line_is_whole_and_one_beyond_the_limit_is_cut_and_counted) {
  Started started(tcp);
  const std::string megabyte(std::size_t{1} << 20, 'x');
  const std::vector<std::size_t> cuts{1000, 70'000, 500'000};
  const Texts long_line = started.stream("<13>Nov 23 00:33:46 h a: " + megabyte + "\n", cuts);
  ASSERT_EQ(long_line.size(), 1u);
  EXPECT_GT(long_line[0].size(), megabyte.size());
  EXPECT_EQ(started.host.error_counts()["message_cut"], 0u);
  Started limited(with(tcp, {{"message_length_limit", "10"}}));
  std::vector<std::size_t> everywhere(200);
  for (std::size_t i = 0; i < everywhere.size(); ++i) everywhere[i] = i;
  const std::string stream =
      "<13>123456\n<13>1234567\n30 <13>90123456789012345678901234<13>" + std::string(80, 'y') + "\n<13>ok\n";
  EXPECT_THAT(limited.stream(stream, everywhere),
              ElementsAre(R"(t.user.notice {"message":"123456"})", R"(t.user.notice {"message":"123456"})",
                          R"(t.user.notice {"message":"901234"})", R"(t.user.notice {"message":"yyyyyy"})",
                          R"(t.user.notice {"message":"ok"})"));
  EXPECT_EQ(limited.host.error_counts()["message_cut"], 3u);
}

TEST(InSyslog, nul_bytes_stay_in_lines_and_end_the_messages_of_senders_that_end_them_so) {
  Started started(tcp);
  using namespace std::string_view_literals;
  EXPECT_THAT(started.stream("<13>a: x\n<13>a: b\0c\0\n"sv),
              ElementsAre(HasSubstr(R"("x")"), HasSubstr(R"("b\u0000c")")));
  EXPECT_THAT(started.stream("<13>a: one\ntwo\0<13>a: three\0"sv, std::vector<std::size_t>{}),
              ElementsAre(HasSubstr("one"), HasSubstr("two\\u0000<13>a: three")));
  EXPECT_THAT(started.stream("<13>a: one\0<13>a: two\nthree\0"sv, std::vector<std::size_t>{11}),
              ElementsAre(HasSubstr("one"), HasSubstr("two\\nthree")));
}

TEST(InSyslog, a_connection_that_ends_within_a_message) {
  Started started(tcp);
  EXPECT_TRUE(started.stream("100 <30>1 2026-11-23T00:33:46Z h").empty());
  EXPECT_EQ(started.host.dropped_counts()["unterminated"], 1u);
  const auto client = started.host.connect();
  client->feed("<13>whole\n<13>begun and sent again");
  client->end(net::End::peer_reset);
  EXPECT_THAT(Started::texts(client->connection().rows()), ElementsAre(HasSubstr("whole")));
  EXPECT_EQ(started.host.dropped_counts()["unterminated"], 2u);
}

TEST(InSyslog, counted_frames_only_where_the_configuration_says_so) {
  Started counted(with(tcp, {{"frame_type", "octet_count"}}));
  EXPECT_THAT(counted.stream("5 <13>a4 x\ny\n"), ElementsAre(HasSubstr(R"("a")"), HasSubstr(R"("x\ny")")));
  const auto client = counted.host.connect();
  client->feed("5 <13>a<13>b\n");
  EXPECT_EQ(client->connection().closed(), net::Close::reset);
  EXPECT_EQ(counted.host.error_counts()["bad_framing"], 1u);
  Started lines(with(tcp, {{"frame_type", "traditional"}, {"delimiter", "--"}}));
  const std::string stream = "5 <13>a--<13>b-c----<14>d--";
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    EXPECT_THAT(lines.stream(stream, std::vector<std::size_t>{cut}),
                ElementsAre(HasSubstr("5 <13>a"), HasSubstr("b-c"), HasSubstr("\"d\"")))
        << cut;
  }
}

TEST(InSyslog, a_count_beyond_reason_swallows_nothing) {
  Started started(tcp);
  const std::string stream = "9999999999 <13>a: one\n<13>a: two\n16777217 <13>a: three\n12 <13>a: four\n<13>a: five\n";
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    EXPECT_THAT(started.stream(stream, std::vector<std::size_t>{cut}),
                ElementsAre(R"(t.user.notice {"message":"9999999999 <13>a: one"})",
                            R"(t.user.notice {"ident":"a","message":"two"})",
                            R"(t.user.notice {"message":"16777217 <13>a: three"})",
                            R"(t.user.notice {"ident":"a","message":"four"})",
                            R"(t.user.notice {"ident":"a","message":"five"})"))
        << cut;
  }
  EXPECT_EQ(started.host.error_counts()["bad_framing"], 2 * (stream.size() - 1));
  EXPECT_EQ(started.host.log().count("taken for text"), 1u);
  // With a limit beyond it, such a message is one.
  Started large(with(tcp, {{"message_length_limit", "32m"}}));
  EXPECT_EQ(large.stream("16777217 <13>a: " + std::string((16 << 20) - 7, 'x') + "<13>b\n").size(), 2u);
}

TEST(InSyslog, times_without_a_zone_are_of_the_one_that_is_given) {
  const auto time = [](const Params& params, const std::vector<Element>& sections = {}) {
    Started started(with(tcp, params), sections);
    const auto client = started.host.connect();
    client->feed("<13>2026 Nov 23 00:33:46 h a: x\n<13>2026-11-23T00:33:46 h a: x\n<13>2026-11-23T00:33:46Z h a: x\n");
    std::string times;
    for (const Row& row : client->connection().rows()) times += row.time + " ";
    return times;
  };
  const std::string of_tokyo = "1795361626 1795361626 1795394026 ";
  EXPECT_EQ(time({}, {section("parse", {{"timezone", "Asia/Tokyo"}})}), of_tokyo);
  EXPECT_EQ(time({{"timezone", "+09:00"}}), of_tokyo);
  EXPECT_EQ(time({{"time_zone", "Asia/Tokyo"}}), of_tokyo);
  EXPECT_EQ(time({{"time_zone", "Asia/Tokyo"}}, {section("parse", {{"message_format", "auto"}})}), of_tokyo);
}

TEST(InSyslog, a_parameter_that_does_nothing_is_named) {
  const auto warnings = [](const Params& params, const Params& parse) {
    return Started(with(tcp, params), {section("parse", parse)}).context->warnings();
  };
  EXPECT_THAT(warnings({}, {{"message_format", "rfc5424"}}), ElementsAre(HasSubstr("`message_format` has no effect")));
  EXPECT_THAT(warnings({}, {{"parser_engine", "string"}, {"support_colonless_ident", "false"}}),
              ElementsAre(HasSubstr("parser_engine"), HasSubstr("support_colonless_ident")));
  EXPECT_TRUE(warnings({}, {{"message_format", "auto"}}).empty());
  EXPECT_TRUE(warnings({{"lenient", "false"}}, {{"message_format", "rfc5424"}}).empty());
  EXPECT_TRUE(warnings({{"emit_unmatched_lines", "true"}}, {{"parser_engine", "string"}}).empty());
}

TEST(InSyslog, who_may_connect_is_asked_for_before_a_session_is_made) {
  Started open(Params{{"listen", "tcp://:514,relp://:2514"}});
  EXPECT_FALSE(open.host.listens()[0].accepts);
  Started started(Params{{"listen", "tcp://:514,relp://:2514"}, {"allowed_senders", "192.0.2.7"}});
  for (const net::StreamListen& listen : started.host.listens()) {
    EXPECT_TRUE(listen.accepts("192.0.2.7", "a"));
    EXPECT_FALSE(listen.accepts("192.0.2.8", "a"));
  }
  EXPECT_EQ(started.host.error_counts()["sender_refused"], 2u);
  EXPECT_EQ(started.host.log().count("refused 192.0.2.8"), 1u);
}

TEST(InSyslog, a_limit_holds_for_datagrams_too) {
  EXPECT_EQ(Started(Params{{"message_length_limit", "100"}}).host.datagram_listens().at(0).max_size, 100u);
  EXPECT_EQ(Started(Params{{"message_length_limit", "1m"}}).host.datagram_listens().at(0).max_size, 65535u);
  EXPECT_EQ(Started().host.datagram_listens().at(0).max_size, 65535u);
}

TEST(InSyslog, only_allowed_senders_may_send_and_each_other_is_named_once_a_minute) {
  for (const char* allowed : {"192.0.2.7", "192.0.2.0/24", "10.0.0.0/8, 192.0.2.7", "2001:db8::/32,192.0.0.0/16"}) {
    EXPECT_EQ(Started(with(tcp, {{"allowed_senders", allowed}})).stream("<13>x\n").size(), 1u) << allowed;
  }
  Started refused(with(tcp, {{"allowed_senders", "127.0.0.1, 192.168.0.0/24, ::1"}}));
  for (int i = 0; i < 3; ++i) {
    const auto client = refused.host.connect();
    EXPECT_EQ(client->connection().closed(), net::Close::reset);
    EXPECT_TRUE(client->connection().rows().empty());
  }
  EXPECT_EQ(refused.host.error_counts()["sender_refused"], 3u);
  EXPECT_EQ(refused.host.log().count("refused 192.0.2.7"), 1u);
  Started names(with(tcp, {{"allowed_senders", "localhost, no-such-host.invalid"}}));
  EXPECT_THAT(names.context->warnings(), ElementsAre(HasSubstr("no-such-host.invalid")));
  EXPECT_EQ(names.host.connect({"127.0.0.1:9", "127.0.0.1", "localhost"})->connection().closed(), std::nullopt);
}

TEST(InSyslog, datagrams_of_others_are_dropped) {
  Started started(Params{{"allowed_senders", "192.0.2.7"}, {"source_address_key", "from"}});
  HandlerDriver<net::DatagramSession>& socket = started.host.datagrams(0);
  socket.handler().on_datagram(FakeDatagram("<13>a: x\n"));
  socket.handler().on_datagram(FakeDatagram("<13>a: y\n", {"192.0.2.8:1", "192.0.2.8", "other"}));
  socket.handler().on_datagram(FakeDatagram("<13>a: z", {"192.0.2.7:2", "192.0.2.7", "x"}, true));
  socket.handler().on_pause();
  EXPECT_THAT(Started::texts(socket.rows()),
              ElementsAre(R"(t.user.notice {"ident":"a","message":"x","from":"192.0.2.7"})",
                          R"(t.user.notice {"ident":"a","message":"z","from":"192.0.2.7"})"));
  EXPECT_EQ(started.host.error_counts()["sender_refused"], 1u);
  EXPECT_EQ(started.host.error_counts()["message_cut"], 1u);
}

TEST(InSyslog, what_does_not_match_is_emitted_counted_or_taken_as_it_is) {
  const std::string stream = "no syslog\n<30>Nov 23 00:33:46 h a: x\n";
  EXPECT_THAT(Started(tcp).stream(stream),
              ElementsAre(R"(t.user.notice {"message":"no syslog"})", HasSubstr("t.daemon.info ")));
  Started emitted(with(tcp, {{"emit_unmatched_lines", "true"}, {"source_address_key", "from"}}));
  EXPECT_THAT(emitted.stream(stream), ElementsAre(R"(t.unmatched {"unmatched_line":"no syslog","from":"192.0.2.7"})",
                                                  HasSubstr("t.daemon.info ")));
  Started counted(with(tcp, {{"lenient", "false"}}));
  EXPECT_EQ(counted.stream(stream).size(), 1u);
  EXPECT_EQ(counted.host.dropped_counts()["unmatched"], 1u);
  Started rfc5424(with(tcp, {{"lenient", "false"}}), {section("parse", {{"message_format", "rfc5424"}})});
  EXPECT_TRUE(rfc5424.stream(stream).empty());
}

TEST(InSyslog, another_parser_may_read_the_messages_and_its_field_pri_decides_on_the_tag) {
  Started started(tcp,
                  {section("parse", Params{{"@type", "regexp"}, {"expression", "/^<(?<pri>\\d+)>(?<text>.*)$/"}})});
  EXPECT_THAT(started.stream("<27>x y\n<13>z\nno\n"),
              ElementsAre(R"(t.daemon.err {"text":"x y"})", R"(t.user.notice {"text":"z"})"));
  EXPECT_EQ(started.host.dropped_counts()["unmatched"], 1u);
  Started typed(tcp, {section("parse", {{"@type", "syslog"}, {"types", "pid:integer"}})});
  EXPECT_THAT(typed.stream("<27>Nov 23 00:33:46 h a[7]: x\n"),
              ElementsAre(R"(t.daemon.err {"host":"h","ident":"a","pid":7,"message":"x"})"));
  Started json(with(tcp, {{"severity_key", "s"}}), {section("parse", {{"@type", "json"}})});
  EXPECT_THAT(json.stream("{\"pri\":191,\"a\":1}\n{\"a\":2}\n"),
              ElementsAre(R"(t.local7.debug {"a":1,"s":"debug"})", R"(t.user.notice {"a":2,"s":"notice"})"));
}

}  // namespace
