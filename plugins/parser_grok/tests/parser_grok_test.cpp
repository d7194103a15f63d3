#include <gmock/gmock.h>
#include <logboom/regexp.hpp>
#include <logboom/testing/filter_driver.hpp>
#include <logboom/testing/parser_driver.hpp>

#include <cstdio>
#include <fstream>

#include "../expander.hpp"
#include "../patterns.hpp"

namespace logboom::plugins {
PluginInfo parser_grok();
}

namespace {

using logboom::ConfigError;
using logboom::Element;
using logboom::testing::FakeContext;
using logboom::testing::ParserDriver;
using ::testing::HasSubstr;
using Params = ParserDriver::Params;

ParserDriver grok(const Params& params, const std::vector<Params>& sections = {}) {
  return ParserDriver(logboom::plugins::parser_grok(), params, [&](FakeContext& context) {
    for (const Params& section : sections) {
      context.section().children.push_back(logboom::testing::section("grok", section));
    }
  });
}
std::string parsed(const std::string& pattern, std::string_view text) {
  return grok({{"grok_pattern", pattern}}).record(text);
}
std::string error_of(const Params& params, const std::vector<Params>& sections = {}) {
  try {
    grok(params, sections);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(ParserGrok, every_built_in_pattern_is_a_regular_expression) {
  EXPECT_GE(logboom::grok::patterns().size(), 100u);
  const logboom::grok::Expander expander;
  std::set<std::string_view> names;
  for (const logboom::grok::Pattern& pattern : logboom::grok::patterns()) {
    EXPECT_TRUE(names.insert(pattern.name).second) << pattern.name << " is there twice";
    EXPECT_NO_THROW(logboom::Regexp::compile(expander.expand(logboom::cat("%{", pattern.name, "}")).regexp))
        << pattern.name;
  }
}

struct Whole {
  const char* pattern;
  std::vector<std::string_view> is;
  std::vector<std::string_view> is_not;
};

TEST(ParserGrok, patterns_match_what_their_names_say) {
  const std::vector<Whole> table = {
      {"USERNAME", {"root", "a.b-c_9"}, {"", "a b", "a@b"}},
      {"EMAILADDRESS", {"a.b+c@example.com"}, {"a@", "@b.c"}},
      {"INT", {"0", "-5", "+77"}, {"1.5", "a"}},
      {"NUMBER", {"1", "-1.5", ".5"}, {"1.", "x", ""}},
      {"BASE16NUM", {"0xff", "DEADBEEF"}, {"0xg"}},
      {"POSINT", {"1", "90"}, {"0", "-1"}},
      {"WORD", {"abc", "a_1"}, {"a b", "a-b"}},
      {"NOTSPACE", {"a-b:c"}, {"a b", ""}},
      {"QUOTEDSTRING", {R"("a")", R"("a \" b")", "'x'", "``"}, {R"("a)", "a"}},
      {"UUID", {"550e8400-e29b-41d4-a716-446655440000"}, {"550e8400-e29b-41d4-a716"}},
      {"MAC", {"00:1A:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e"}, {"00:1A:2b:3c:4d"}},
      {"IPV4", {"1.2.3.4", "255.255.255.255"}, {"256.1.1.1", "1.2.3"}},
      {"IPV6",
       {"::1", "::", "2001:db8::1", "fe80::1%eth0", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1::", "1:2:3:4:5:6:1.2.3.4"},
       {"1:2", "1:2:3:4:5:6:7:8:9", "g::1"}},
      {"IP", {"1.2.3.4", "::1"}, {"host"}},
      {"HOSTNAME", {"a", "web-1.example.com", "x_y"}, {"-a", "a..b"}},
      {"HOSTPORT", {"a.b:80", "1.2.3.4:8080"}, {"a.b"}},
      {"PATH", {"/var/log/x.log", R"(C:\Windows\x.txt)"}, {"var/log"}},
      {"URI", {"http://example.com/a?b=c", "https://u:p@h:8080/", "ftp://1.2.3.4/x"}, {"example.com", "http:/x"}},
      {"URIPATHPARAM", {"/a/b?c=d&e=%20"}, {"a/b"}},
      {"MONTH", {"Jan", "January", "dec"}, {"Foo", "1"}},
      {"MONTHDAY", {"1", "09", "31"}, {"32", "0"}},
      {"DAY", {"Mon", "Sunday"}, {"Xyz"}},
      {"TIME", {"22:13:20", "0:00:00.123", "23:59:60"}, {"24:00:00", "22:13"}},
      {"DATE", {"11/14/2023", "14.11.2023", "14-11-23"}, {"2023-11-14"}},
      {"TIMESTAMP_ISO8601",
       {"2023-11-14T22:13:20Z", "2023-11-14 22:13:20,123", "2023-11-14T22:13:20.5+01:00", "2023-11-14T22:13"},
       {"2023-13-14T22:13:20Z", "11/14/2023"}},
      {"DATESTAMP_RFC2822", {"Tue, 14 Nov 2023 22:13:20 +0000"}, {"Tue 14 Nov"}},
      {"HTTPDATE", {"14/Nov/2023:22:13:20 +0000"}, {"14/11/2023"}},
      {"SYSLOGTIMESTAMP", {"Nov  5 22:13:20", "Nov 14 22:13:20"}, {"5 Nov 22:13:20"}},
      {"LOGLEVEL", {"INFO", "warning", "Error", "FATAL", "err"}, {"x", "informed"}},
      {"JAVACLASS", {"com.example.Main", "Main$1"}, {"1a", "a b"}},
  };
  for (const Whole& row : table) {
    const std::string pattern = logboom::cat("\\A%{", row.pattern, ":x}\\z");
    for (const std::string_view text : row.is) {
      EXPECT_THAT(parsed(pattern, text), ::testing::StartsWith(R"({"x":)")) << row.pattern << ": " << text;
    }
    for (const std::string_view text : row.is_not) {
      EXPECT_THAT(parsed(pattern, text), ::testing::StartsWith(R"({"message":)")) << row.pattern << ": " << text;
    }
  }
}

TEST(ParserGrok, reads_the_logs_that_have_a_pattern) {
  EXPECT_EQ(
      parsed("%{COMBINEDAPACHELOG}",
             R"(10.0.0.7 - bob [14/Nov/2023:22:13:20 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "http://x/" "curl/8")"),
      R"j({"clientip":"10.0.0.7","ident":"-","auth":"bob","timestamp":"14/Nov/2023:22:13:20 +0000","verb":"GET",)j"
      R"j("request":"/a?b=1","httpversion":"1.1","response":"200","bytes":"512","referrer":"\"http://x/\"",)j"
      R"j("agent":"\"curl/8\""})j");
  EXPECT_EQ(parsed("%{COMMONAPACHELOG}", R"(::1 - - [14/Nov/2023:22:13:20 +0000] "-" 408 -)"),
            R"({"clientip":"::1","ident":"-","auth":"-","timestamp":"14/Nov/2023:22:13:20 +0000","rawrequest":"-",)"
            R"("response":"408"})");
  EXPECT_EQ(parsed("%{SYSLOGBASE} %{GREEDYDATA:message}", "Nov  5 22:13:20 vm sshd[7]: Accepted"),
            R"({"timestamp":"Nov  5 22:13:20","logsource":"vm","program":"sshd","pid":"7","message":"Accepted"})");
  EXPECT_EQ(
      parsed("%{HTTPD_ERRORLOG}",
             "[Tue Nov 14 22:13:20.123456 2023] [core:error] [pid 9:tid 140] [client 1.2.3.4:5] AH00126: Invalid"),
      R"({"timestamp":"Tue Nov 14 22:13:20.123456 2023","loglevel":"error","clientip":"1.2.3.4",)"
      R"("message":"Invalid","module":"core","pid":"9","tid":"140","clientport":"5","errorcode":"AH00126"})");
  EXPECT_THAT(parsed("%{HAPROXYHTTP}",
                     "Nov 14 22:13:20 lb haproxy[9]: 10.0.0.1:33317 [14/Nov/2023:22:13:20.655] http-in static/srv1 "
                     R"(10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1")"),
              ::testing::AllOf(HasSubstr(R"("backend_name":"static")"), HasSubstr(R"("http_status_code":"200")"),
                               HasSubstr(R"("http_request":"/index.html")"), HasSubstr(R"("program":"haproxy")")));
  EXPECT_EQ(parsed("%{JAVASTACKTRACEPART}", "\tat com.example.Main.run(Main.java:12)"),
            R"({"class":"com.example.Main","method":"run","file":"Main.java","line":"12"})");
  EXPECT_EQ(parsed("%{NGINXERROR}", "2023/11/14 22:13:20 [error] 29#30: *5 open() failed"),
            R"j({"timestamp":"2023/11/14 22:13:20","loglevel":"error","pid":"29","tid":"30","connection":"5",)j"
            R"j("message":"open() failed"})j");
  EXPECT_EQ(
      parsed("%{RUBY_LOGGER}", "I, [2023-11-14T22:13:20.5 #7]  INFO -- app: started"),
      R"({"timestamp":"2023-11-14T22:13:20.5","pid":"7","loglevel":"INFO","progname":"app","message":"started"})");
  EXPECT_THAT(parsed("%{SYSLOG5424LINE}", "<16>1 2017-02-06T13:14:15.003Z h app - - [a b=\"c\"] Hi"),
              ::testing::AllOf(HasSubstr(R"("syslog5424_app":"app")"), HasSubstr(R"("syslog5424_msg":"Hi")")));
}

TEST(ParserGrok, fields_have_types_and_times) {
  EXPECT_EQ(parsed("%{WORD:a} %{NUMBER:b:integer} %{NUMBER:c:float} %{INT:d:int}", "x 1 2.5 3"),
            R"({"a":"x","b":1,"c":2.5,"d":3})");
  EXPECT_EQ(grok({{"grok_pattern", "%{INT:n}"}, {"types", "n:integer"}}).record("7"), R"({"n":7})");
  EXPECT_EQ(grok({{"grok_pattern", "%{HTTPDATE:time} %{WORD:w}"}, {"time_format", "%d/%b/%Y:%H:%M:%S %z"}})
                .time("14/Nov/2023:22:13:20 +0000 x"),
            "1700000000");
  EXPECT_EQ(parsed("(?<own>\\d+)-%{WORD:w}", "5-a"), R"({"own":"5","w":"a"})");
  EXPECT_EQ(parsed("(?:a-%{INT:n}|b-%{WORD:n})", "b-x"), R"({"n":"x"})");
  EXPECT_EQ(parsed("%{WORD:with space} %{WORD:[a][b]}", "x y"), R"({"with space":"x","[a][b]":"y"})");
}

TEST(ParserGrok, several_expressions_are_tried_in_turn) {
  const std::vector<Params> sections = {{{"pattern", "%{IP:ip}"}},
                                        {{"pattern", "n=%{INT:n:integer}"}, {"name", "number"}, {"time_key", "t"}}};
  ParserDriver plain = grok({}, sections);
  EXPECT_EQ(plain.record("from 1.2.3.4"), R"({"ip":"1.2.3.4"})");
  EXPECT_EQ(plain.record("n=5"), R"({"n":5})");
  EXPECT_EQ(plain.record("else"), R"({"message":"else"})");
  ParserDriver named = grok({{"grok_name_key", "g"}, {"grok_failure_key", "f"}}, sections);
  EXPECT_EQ(named.record("from 1.2.3.4"), R"({"ip":"1.2.3.4","g":0})");
  EXPECT_EQ(named.record("n=5"), R"({"n":5,"g":"number"})");
  EXPECT_EQ(named.record("else"), R"({"message":"else","f":"No grok pattern matched"})");
}

TEST(ParserGrok, multiline_records_begin_with_a_line_that_is_named) {
  ParserDriver lines = grok({{"grok_pattern", "%{WORD:w}%{GREEDYDATA:rest}"}, {"multi_line_start_regexp", "/^\\S/"}});
  EXPECT_EQ(lines.parser().starts_record("a"), std::optional(true));
  EXPECT_EQ(lines.parser().starts_record(" a"), std::optional(false));
  EXPECT_EQ(lines.record("a\n b"), R"({"w":"a","rest":"\n b"})");
  EXPECT_EQ(grok({{"grok_pattern", "%{WORD:w}%{GREEDYDATA:rest}"}}).record("a\n b"), R"({"w":"a","rest":""})");
  EXPECT_FALSE(grok({{"grok_pattern", "%{WORD:w}"}}).parser().starts_record("a"));
}

TEST(ParserGrok, patterns_of_ones_own_come_from_a_file) {
  const std::string path = ::testing::TempDir() + "grok_patterns";
  std::ofstream(path) << "# comment\n\nCOLOUR red|green\r\nPAIR %{COLOUR:a}-%{COLOUR:b}\nINT \\d{3}\n";
  EXPECT_EQ(grok({{"grok_pattern", "%{PAIR}"}, {"custom_pattern_path", path}}).record("green-red"),
            R"({"a":"green","b":"red"})");
  EXPECT_EQ(grok({{"grok_pattern", "%{INT:n}"}, {"custom_pattern_path", path}}).record("12345"), R"({"n":"123"})");
  std::ofstream(path) << "GOOD x\nBAD\n";
  EXPECT_THAT(error_of({{"grok_pattern", "x"}, {"custom_pattern_path", path}}), HasSubstr("line 2"));
  std::remove(path.c_str());
  EXPECT_THAT(error_of({{"grok_pattern", "x"}, {"custom_pattern_path", path}}), HasSubstr("can't be read"));
}

TEST(ParserGrok, says_which_pattern_is_wrong_and_where) {
  EXPECT_THAT(error_of({}), HasSubstr("needs a grok_pattern"));
  EXPECT_THAT(error_of({{"grok_pattern", "a %{NOPE:x}"}}),
              ::testing::AllOf(HasSubstr("test.conf:3:14"), HasSubstr("%{NOPE:x} at character 3"), HasSubstr("NOPE")));
  EXPECT_THAT(error_of({{"grok_pattern", "%{WORD"}}), HasSubstr("%{ without }"));
  EXPECT_THAT(error_of({{"grok_pattern", "(%{WORD:x}"}}), HasSubstr("grok_pattern: "));
  EXPECT_THAT(error_of({}, {{{"pattern", "%{NOPE}"}}}), HasSubstr("NOPE"));
  const std::string path = ::testing::TempDir() + "grok_circle";
  std::ofstream(path) << "A x%{B}\nB y%{A}\n";
  EXPECT_THAT(error_of({{"grok_pattern", "%{A}"}, {"custom_pattern_path", path}}),
              HasSubstr("%{A} at character 2 of the pattern B: the pattern A contains itself"));
  std::string doubled = "P0 0123456789\n";
  for (int i = 1; i < 40; ++i) doubled += logboom::cat("P", i, " %{P", i - 1, "}%{P", i - 1, "}\n");
  std::ofstream(path) << doubled;
  EXPECT_THAT(error_of({{"grok_pattern", "%{P39}"}, {"custom_pattern_path", path}}), HasSubstr("more than 1 MiB"));
  std::remove(path.c_str());
}

TEST(ParserGrok, a_text_that_takes_too_many_steps_is_not_parsed) {
  EXPECT_THAT(parsed("\\Ab(?:a|aa)+%{INT:n}", "b" + std::string(60, 'a') + "!5"), HasSubstr("error: grok gave up"));
}

}  // namespace
