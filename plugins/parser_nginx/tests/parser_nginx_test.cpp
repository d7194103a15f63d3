#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

#include <random>

namespace logboom::plugins {
PluginInfo parser_nginx();
}

namespace {

using logboom::testing::ParserDriver;
using Params = ParserDriver::Params;

constexpr std::string_view expression =
    R"re(/^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)"(?:\s+(?<http_x_forwarded_for>[^ ]+))?)?$/)re";

ParserDriver driver(const Params& params = {}) { return ParserDriver(logboom::plugins::parser_nginx(), params); }

constexpr std::string_view line =
    R"(127.0.0.1 192.168.0.1 - [28/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 200 777 "-" "Opera/12.0" -)";

TEST(ParserNginx, the_example_of_the_documentation) {
  EXPECT_EQ(driver().time(line), "1362020400");
  EXPECT_EQ(driver().record(line),
            R"({"remote":"127.0.0.1","host":"192.168.0.1","user":"-","method":"GET","path":"/","code":"200",)"
            R"("size":"777","referer":"-","agent":"Opera/12.0","http_x_forwarded_for":"-"})");
}

TEST(ParserNginx, what_is_not_in_the_line_is_not_in_the_record) {
  EXPECT_EQ(driver().record(R"(1.2.3.4 - - [28/Feb/2013:12:00:00 +0900] "GET /a b HTTP/1.1" 200 777)"),
            R"({"remote":"1.2.3.4","host":"-","user":"-","method":"GET","path":"/a b","code":"200","size":"777"})");
  EXPECT_EQ(
      driver().record(R"(1.2.3.4 - - [28/Feb/2013:12:00:00 +0900] "-" 400 0 "-" "-")"),
      R"({"remote":"1.2.3.4","host":"-","user":"-","method":"-","code":"400","size":"0","referer":"-","agent":"-"})");
}

TEST(ParserNginx, types_apply_and_the_time_can_be_kept) {
  EXPECT_EQ(driver({{"types", "code:integer,size:integer"}, {"keep_time_key", "true"}})
                .record(R"(a b c [28/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 200 777)"),
            R"({"remote":"a","host":"b","user":"c","time":"28/Feb/2013:12:00:00 +0900","method":"GET","path":"/",)"
            R"("code":200,"size":777})");
}

TEST(ParserNginx, an_expression_of_ones_own_is_taken) {
  EXPECT_EQ(driver({{"expression", "/^(?<a>.*)$/"}}).record("x"), R"({"a":"x"})");
}

TEST(ParserNginx, other_lines_do_not_match) {
  EXPECT_EQ(driver().record("hello"), "error: the text does not match the regexp");
  EXPECT_EQ(driver().record(""), "error: the text does not match the regexp");
  EXPECT_EQ(driver().record(R"(a b c [yesterday] "GET / HTTP/1.1" 200 777)"),
            R"(error: the time "yesterday" is not of the format %d/%b/%Y:%H:%M:%S %z)");
}

TEST(ParserNginx, every_line_gives_what_the_regular_expression_gives) {
  ParserDriver scanned = driver();
  // The same expression as a group, so that it is not recognised.
  ParserDriver searched =
      driver({{"expression", "/(?:" + std::string(expression.substr(1, expression.size() - 2)) + ")/"}});
  std::mt19937 random(42);
  constexpr std::string_view pieces[] = {" ",   "  ",    "\"", "\\\"",     "\\", "[",    "]",  "-",
                                         "\t",  "GET",   "/a", "HTTP/1.1", "\n", "\r",   "x",  "\" ",
                                         " \"", "\" \"", "1",  "\xff",     "é",  "] \"", "200"};
  std::size_t matched = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string text(line);
    for (unsigned edits = random() % 4; edits > 0; --edits) {
      const std::size_t at = random() % (text.size() + 1);
      const std::size_t length = random() % 3 == 0 ? random() % 8 : 0;
      text.replace(at, length, random() % 4 == 0 ? "" : pieces[random() % std::size(pieces)]);
    }
    const auto expected = searched.parse(text);
    ASSERT_EQ(scanned.parse(text), expected) << text;
    ASSERT_EQ(scanned.error, searched.error) << text;
    matched += expected.size();
  }
  EXPECT_GT(matched, 10'000u);
}

}  // namespace
