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
  explicit Relp(Settle settle = Settle::confirm)
      : settings(settings_with()),
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
  for (const char* bad : {"<13>a: x\n", "1 open 5 x\n", "x", "1 open -1 \n", "2 syslog 6 <13>ab\n", "1  open 0\n",
                          "1 open 9999999999 x", "12345678901 open 0\n"}) {
    Relp relp;
    relp.driver.feed(bad);
    relp.driver.feed("more\n\n\n\n\n");
    EXPECT_EQ(relp.driver.connection().closed(), net::Close::reset) << bad;
    EXPECT_TRUE(relp.driver.connection().rows().empty()) << bad;
  }
}

}  // namespace
