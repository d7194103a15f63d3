#include "forward_fixture.hpp"

namespace logboom::in_forward::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

const Raw t1 = num(1700000001);
Raw asking(std::string_view tag, std::string_view id) { return arr({str(tag), t1, rec("x"), chunk(id)}); }
std::vector<Raw> acks(std::initializer_list<std::string_view> ids) {
  std::vector<Raw> all;
  for (const std::string_view id : ids) all.push_back(ack(str(id)));
  return all;
}

/// Of the next answer; empty where none is due.
std::string next_text(Acks& acks, Acks::Clock::time_point now, microseconds& wait) {
  const std::optional<Acks::Answer> answer = acks.next(now, wait);
  return answer ? answer->text : std::string();
}

TEST(ForwardAcks, a_chunk_of_any_type_is_echoed_as_it_is) {
  for (const Raw& id : {str("abc"), str(""), str("ends in \n"), str(std::string(300, 'c')), bin("abc"), bin(""), num(5),
                        num(-1), real(1.5), Raw("\xc3"), Raw("\xc2"), arr({num(1), nil()}), map({{str("a"), num(1)}}),
                        event_time(1, 2), head(0xd9, 3, 1) + "abc", head(0xcf, 1, 8)}) {
    const Raw option = map({{str("size"), num(1)}, {str("chunk"), id}, {str("unknown"), arr({})}});
    const Raw entry = arr({t1, rec("x")});
    for (const Raw& message : {arr({str("t"), t1, rec("x"), option}), arr({str("t"), arr({entry}), option}),
                               arr({str("t"), bin(entry), option})}) {
      EXPECT_EQ(run_every_cut(message).sent, std::vector<Raw>{ack(id)});
    }
  }
}

TEST(ForwardAcks, without_a_chunk_there_is_no_answer) {
  for (const Raw& option : {map({}), nil(), str("chunk"), num(1), arr({}), map({{str("chunk"), nil()}}),
                            map({{str("size"), num(1)}}), map({{num(1), num(2)}})}) {
    const Result result =
        run_every_cut(arr({str("t"), t1, rec("x"), option}) + arr({str("t"), arr({arr({t1, rec("x")})}), option}));
    EXPECT_EQ(result.rows.size(), 2U);
    EXPECT_TRUE(result.sent.empty());
    EXPECT_FALSE(result.closed);
  }
}

TEST(ForwardAcks, an_id_that_is_too_long_is_counted_and_its_events_are_kept_without_an_answer) {
  const std::string longest(4096 - 3, 'c');
  const Raw entry = arr({t1, rec("x")});
  const Raw option = chunk(longest + "c");
  const Raw stream = arr({str("t"), t1, rec("x"), option}) + arr({str("t"), arr({entry}), option}) +
                     arr({str("t"), bin(entry), option}) + asking("t", longest);
  for (const Cuts& cuts : {Cuts{}, Cuts{1, 100, 4000, 4200, 8250}}) {
    const Result result = run(stream, {}, cuts);
    EXPECT_EQ(result.rows.size(), 4U);
    EXPECT_EQ(result.sent, acks({longest}));
    EXPECT_EQ(result.errors, (Counts{{"invalid_chunk", 3}}));
    EXPECT_TRUE(result.dropped.empty());
    EXPECT_FALSE(result.closed);
    ASSERT_EQ(result.log.size(), 1U);
    EXPECT_NE(result.log[0].find("a chunk id of 4097 bytes"), std::string::npos) << result.log[0];
  }
  const Result json = run(cat(R"(["t",1,{},{"chunk":")", std::string(5000, 'c'), R"("}]["t",1,{},{"chunk":"d"}])"));
  EXPECT_EQ(json.rows.size(), 2U);
  EXPECT_EQ(json.sent, std::vector<Raw>{R"({"ack":"d"})"});
  EXPECT_EQ(json.errors, (Counts{{"invalid_chunk", 1}}));
}

TEST(ForwardAcks, answers_that_are_owed_count_as_held) {
  Forward forward({}, Settle::by_hand);
  const std::size_t each = ack(str("c")).size();
  for (std::size_t i = 1; i <= 4; ++i) {
    forward.driver.feed(asking("t", "c"));
    EXPECT_EQ(forward.connection().held_bytes(), i * each);
  }
  forward.connection().confirm(1);
  forward.driver.deliver_outcomes();
  EXPECT_EQ(forward.connection().held_bytes(), 4 * each) << "the first is still owed";
  forward.connection().confirm(0);
  forward.driver.deliver_outcomes();
  EXPECT_EQ(forward.connection().held_bytes(), 2 * each);
  forward.connection().lose(2);
  forward.driver.deliver_outcomes();
  EXPECT_EQ(forward.connection().held_bytes(), 0U);
}

TEST(ForwardAcks, an_answer_waits_until_its_events_are_safe) {
  Forward forward({}, Settle::by_hand);
  forward.driver.feed(asking("t", "1"));
  EXPECT_TRUE(forward.sent().empty());
  EXPECT_TRUE(forward.driver.session().waiting());
  EXPECT_TRUE(forward.driver.session().answers());
  EXPECT_TRUE(forward.connection().is_prompt());
  forward.connection().confirm(0);
  EXPECT_TRUE(forward.sent().empty()) << "not from within another call";
  forward.driver.deliver_outcomes();
  EXPECT_EQ(forward.sent(), acks({"1"}));
  EXPECT_FALSE(forward.driver.session().waiting());
  EXPECT_TRUE(forward.driver.session().answers());
}

TEST(ForwardAcks, a_connection_that_never_asked_expects_no_answers) {
  Forward forward;
  forward.driver.feed(arr({str("t"), t1, rec("x"), map({})}));
  EXPECT_FALSE(forward.driver.session().answers());
  EXPECT_FALSE(forward.driver.session().waiting());
  EXPECT_FALSE(forward.connection().is_prompt());
}

TEST(ForwardAcks, answers_go_out_in_the_order_of_the_messages_each_by_itself) {
  Forward forward({}, Settle::by_hand);
  forward.driver.feed(asking("a", "1") + asking("b", "2") + asking("c", "3") + asking("d", "4"));
  ASSERT_EQ(forward.connection().deliveries().size(), 4U);
  for (const std::size_t delivery : {3U, 1U}) forward.connection().confirm(delivery);
  forward.driver.deliver_outcomes();
  EXPECT_TRUE(forward.sent().empty()) << "the first is not safe yet";
  forward.connection().confirm(0);
  forward.driver.deliver_outcomes();
  EXPECT_EQ(forward.sent(), acks({"1", "2"}));
  forward.connection().confirm(2);
  forward.driver.deliver_outcomes();
  EXPECT_EQ(forward.sent(), acks({"1", "2", "3", "4"}));
  EXPECT_FALSE(forward.connection().timer()) << "four at once are no Docker client";
}

TEST(ForwardAcks, messages_that_share_a_batch_are_answered_each) {
  Forward forward({}, Settle::by_hand);
  forward.driver.feed(asking("a", "1") + asking("a", "2") + asking("a", "3"));
  ASSERT_EQ(forward.connection().deliveries().size(), 1U);
  forward.connection().confirm(0);
  forward.driver.deliver_outcomes();
  EXPECT_EQ(forward.sent(), acks({"1", "2", "3"}));
}

TEST(ForwardAcks, two_answers_of_one_client_go_out_a_millisecond_apart) {
  Forward forward({}, Settle::by_hand);
  forward.driver.feed(asking("a", "1") + asking("b", "2"));
  forward.connection().confirm(0);
  forward.connection().confirm(1);
  const auto begin = std::chrono::steady_clock::now();
  forward.driver.deliver_outcomes();
  if (std::chrono::steady_clock::now() - begin < Acks::spacing) {
    EXPECT_EQ(forward.sent(), acks({"1"}));
    ASSERT_TRUE(forward.connection().timer());
    EXPECT_GT(*forward.connection().timer(), microseconds(0));
    EXPECT_LE(*forward.connection().timer(), Acks::spacing);
  }
  EXPECT_TRUE(forward.driver.run_timers());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, Acks::spacing);
  EXPECT_EQ(forward.sent(), acks({"1", "2"}));
}

TEST(ForwardAcks, the_spacing_holds_from_the_first_answer_on_while_another_is_owed) {
  Acks acks;
  microseconds wait{};
  const Acks::Clock::time_point start{std::chrono::seconds(100)};
  EXPECT_EQ(acks.expect("1"), 0U);
  EXPECT_EQ(acks.expect("2"), 1U);
  acks.settle(0);
  EXPECT_EQ(next_text(acks, start, wait), "1");
  EXPECT_FALSE(acks.next(start, wait));
  EXPECT_EQ(wait, microseconds(0)) << "nothing is due";
  acks.settle(1);
  EXPECT_FALSE(acks.next(start + microseconds(400), wait));
  EXPECT_EQ(wait, microseconds(600));
  EXPECT_EQ(next_text(acks, start + microseconds(1000), wait), "2");
  EXPECT_TRUE(acks.empty());
  EXPECT_EQ(acks.count(), 2U);
}

TEST(ForwardAcks, a_client_with_one_message_at_a_time_is_never_delayed) {
  Acks acks;
  microseconds wait{};
  const Acks::Clock::time_point start{std::chrono::seconds(100)};
  for (int i = 0; i < 5; ++i) {
    acks.settle(acks.expect(std::to_string(i)));
    EXPECT_EQ(next_text(acks, start, wait), std::to_string(i));
  }
}

TEST(ForwardAcks, a_client_that_had_three_outstanding_is_never_delayed_again) {
  Acks acks;
  microseconds wait{};
  const Acks::Clock::time_point start{std::chrono::seconds(100)};
  for (int i = 0; i < 3; ++i) acks.settle(acks.expect("x"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(acks.next(start, wait));
  acks.settle(acks.expect("y"));
  acks.settle(acks.expect("z"));
  EXPECT_EQ(next_text(acks, start, wait), "y");
  EXPECT_EQ(next_text(acks, start, wait), "z");
}

TEST(ForwardAcks, an_answer_is_settled_once_and_unknown_tokens_are_ignored) {
  Acks acks;
  microseconds wait{};
  acks.settle(0);
  acks.settle(acks.expect("1"));
  EXPECT_TRUE(acks.next({}, wait));
  acks.settle(0);
  acks.settle(7);
  acks.expect("2");
  EXPECT_FALSE(acks.next({}, wait));
}

TEST(ForwardAcks, what_could_not_be_made_safe_closes_the_connection_without_an_answer) {
  Forward forward({}, Settle::fail);
  forward.driver.feed(asking("a", "1") + asking("b", "2"));
  EXPECT_TRUE(forward.sent().empty());
  EXPECT_EQ(forward.connection().closed(), net::Close::finish);
  EXPECT_EQ(forward.host.log().count("sent again"), 1U);
}

TEST(ForwardAcks, answers_before_a_lost_message_still_go_out_and_those_after_it_do_not) {
  Forward forward({}, Settle::by_hand);
  forward.driver.feed(asking("a", "1") + asking("b", "2") + asking("c", "3"));
  forward.connection().lose(1);
  forward.connection().lose(2);
  forward.driver.deliver_outcomes();
  EXPECT_TRUE(forward.open());
  forward.driver.feed(asking("d", "4"));
  EXPECT_EQ(forward.connection().deliveries().size(), 3U) << "what comes after it is the client's to send again";
  forward.connection().confirm(0);
  forward.driver.deliver_outcomes();
  EXPECT_EQ(forward.sent(), acks({"1"}));
  EXPECT_EQ(forward.connection().closed(), net::Close::finish);
  EXPECT_EQ(forward.host.log().lines().size(), 1U) << "one line, however many are lost";
}

TEST(ForwardAcks, a_message_that_is_safe_is_not_answered_where_one_before_it_was_lost) {
  Forward forward({}, Settle::by_hand);
  forward.driver.feed(asking("a", "1") + asking("b", "2") + asking("c", "3"));
  forward.connection().confirm(2);
  forward.connection().lose(1);
  forward.connection().confirm(0);
  forward.driver.deliver_outcomes();
  EXPECT_EQ(forward.sent(), acks({"1"}));
  EXPECT_FALSE(forward.open());
}

TEST(ForwardAcks, messages_without_events_are_answered_too) {
  const Result result =
      run_every_cut(arr({str("t"), arr({}), chunk("1")}) + arr({str("t"), bin(""), chunk("2")}) +
                    arr({nil(), t1, rec("x"), chunk("3")}) +
                    arr({str("t"), bin(gzip("")), map({{str("chunk"), str("4")}, {str("compressed"), str("gzip")}})}));
  EXPECT_EQ(result.sent, acks({"1", "2", "3", "4"}));
  EXPECT_TRUE(result.rows.empty());
}

TEST(ForwardAcks, a_container_that_reconnects_for_every_message_is_warned_about_once) {
  testing::FakeHost host;
  Shared shared({}, host);
  const Raw record = map({{str("container_id"), str("0123456789abcdef0123")},
                          {str("container_name"), str("/noisy")},
                          {str("log"), str("x")}});
  const auto connect = [&](int messages) {
    SessionDriver driver(
        [&](net::Connection& connection) { return std::make_unique<ForwardSession>(connection, shared); });
    for (int i = 0; i < messages; ++i) driver.feed(arr({str("t"), t1, record, chunk("c")}));
    driver.end();
  };
  for (int i = 0; i < 30; ++i) connect(4);
  EXPECT_EQ(host.log().count("/noisy"), 0U) << "these are connections of some length";
  for (int i = 0; i < 60; ++i) connect(1 + i % 3);
  EXPECT_EQ(host.log().count("/noisy (0123456789ab)"), 1U);
  EXPECT_EQ(host.log().count("fluentd-async"), 1U);
}

TEST(StormWatch, warns_of_each_container_once_a_minute) {
  testing::RecordingLog log;
  StormWatch storms(log);
  const StormWatch::Clock::time_point start{std::chrono::seconds(1000)};
  const auto at = [&](int milli) { return start + milliseconds(milli); };
  for (int i = 0; i < 19; ++i) storms.short_connection("a", at(i));
  EXPECT_EQ(log.count(""), 0U);
  for (int i = 0; i < 500; ++i) storms.short_connection("a", at(100 + i * 100));
  EXPECT_EQ(log.count("container a"), 1U) << "50 seconds are one warning";
  for (int i = 0; i < 40; ++i) storms.short_connection("b", at(100 + i));
  EXPECT_EQ(log.count("container b"), 1U);
  for (int i = 0; i < 40; ++i) storms.short_connection("a", at(70000 + i));
  EXPECT_EQ(log.count("container a"), 2U);
}

TEST(StormWatch, connections_now_and_then_are_no_storm) {
  testing::RecordingLog log;
  StormWatch storms(log);
  const StormWatch::Clock::time_point start{std::chrono::seconds(1000)};
  for (int i = 0; i < 300; ++i) storms.short_connection("a", start + i * std::chrono::seconds(1));
  EXPECT_EQ(log.count(""), 0U);
}

}  // namespace
}  // namespace logboom::in_forward::test
