#include <gmock/gmock.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_syslog();
}

namespace {

using logboom::testing::ParserDriver;
using ::testing::HasSubstr;
using Params = ParserDriver::Params;

ParserDriver driver(Params params = {}) {
  params.emplace_back("timezone", "+00:00");
  return ParserDriver(logboom::plugins::parser_syslog(), params);
}

struct Line {
  std::string_view text;
  std::string_view record;
};

void expect(ParserDriver parser, const std::vector<Line>& lines) {
  for (const Line& line : lines) EXPECT_EQ(parser.record(line.text), line.record) << line.text;
}

TEST(ParserSyslog, reads_rfc3164_as_fluentd_does) {
  expect(
      driver(),
      {
          {"Feb  5 17:32:18 10.0.0.99 Use the BFG!", R"({"host":"10.0.0.99","ident":"Use","message":"the BFG!"})"},
          {"Feb 28 12:00:00 192.168.0.1 fluentd[11111]: [error] hi",
           R"({"host":"192.168.0.1","ident":"fluentd","pid":"11111","message":"[error] hi"})"},
          {"Feb 28 12:00:02 192.168.0.1 fluentd[11111]: [error] hi",
           R"({"host":"192.168.0.1","ident":"fluentd","pid":"11111","message":"[error] hi"})"},
          {"Nov  1 00:00:00 h sshd: x", R"({"host":"h","ident":"sshd","message":"x"})"},
          {"Nov 1 00:00:00 h sshd: x", R"({"host":"h","ident":"sshd","message":"x"})"},
          {"Nov 11 00:00:00 h sshd:x", R"({"host":"h","ident":"sshd","message":"x"})"},
          {"Nov 11 00:00:00 h sshd:    x", R"({"host":"h","ident":"sshd","message":"x"})"},
          {"Nov 11 00:00:00 h postfix/smtpd[7]: x", R"({"host":"h","ident":"postfix/smtpd","pid":"7","message":"x"})"},
          {"Nov 11 00:00:00 h org.gnome.Shell[7]: x",
           R"({"host":"h","ident":"org.gnome.Shell","pid":"7","message":"x"})"},
          {"Nov 11 00:00:00 h my app[7]: x", R"({"host":"h","ident":"my","message":"x"})"},
          {"Nov 11 00:00:00 h kernel: [ 1.5] eth0: up", R"({"host":"h","ident":"kernel","message":"[ 1.5] eth0: up"})"},
          {"Nov 11 00:00:00 h a[b]: x", R"({"host":"h","ident":"a","message":"x"})"},
          {"Nov 11 00:00:00 h a[]: x", R"({"host":"h","ident":"a","message":"x"})"},
          {"Nov 11 00:00:00 h a[7] x", R"({"host":"h","ident":"a","pid":"7","message":"x"})"},
          {"Nov 11 00:00:00 h a[7", R"({"host":"h","ident":"a","message":"[7"})"},
          {"Nov 11 00:00:00 h a b c", R"({"host":"h","ident":"a","message":"b c"})"},
          {"Nov 11 00:00:00 h a", R"({"host":"h","ident":"a","message":""})"},
          {"Nov 11 00:00:00 h a:", R"({"host":"h","ident":"a","message":""})"},
          {"Nov 11 00:00:00 h ", R"({"host":"h","ident":"","message":""})"},
          {"Nov 11 00:00:00 h : x", R"({"host":"h","ident":"","message":"x"})"},
          {"Nov 11 00:00:00 h [7]: x", R"({"host":"h","ident":"","pid":"7","message":"x"})"},
          {"Nov 11 00:00:00  a: x", R"({"host":"","ident":"a","message":"x"})"},
          {"Nov 11 00:00:00 h a: x\n", R"({"host":"h","ident":"a","message":"x"})"},
          {"Nov 11 00:00:00 h a: x\r\n", R"({"host":"h","ident":"a","message":"x"})"},
          {"Nov 11 00:00:00 h a: x  ", R"({"host":"h","ident":"a","message":"x  "})"},
          {"Nov 11 00:00:00 2001:db8::1 a: x", R"({"host":"2001:db8::1","ident":"a","message":"x"})"},
          {"Nov 11 00:00:00 fe80:: a: x", R"({"host":"fe80::","ident":"a","message":"x"})"},
          {"Nov 11 00:00:00 h CROND[9]: (root) CMD (run: x)",
           R"j({"host":"h","ident":"CROND","pid":"9","message":"(root) CMD (run: x)"})j"},
          {"Nov 11 00:00:00 h a: \xc3\xa9\xff", "{\"host\":\"h\",\"ident\":\"a\",\"message\":\"é\xef\xbf\xbd\"}"},
      });
}

TEST(ParserSyslog, reads_priorities) {
  expect(driver({{"with_priority", "true"}}),
         {
             {"<6>Feb 28 12:00:00 192.168.0.1 fluentd[11111]: [error] hi",
              R"({"pri":6,"host":"192.168.0.1","ident":"fluentd","pid":"11111","message":"[error] hi"})"},
             {"<191>Feb  8 12:00:00 h a: x", R"({"pri":191,"host":"h","ident":"a","message":"x"})"},
             {"<0>Feb  8 12:00:00 h a: x", R"({"pri":0,"host":"h","ident":"a","message":"x"})"},
             {"<013>Feb  8 12:00:00 h a: x", R"({"pri":13,"host":"h","ident":"a","message":"x"})"},
             {"<99999>Feb  8 12:00:00 h a: x", R"({"pri":99999,"host":"h","ident":"a","message":"x"})"},
         });
}

TEST(ParserSyslog, reads_what_fluentd_refuses_or_mistakes) {
  expect(
      driver({{"with_priority", "true"}}),
      {
          {"<30>Nov 23 00:33:46 0123456789ab[27186]: hello",
           R"({"pri":30,"ident":"0123456789ab","pid":"27186","message":"hello"})"},
          {"<30>Nov 23 00:33:46 app: hello: you", R"({"pri":30,"ident":"app","message":"hello: you"})"},
          {"<30>Nov 23 00:33:46 team/app/1.2[7]:", R"({"pri":30,"ident":"team/app/1.2","pid":"7","message":""})"},
          {"<30>2026-11-23T00:33:46Z vm app[7]: x", R"({"pri":30,"host":"vm","ident":"app","pid":"7","message":"x"})"},
          {"<30>2026-11-23T00:33:46.672079+01:00 vm app: x", R"({"pri":30,"host":"vm","ident":"app","message":"x"})"},
          {"<189>Nov 23 2026 00:33:46: %ASA-5-1: x", R"({"pri":189,"ident":"%ASA-5-1","message":"x"})"},
          {"<189>Nov 23 2026 00:33:46 fw app: x", R"({"pri":189,"host":"fw","ident":"app","message":"x"})"},
          {"<30>Nov 23 00:33:46 h a: one\ntwo", R"({"pri":30,"host":"h","ident":"a","message":"one\ntwo"})"},
      });
}

TEST(ParserSyslog, the_engine_string_takes_the_senders_name_as_a_word) {
  expect(driver({{"parser_engine", "string"}}),
         {
             {"Feb 28 12:00:00 h fluentd[1]: x", R"({"host":"h","ident":"fluentd","pid":"1","message":"x"})"},
             {"Feb 28 12:00:00 h fluentd[1] x", R"({"host":"h","ident":"fluentd","pid":"1","message":"x"})"},
             {"Feb 28 12:00:00 h Use the BFG: now", R"({"host":"h","ident":"Use","message":"the BFG: now"})"},
             {"Feb 28 12:00:00 h a:b:  x", R"({"host":"h","ident":"a:b","message":" x"})"},
             {"Feb 28 12:00:00 h onlyword", R"({"host":"h","message":"onlyword"})"},
         });
  expect(driver({{"parser_type", "string"}, {"support_colonless_ident", "false"}}),
         {
             {"Feb 28 12:00:00 h Use the BFG!", R"({"host":"h","message":"Use the BFG!"})"},
             {"Feb 28 12:00:00 h a: x", R"({"host":"h","ident":"a","message":"x"})"},
         });
}

TEST(ParserSyslog, reads_rfc5424) {
  expect(
      driver({{"message_format", "rfc5424"}, {"with_priority", "true"}}),
      {
          {"<16>1 2017-02-06T13:14:15.003Z 192.168.0.1 fluentd - - - Hi!",
           R"({"pri":16,"host":"192.168.0.1","ident":"fluentd","pid":"-","msgid":"-","extradata":"-","message":"Hi!"})"},
          {"<16>1 2017-02-06T13:14:15Z h fluentd 11 ID24224 [exampleSDID@20224 iut=\"3\" eventID=\"11211\"] [error] x",
           R"j({"pri":16,"host":"h","ident":"fluentd","pid":"11","msgid":"ID24224","extradata":"[exampleSDID@20224 iut=\"3\" eventID=\"11211\"]","message":"[error] x"})j"},
          {"<16>1 2017-02-06T13:14:15Z h a 1 - [a b=\"c\"][d e=\"f\"] x",
           R"j({"pri":16,"host":"h","ident":"a","pid":"1","msgid":"-","extradata":"[a b=\"c\"][d e=\"f\"]","message":"x"})j"},
          {"<16>1 2017-02-06T13:14:15Z h a 1 - [a b=\"\\] \\\" \\\\\"] x",
           R"j({"pri":16,"host":"h","ident":"a","pid":"1","msgid":"-","extradata":"[a b=\"\\] \\\" \\\\\"]","message":"x"})j"},
          {"<16>1 2017-02-06T13:14:15Z h a 1 - [a]",
           R"({"pri":16,"host":"h","ident":"a","pid":"1","msgid":"-","extradata":"[a]"})"},
          {"<16>1 2017-02-06T13:14:15Z h a 1 - -",
           R"({"pri":16,"host":"h","ident":"a","pid":"1","msgid":"-","extradata":"-"})"},
          {"<16>1 2017-02-06T13:14:15Z - - - - - x",
           R"({"pri":16,"host":"-","ident":"-","pid":"-","msgid":"-","extradata":"-","message":"x"})"},
          {"<16>1 2017-02-06T13:14:15Z h a 1 - - one\ntwo\n",
           R"({"pri":16,"host":"h","ident":"a","pid":"1","msgid":"-","extradata":"-","message":"one\ntwo"})"},
          {"<16>1 2017-02-06T13:14:15Z h a 1 - - \xef\xbb\xbfx",
           "{\"pri\":16,\"host\":\"h\",\"ident\":\"a\",\"pid\":\"1\",\"msgid\":\"-\",\"extradata\":\"-\",\"message\":"
           "\"\xef\xbb\xbfx\"}"},
          {"<16>1 2017-02-06T13:14:15Z h a 1 - -   x",
           R"({"pri":16,"host":"h","ident":"a","pid":"1","msgid":"-","extradata":"-","message":"  x"})"},
          {"<16>1 - h a 1 - - x",
           R"({"pri":16,"host":"h","ident":"a","pid":"1","msgid":"-","extradata":"-","message":"x"})"},
          {"<165>1 2003-10-11T22:14:15.003Z m.example.com evntslog - ID47 [x@32473 iut=\"3\"][y@1 class=\"high\"]",
           R"j({"pri":165,"host":"m.example.com","ident":"evntslog","pid":"-","msgid":"ID47","extradata":"[x@32473 iut=\"3\"][y@1 class=\"high\"]"})j"},
      });
  expect(driver({{"message_format", "rfc5424"}}),
         {{"2017-02-06T13:14:15Z h a 1 - - x",
           R"({"host":"h","ident":"a","pid":"1","msgid":"-","extradata":"-","message":"x"})"}});
}

TEST(ParserSyslog, tells_the_formats_apart) {
  expect(driver({{"message_format", "auto"}, {"with_priority", "true"}}),
         {
             {"<16>1 2017-02-06T13:14:15Z h a - - - x",
              R"({"pri":16,"host":"h","ident":"a","pid":"-","msgid":"-","extradata":"-","message":"x"})"},
             {"<16>Feb  6 13:14:15 h a: x", R"({"pri":16,"host":"h","ident":"a","message":"x"})"},
             {"<16>2017-02-06T13:14:15Z h a: x", R"({"pri":16,"host":"h","ident":"a","message":"x"})"},
         });
}

TEST(ParserSyslog, reads_times) {
  ParserDriver parser = driver({{"message_format", "auto"}, {"with_priority", "true"}});
  EXPECT_EQ(parser.time("<1>1 2017-02-06T13:14:15.003000001Z h a - - - x"), "1486386855.003000001");
  EXPECT_EQ(parser.time("<1>1 2017-02-06T13:14:15.003+01:00 h a - - - x"), "1486383255.003000000");
  EXPECT_EQ(parser.time("<1>1 2017-02-06T13:14:15Z h a - - - x"), "1486386855");
  EXPECT_EQ(parser.time("<1>1 - h a - - - x"), "");
  EXPECT_EQ(parser.time("<1>Feb  6 2017 13:14:15 h a: x"), "1486386855");
  EXPECT_EQ(parser.time("<1>2017-02-06T13:14:15 h a: x"), "1486386855");
  const std::string classic = parser.time("<1>Feb  6 13:14:15 h a: x");
  ASSERT_NE(classic, "");
  EXPECT_EQ(std::stoll(classic) % 86400, 47655);
  EXPECT_EQ(classic, parser.time("<1>Feb 6 13:14:15 h a: x"));
  EXPECT_THAT(driver({{"time_format", "%b %d %H:%M:%S.%N"}}).time("Feb  6 13:14:15.25 h a: x"),
              ::testing::EndsWith(".250000000"));
  EXPECT_EQ(driver({{"message_format", "rfc5424"}, {"rfc5424_time_format", "%Y/%m/%d"}}).time("2017/02/06 h a - - -"),
            "1486339200");
  EXPECT_EQ(driver({{"message_format", "rfc5424"}, {"time_format", "%d.%m.%Y"}}).time("06.02.2017 h a - - -"),
            "1486339200");
}

TEST(ParserSyslog, the_time_stays_if_asked) {
  EXPECT_EQ(driver({{"keep_time_key", "true"}}).record("Feb  6 13:14:15 h a: x"),
            R"({"time":"Feb  6 13:14:15","host":"h","ident":"a","message":"x"})");
  EXPECT_EQ(driver({{"types", "pid:integer"}}).record("Feb  6 13:14:15 h a[7]: x"),
            R"({"host":"h","ident":"a","pid":7,"message":"x"})");
}

TEST(ParserSyslog, says_why_a_text_is_no_message) {
  const auto why = [](Params params, std::string_view text) { return driver(std::move(params)).record(text); };
  const Params rfc5424 = {{"message_format", "rfc5424"}, {"with_priority", "true"}};
  EXPECT_THAT(why({}, ""), HasSubstr("no time"));
  EXPECT_THAT(why({}, "x"), HasSubstr("no time"));
  EXPECT_THAT(why({}, "Feb  6 13:14:15"), HasSubstr("no time"));
  EXPECT_THAT(why({}, "Feb  6 13:14:15 h"), HasSubstr("neither host"));
  EXPECT_THAT(why({}, "Foo  6 13:14:15 h a: x"), HasSubstr("error: "));
  EXPECT_THAT(why({}, "<13>Feb  6 13:14:15 h a: x"), HasSubstr("with_priority true"));
  EXPECT_THAT(why({{"with_priority", "true"}}, "Feb  6 13:14:15 h a: x"), HasSubstr("priority"));
  EXPECT_THAT(why({{"with_priority", "true"}}, "<>Feb  6 13:14:15 h a: x"), HasSubstr("priority"));
  EXPECT_THAT(why({{"with_priority", "true"}}, "<1234567890>Feb  6 13:14:15 h a: x"), HasSubstr("priority"));
  EXPECT_THAT(why(rfc5424, "<1>Feb  6 13:14:15 h a: x"), HasSubstr("version"));
  EXPECT_THAT(why(rfc5424, "<1>1 yesterday h a - - - x"), HasSubstr("yesterday"));
  EXPECT_THAT(why(rfc5424, "<1>1 2017-02-06T13:14:15Z h\xc3\xa9 a - - - x"), HasSubstr("host"));
  EXPECT_THAT(why(rfc5424, "<1>1 2017-02-06T13:14:15Z h a - - x"), HasSubstr("structured data"));
  EXPECT_THAT(why(rfc5424, "<1>1 2017-02-06T13:14:15Z h a - - [x"), HasSubstr("structured data"));
  EXPECT_THAT(why(rfc5424, "<1>1 2017-02-06T13:14:15Z h a - - [x\\] y"), HasSubstr("structured data"));
  EXPECT_THAT(why(rfc5424, "<1>1 2017-02-06T13:14:15Z h " + std::string(49, 'a') + " - - - x"),
              HasSubstr("application"));
}

}  // namespace
