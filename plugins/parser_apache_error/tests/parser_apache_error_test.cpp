#include <gtest/gtest.h>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_apache_error();
}

namespace {

using logboom::testing::ParserDriver;

ParserDriver driver() { return ParserDriver(logboom::plugins::parser_apache_error(), {{"utc", "true"}}); }

TEST(ParserApacheError, the_example_of_the_documentation) {
  constexpr std::string_view line =
      "[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied by server configuration";
  EXPECT_EQ(driver().time(line), "971274772");
  EXPECT_EQ(driver().record(line),
            R"({"level":"error","client":"127.0.0.1","message":"client denied by server configuration"})");
}

TEST(ParserApacheError, version_2_4_has_microseconds_and_a_process) {
  constexpr std::string_view line =
      "[Wed Oct 11 14:32:52.123456 2000] [core:warn] [pid 35708:tid 4328636416] [client 72.15.99.187] File does not "
      "exist";
  EXPECT_EQ(driver().time(line), "971274772.123456000");
  EXPECT_EQ(driver().record(line), R"({"level":"core:warn","pid":"35708:tid 4328636416","client":"72.15.99.187",)"
                                   R"("message":"File does not exist"})");
}

TEST(ParserApacheError, client_and_process_may_be_missing) {
  EXPECT_EQ(driver().record("[Wed Oct 11 14:32:52 2000] [notice] caught SIGTERM"),
            R"({"level":"notice","message":"caught SIGTERM"})");
  EXPECT_EQ(driver().record("caught SIGTERM").substr(0, 6), "error:");
}

}  // namespace
