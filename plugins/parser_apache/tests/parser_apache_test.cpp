#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_apache();
}

namespace {

using logboom::testing::ParserDriver;

ParserDriver driver() { return ParserDriver(logboom::plugins::parser_apache()); }

TEST(ParserApache, all_fields_are_text) {
  constexpr std::string_view line =
      R"(192.168.0.1 - - [28/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 200 777 "-" "Opera/12.0")";
  EXPECT_EQ(driver().time(line), "1362020400");
  EXPECT_EQ(driver().record(line), R"({"host":"192.168.0.1","user":"-","method":"GET","path":"/","code":"200",)"
                                   R"("size":"777","referer":"-","agent":"Opera/12.0"})");
}

TEST(ParserApache, a_path_has_no_blanks_and_a_protocol_behind_it) {
  EXPECT_EQ(driver().record(R"(a - - [28/Feb/2013:12:00:00 +0900] "GET /a b HTTP/1.1" 200 777)").substr(0, 6),
            "error:");
  EXPECT_EQ(driver().record(R"(a - - [28/Feb/2013:12:00:00 +0900] "GET /a" 200 777)").substr(0, 6), "error:");
}

}  // namespace
