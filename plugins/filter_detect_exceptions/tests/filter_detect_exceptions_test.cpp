#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <logboom/testing/filter_driver.hpp>

namespace logboom::plugins {
PluginInfo filter_detect_exceptions();
}

namespace {

using namespace logboom;
using logboom::testing::BatchOf;
using logboom::testing::FilterDriver;
using logboom::testing::Row;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Params = FilterDriver::Params;

FilterDriver driver(Params params = {}) {
  params.emplace_back("force_line_breaks", "true");
  return FilterDriver(plugins::filter_detect_exceptions(), params);
}

Row row(std::string_view tag, std::string_view json) { return {std::string(tag), "1700000000", std::string(json)}; }

constexpr const char* error_line = R"({"log":"java.io.IOException: gone","n":1})";
constexpr const char* frame_line = R"-({"log":"\tat a.B.c(B.java:3)","n":2})-";
constexpr const char* joined = R"-({"log":"java.io.IOException: gone\n\tat a.B.c(B.java:3)","n":1})-";

TEST(FilterDetectExceptions, joins_a_trace_at_its_place_between_the_others) {
  FilterDriver filter = driver();
  const BatchPtr batch = BatchOf("app.x")
                             .json(R"({"log":"before"})")
                             .json(error_line)
                             .json(frame_line)
                             .json(R"({"log":"after"})")
                             .json(R"({"other":1})")
                             .make();
  EXPECT_THAT(filter.send(batch), ElementsAre(row("app.x", R"({"log":"before"})"), row("app.x", joined),
                                              row("app.x", R"({"log":"after"})"), row("app.x", R"({"other":1})")));
  EXPECT_EQ(filter.outcome().held, 0u);
}

TEST(FilterDetectExceptions, a_trace_at_the_end_goes_on_when_its_time_is_over) {
  FilterDriver filter = driver({{"multiline_flush_interval", "2s"}});
  EXPECT_THAT(filter.send("app", error_line), IsEmpty());
  EXPECT_THAT(filter.send("app", frame_line), IsEmpty());
  EXPECT_EQ(filter.outcome().held, 2u);
  const auto due = filter.plugin().holder()->next_expiry(0);
  ASSERT_TRUE(due.has_value());
  EXPECT_THAT(filter.expire(*due - seconds(1)), IsEmpty());
  EXPECT_THAT(filter.expire(*due), ElementsAre(row("app", joined)));
  EXPECT_EQ(filter.outcome().held, 0u);
}

TEST(FilterDetectExceptions, what_is_held_at_the_end_comes_out) {
  FilterDriver filter = driver();
  filter.send("app", error_line);
  filter.send("app", frame_line);
  EXPECT_THAT(filter.flush(), ElementsAre(row("app", joined)));
}

TEST(FilterDetectExceptions, streams_and_tags_are_joined_by_themselves) {
  FilterDriver filter = driver({{"stream", "n"}});
  filter.send("app", error_line);
  EXPECT_THAT(filter.send("app", frame_line), ElementsAre(row("app", frame_line))) << "another stream";
  filter.send("other", error_line);
  EXPECT_THAT(filter.flush(), ElementsAre(row("app", error_line), row("other", error_line)));
}

TEST(FilterDetectExceptions, only_the_languages_that_are_named) {
  FilterDriver filter = driver({{"languages", "python"}});
  EXPECT_THAT(filter.send("app", error_line), ElementsAre(row("app", error_line)));
  EXPECT_THROW(driver({{"languages", "cobol"}}), ConfigError);
}

}  // namespace
