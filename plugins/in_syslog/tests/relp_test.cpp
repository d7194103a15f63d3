#include <gmock/gmock.h>

#include <logboom/relp_frames.hpp>

#include "../relp_session.hpp"
#include "messages.hpp"

namespace {

using namespace logboom;
using namespace logboom::in_syslog;
using namespace logboom::in_syslog::tests;
using logboom::testing::SessionDriver;
using logboom::testing::Settle;
using ::testing::ElementsAre;

/// A session of its own host.
struct Relp {
  explicit Relp(Settle settle = Settle::confirm, Options options = {})
      : settings(settings_with(std::move(options))),
        shared(settings, host),
        driver([this](net::Connection& connection) { return std::make_unique<RelpSession>(connection, shared); }, {},
               settle) {}
  std::vector<std::string> sent() const { return const_cast<SessionDriver&>(driver).connection().sent(); }

  logboom::testing::FakeHost host;
  Settings settings;
  Shared shared;
  SessionDriver driver;
};

const std::string open = "1 open 14 relp_version=0\n";
const std::string offer = "1 rsp 59 200 OK\nrelp_version=0\nrelp_software=logboom\ncommands=syslog\n";

TEST(InSyslogRelp, answers_each_message_wherever_the_stream_is_cut) {
  const std::string stream = open + "2 syslog 9 <13>a: 12\n3 syslog 10 <13>b: x\ny\n4 close 0\n";
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    Relp relp;
    relp.driver.feed_cut(stream, std::vector<std::size_t>{cut});
    const std::vector<logboom::testing::Row> rows = relp.driver.connection().rows();
    ASSERT_EQ(rows.size(), 2u) << cut;
    EXPECT_EQ(rows[1].record, R"({"ident":"b","message":"x\ny"})");
    ASSERT_FALSE(relp.sent().empty());
    EXPECT_EQ(relp.sent()[0], offer);
    EXPECT_EQ(relp.driver.connection().closed(), net::Close::finish);
  }
}

Options up_to(std::size_t limit) {
  Options options;
  options.message_length_limit = {limit};
  return options;
}

TEST(InSyslogRelp, a_message_beyond_the_limit_is_cut_and_answered_wherever_the_stream_is_cut) {
  const std::string stream =
      open + "2 syslog 12 <13>a: 12345\n3 syslog 22 <13>b: 6789\n3 close 0\n\n4 syslog 8 <13>c: 1\n";
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    for (const std::size_t second : {cut, cut + 1, cut + 7}) {
      Relp relp(Settle::confirm, up_to(9));
      relp.driver.feed_cut(stream, std::vector<std::size_t>{cut, second});
      const std::vector<logboom::testing::Row> rows = relp.driver.connection().rows();
      ASSERT_EQ(rows.size(), 3u) << cut;
      EXPECT_EQ(rows[0].record, R"({"ident":"a","message":"12"})");
      EXPECT_EQ(rows[1].record, R"({"ident":"b","message":"67"})");
      EXPECT_EQ(rows[2].record, R"({"ident":"c","message":"1"})");
      std::string answers;
      for (const std::string& each : relp.sent()) answers += each;
      EXPECT_EQ(answers, offer + "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n") << cut;
      EXPECT_EQ(relp.host.errors("message_cut").value(), 2u);
      EXPECT_FALSE(relp.driver.connection().closed());
    }
  }
}

TEST(InSyslogRelp, a_message_beyond_the_limit_is_passed_over_as_it_comes) {
  Relp relp(Settle::confirm, up_to(9));
  relp.driver.feed(open + "2 syslog 100000000 <13>a: 1");
  const std::string piece(1'000'000, 'x');
  for (int i = 0; i < 99; ++i) relp.driver.feed(piece);
  EXPECT_EQ(relp.driver.residue(), 0u);
  relp.driver.feed(std::string(1'000'000 - 8, 'x'));
  EXPECT_THAT(relp.sent(), ElementsAre(offer));
  relp.driver.feed("\n");
  EXPECT_THAT(relp.sent(), ElementsAre(offer, "2 rsp 6 200 OK\n"));
}

TEST(InSyslogRelp, a_message_beyond_the_limit_goes_on_in_another_process) {
  Relp before(Settle::confirm, up_to(9));
  before.driver.feed(open + "2 syslog 12 <13>a: 1");
  const auto handed = before.driver.hand_over();
  ASSERT_TRUE(handed);
  Relp after(Settle::confirm, up_to(9));
  after.driver.take_over(*handed);
  after.driver.feed("2345\n3 syslog 8 <13>c: 1\n");
  EXPECT_THAT(after.sent(), ElementsAre("2 rsp 6 200 OK\n", "3 rsp 6 200 OK\n"));
  const std::vector<logboom::testing::Row> rows = after.driver.connection().rows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].record, R"({"ident":"a","message":"12"})");
}

TEST(InSyslogRelp, a_message_is_answered_when_it_is_safe_and_not_before) {
  Relp relp(Settle::by_hand);
  relp.driver.feed(open);
  relp.driver.feed("2 syslog 6 <13>ab\n3 syslog 6 <13>cd\n");
  relp.driver.feed("4 syslog 6 <13>ef\n");
  EXPECT_THAT(relp.sent(), ElementsAre(offer));
  relp.driver.connection().confirm(1);
  relp.driver.deliver_outcomes();
  EXPECT_THAT(relp.sent(), ElementsAre(offer));
  relp.driver.connection().confirm(0);
  relp.driver.deliver_outcomes();
  EXPECT_THAT(relp.sent(), ElementsAre(offer, "2 rsp 6 200 OK\n", "3 rsp 6 200 OK\n", "4 rsp 6 200 OK\n"));
}

TEST(InSyslogRelp, what_can_not_be_stored_closes_the_connection) {
  Relp relp(Settle::fail);
  relp.driver.feed(open + "2 syslog 6 <13>ab\n");
  EXPECT_THAT(relp.sent(), ElementsAre(offer));
  EXPECT_EQ(relp.driver.connection().closed(), net::Close::reset);
}

TEST(InSyslogRelp, what_is_no_relp_closes_the_connection) {
  for (const char* bad :
       {"<13>a: x\n", "1 open 5 x\n", "x", "1 open -1 \n", "2 syslog 6 <13>ab\n", "1  open 0\n", "1 open 9999999999 x",
        "12345678901 open 0\n", "1 open 99999999 x", "1 open 0\n2 syslog 134217729 <13>x", "2 syslog 9999999 <13>x",
        "1 open 0\n2 syslog 4000000000 <13>x"}) {
    Relp relp;
    relp.driver.feed(bad);
    relp.driver.feed("more\n\n\n\n\n");
    EXPECT_EQ(relp.driver.connection().closed(), net::Close::reset) << bad;
    EXPECT_TRUE(relp.driver.connection().rows().empty()) << bad;
  }
}

}  // namespace
