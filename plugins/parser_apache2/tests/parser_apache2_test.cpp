#include <gtest/gtest.h>
#include <logboom/access_log.hpp>
#include <logboom/regexp.hpp>
#include <logboom/testing/parser_driver.hpp>

#include <random>

namespace logboom::plugins {
PluginInfo parser_apache2();
}

namespace {

using namespace logboom;
using logboom::testing::ParserDriver;
using Params = ParserDriver::Params;

ParserDriver driver(const Params& params = {}) { return ParserDriver(plugins::parser_apache2(), params); }

constexpr std::string_view line =
    R"(192.168.0.1 - - [28/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 200 777 "-" "Opera/12.0")";

TEST(ParserApache2, the_example_of_the_documentation) {
  EXPECT_EQ(driver().time(line), "1362020400");
  EXPECT_EQ(driver().record(line),
            R"({"host":"192.168.0.1","user":null,"method":"GET","path":"/","code":200,"size":777,)"
            R"("referer":null,"agent":"Opera/12.0"})");
}

TEST(ParserApache2, what_is_not_known_is_null) {
  EXPECT_EQ(
      driver().record(R"(- - bob [28/Feb/2013:12:00:00 +0900] "GET /a b" 0 -)"),
      R"({"host":null,"user":"bob","method":"GET","path":"/a","code":null,"size":null,"referer":null,"agent":null})");
  EXPECT_EQ(
      driver().record(R"(::1 - - [28/Feb/2013:12:00:00 +0900] "-" 408 - "-" "-")"),
      R"({"host":"::1","user":null,"method":"-","path":null,"code":408,"size":null,"referer":null,"agent":null})");
}

TEST(ParserApache2, quotes_within_quotes_have_a_backslash) {
  EXPECT_EQ(driver().record(R"(a - - [28/Feb/2013:12:00:00 +0900] "GET /\"x\" HTTP/1.1" 200 1 "a\"b" "c \"d\"")"),
            R"({"host":"a","user":null,"method":"GET","path":"/\\\"x\\\"","code":200,"size":1,"referer":"a\\\"b",)"
            R"("agent":"c \\\"d\\\""})");
}

TEST(ParserApache2, the_time_can_be_kept) {
  const std::string kept = driver({{"keep_time_key", "true"}}).record(line);
  EXPECT_TRUE(kept.ends_with(R"("agent":"Opera/12.0","time":"28/Feb/2013:12:00:00 +0900"})")) << kept;
}

TEST(ParserApache2, the_format_of_the_time_is_fixed_as_in_fluentd) {
  EXPECT_EQ(driver({{"time_format", "%Y"}, {"time_key", "host"}}).time(line), "1362020400");
}

TEST(ParserApache2, other_lines_do_not_match) {
  for (const char* text : {"", "hello", "a - - [28/Feb/2013:12:00:00 +0900] \"GET / HTTP/1.1\" 200"}) {
    EXPECT_EQ(driver().record(text), "error: the text does not match the regexp") << text;
  }
  EXPECT_EQ(driver().record(R"(a - - [x] "GET / HTTP/1.1" 200 1)"),
            R"(error: the time "x" is not of the format %d/%b/%Y:%H:%M:%S %z)");
}

std::string shown(const std::optional<std::string_view>& text) {
  return text ? "<" + std::string(*text) + ">" : "nothing";
}

// The scanner says "don't know" for odd lines, so what has to hold is that what it does say is what the expression
// says.
TEST(ParserApache2, every_line_that_is_scanned_gives_what_the_regular_expression_gives) {
  const Regexp regexp = Regexp::compile(
      R"re(^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>(?:[^\"]|\\.)*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>(?:[^\"]|\\.)*)" "(?<agent>(?:[^\"]|\\.)*)")?$)re");
  MatchRegion region;
  std::mt19937 random(7);
  constexpr std::string_view pieces[] = {" ",   "  ",    "\"", "\\\"",     "\\", "[",    "]",  "-",
                                         "\t",  "GET",   "/a", "HTTP/1.1", "\n", "\r",   "x",  "\" ",
                                         " \"", "\" \"", "1",  "\xff",     "é",  "] \"", "200"};
  std::size_t scanned = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string text(line);
    for (unsigned edits = random() % 4; edits > 0; --edits) {
      const std::size_t at = random() % (text.size() + 1);
      const std::size_t length = random() % 3 == 0 ? random() % 8 : 0;
      text.replace(at, length, random() % 4 == 0 ? "" : pieces[random() % std::size(pieces)]);
    }
    AccessLine out;
    if (!scan_access_line(text, AccessServer::apache, out)) continue;
    ++scanned;
    ASSERT_EQ(regexp.search(text, region), SearchResult::match) << text;
    const std::optional<std::string_view> fields[] = {out.remote, out.user, out.time,    out.method, out.path,
                                                      out.code,   out.size, out.referer, out.agent};
    for (std::size_t group = 1; group <= std::size(fields); ++group) {
      ASSERT_EQ(shown(fields[group - 1]), shown(region.group(group))) << "group " << group << " of " << text;
    }
  }
  EXPECT_GT(scanned, 10'000u);
}

}  // namespace
