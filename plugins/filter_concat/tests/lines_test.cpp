#include <gmock/gmock.h>

#include "concat_test_support.hpp"

namespace logboom::concat_test {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Concat, joins_so_many_lines) {
  FilterDriver concat = driver({{"n_lines", "3"}});
  EXPECT_THAT(send_lines(concat, {"a", "b", "c", "d"}), ElementsAre("a\nb\nc"));
  EXPECT_EQ(concat.outcome().held, 1u);
  EXPECT_EQ(driver({{"n_lines", "1"}}).record(event("a")), event("a"));
}

TEST(Concat, the_separator_may_be_any_text) {
  FilterDriver blank = driver({{"n_lines", "2"}, {"separator", " + "}});
  EXPECT_THAT(send_lines(blank, {"a", "b"}), ElementsAre("a + b"));
  FilterDriver nothing = driver({{"n_lines", "2"}, {"separator", ""}});
  EXPECT_THAT(send_lines(nothing, {"a", "b"}), ElementsAre("ab"));
}

TEST(Concat, a_first_line_ends_what_came_before) {
  FilterDriver concat = driver({{"multiline_start_regexp", "/^\\d/"}});
  EXPECT_THAT(send_lines(concat, {"1 x", "  at y", "  at z", "2 x", "3 x"}), ElementsAre("1 x\n  at y\n  at z", "2 x"));
}

TEST(Concat, a_last_line_ends_an_event) {
  FilterDriver concat = driver({{"multiline_end_regexp", "/;$/"}});
  EXPECT_THAT(send_lines(concat, {"select", "*;", "commit;", "x"}), ElementsAre("select\n*;", "commit;"));
  FilterDriver both = driver({{"multiline_start_regexp", "/^begin/"}, {"multiline_end_regexp", "/^end/"}});
  EXPECT_THAT(send_lines(both, {"before", "begin", "x", "end", "after", "begin end", "begin", "begin"}),
              ElementsAre("before", "begin\nx\nend", "after", "begin end", "begin"));
}

TEST(Concat, a_line_that_does_not_continue_ends_an_event_and_goes_on_behind_it) {
  FilterDriver concat = driver({{"multiline_start_regexp", "/^E/"}, {"continuous_line_regexp", "/^ /"}});
  EXPECT_THAT(send_lines(concat, {"Error", " at a", " at b", "fine", " odd", "fine"}),
              ElementsAre("Error\n at a\n at b", "fine", " odd", "fine"));
}

TEST(Concat, regular_expressions_take_options_and_are_bounded) {
  FilterDriver concat = driver({{"multiline_start_regexp", "/^start/i"}});
  EXPECT_THAT(send_lines(concat, {"START", "x", "Start"}), ElementsAre("START\nx"));
  FilterDriver slow = driver({{"multiline_start_regexp", "/^(a+)+$/"}});
  slow.send("t", event(std::string(60, 'a') + "b"));
  ASSERT_EQ(slow.outcome().failed.size(), 1u);
  EXPECT_THAT(slow.outcome().failed[0].second, HasSubstr("backtracked"));
}

TEST(Concat, fields_are_the_first_events_and_those_that_only_the_last_one_has) {
  FilterDriver concat = driver({{"n_lines", "3"}});
  concat.send("t", R"({"a":1,"log":"x","b":1})", {100, 0});
  concat.send("t", R"({"c":1,"log":"y","b":2})", {200, 0});
  EXPECT_THAT(concat.send("t", R"({"log":"z","a":3,"d":3})", {300, 0}),
              ElementsAre(Row{"t", "300", R"({"a":1,"log":"x\ny\nz","b":1,"d":3})"}));
}

TEST(Concat, the_time_is_the_completing_events_or_the_first_ones) {
  for (const char* first : {"false", "true"}) {
    FilterDriver concat = driver({{"multiline_start_regexp", "/^S/"}, {"use_first_timestamp", first}});
    concat.send("t", event("S1"), {100, 5});
    concat.send("t", event("x"), {200, 0});
    const std::vector<Row> rows = concat.send("t", event("S2"), {300, 0});
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].time, std::string_view(first) == "true" ? "100.000000005" : "300");
  }
}

TEST(Concat, streams_are_told_apart_by_tag_and_identity_key) {
  FilterDriver concat = driver({{"n_lines", "2"}, {"stream_identity_key", "id"}});
  const auto send = [&](std::string_view tag, int id, std::string_view log) {
    return logs(concat.send(tag, cat(R"({"id":)", id, R"(,"log":")", log, R"("})")));
  };
  EXPECT_THAT(send("t", 1, "a1"), IsEmpty());
  EXPECT_THAT(send("t", 2, "b1"), IsEmpty());
  EXPECT_THAT(send("u", 1, "c1"), IsEmpty());
  EXPECT_THAT(send("t", 1, "a2"), ElementsAre("a1\na2"));
  EXPECT_THAT(send("t", 2, "b2"), ElementsAre("b1\nb2"));
  EXPECT_THAT(send("u", 1, "c2"), ElementsAre("c1\nc2"));
  EXPECT_EQ(concat.outcome().held, 0u);
}

TEST(Concat, each_worker_joins_what_it_gets) {
  FilterDriver concat = driver({{"n_lines", "2"}}, 2);
  const auto batch = [](std::string_view log) { return testing::BatchOf("t").json(event(log)).make(); };
  concat.send(batch("a"), 0);
  EXPECT_THAT(concat.send(batch("b"), 1), IsEmpty());
  EXPECT_THAT(logs(concat.send(batch("c"), 0)), ElementsAre("a\nc"));
}

TEST(Concat, events_without_a_text_in_the_key_go_on_as_they_are) {
  FilterDriver concat = driver({{"n_lines", "2"}});
  EXPECT_EQ(concat.record(R"({"x":1})"), R"({"x":1})");
  EXPECT_EQ(concat.record(R"({"log":5})"), R"({"log":5})");
  EXPECT_EQ(concat.record(R"({"log":null})"), R"({"log":null})");
  EXPECT_EQ(concat.outcome().held, 0u);
}

TEST(Concat, events_of_fluentd_about_itself_go_on_as_they_are) {
  FilterDriver concat = driver({{"n_lines", "2"}});
  EXPECT_THAT(send_lines(concat, {"a", "b", "c"}, "fluent.warn"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(send_lines(concat, {"a", "b"}, "fluent.warnings"), ElementsAre("a\nb"));
}

TEST(Concat, lines_that_time_out_go_to_the_errors_or_to_the_label) {
  FilterDriver concat = driver({{"n_lines", "3"}, {"flush_interval", "5s"}});
  send_lines(concat, {"a", "b"});
  const auto next = concat.plugin().holder()->next_expiry(0);
  ASSERT_TRUE(next);
  EXPECT_THAT(concat.expire(*next - seconds(1)), IsEmpty());
  EXPECT_EQ(concat.outcome().held, 2u);
  concat.expire(*next);
  ASSERT_EQ(concat.outcome().failed.size(), 1u);
  EXPECT_EQ(concat.outcome().failed[0].first.record, event("a\\nb"));
  EXPECT_THAT(concat.outcome().failed[0].second, HasSubstr("flush_interval"));
  EXPECT_EQ(concat.outcome().held, 0u);
  EXPECT_EQ(incomplete(concat, "timeout"), 1);
  EXPECT_FALSE(concat.plugin().holder()->next_expiry(0));

  FilterDriver labelled = driver({{"n_lines", "3"}, {"timeout_label", "@LATE"}});
  EXPECT_THAT(labelled.context().labels_used(), ElementsAre("@LATE"));
  send_lines(labelled, {"a"});
  EXPECT_THAT(labelled.expire(Clock::now() + seconds(61)), ElementsAre(Row{"t", "1700000000", event("a")}));
  EXPECT_EQ(labelled.outcome().label, "@LATE");
}

TEST(Concat, only_streams_that_are_quiet_time_out) {
  FilterDriver concat = driver({{"n_lines", "9"}, {"timeout_label", "@LATE"}});
  send_lines(concat, {"a"}, "quiet");
  const auto first = concat.plugin().holder()->next_expiry(0);
  send_lines(concat, {"b"}, "busy");
  while (Clock::now() + seconds(60) <= *first) continue;
  send_lines(concat, {"c"}, "busy");
  EXPECT_THAT(logs(concat.expire(*first)), ElementsAre("a"));
}

TEST(Concat, without_a_flush_interval_nothing_times_out_and_the_end_gives_out_everything) {
  FilterDriver concat = driver({{"n_lines", "3"}, {"flush_interval", "0"}, {"timeout_label", "@LATE"}});
  send_lines(concat, {"a", "b"});
  EXPECT_FALSE(concat.plugin().holder()->next_expiry(0));
  EXPECT_THAT(concat.expire(Clock::now() + seconds(100'000)), IsEmpty());
  EXPECT_THAT(logs(concat.flush()), ElementsAre("a\nb"));
  EXPECT_EQ(concat.outcome().label, "@LATE");
  EXPECT_EQ(incomplete(concat, "end"), 1);
}

TEST(Concat, a_text_that_would_be_too_long_goes_on_in_pieces) {
  FilterDriver concat = driver({{"multiline_start_regexp", "/^S/"}, {"max_event_size", "10"}});
  EXPECT_THAT(send_lines(concat, {"S123", "45", "678", "9", "S"}), ElementsAre("S123\n45", "678\n9"));
  EXPECT_EQ(incomplete(concat, "max_event_size"), 1);
}

TEST(Concat, beyond_its_memory_events_go_on_unjoined_and_the_oldest_make_room) {
  FilterDriver concat = driver({{"n_lines", "2"}, {"max_streams", "4"}});
  for (const char* tag : {"a", "b", "c", "d"}) EXPECT_THAT(send_lines(concat, {"1"}, tag), IsEmpty());
  EXPECT_THAT(send_lines(concat, {"1"}, "e"), ElementsAre("1"));
  EXPECT_EQ(concat.outcome().held, 4u);
  const auto next = concat.plugin().holder()->next_expiry(0);
  ASSERT_TRUE(next);
  EXPECT_LE(*next, Clock::now());
  const std::vector<Row> rows = concat.expire(*next);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].tag, "a");
  EXPECT_EQ(rows[1].tag, "b");
  EXPECT_EQ(incomplete(concat, "max_held_size"), 3);
}

TEST(Concat, never_holds_more_bytes_than_it_may) {
  FilterDriver concat = driver({{"n_lines", "100"}, {"max_held_size", "64k"}});
  std::size_t seen = 0;
  for (int i = 0; i < 200; ++i) {
    seen += concat.send(cat("t", i % 7), event(std::string(1000, 'x'))).size();
    EXPECT_LE(metric(concat, "logboom_concat_held_bytes"), 64 << 10);
  }
  EXPECT_GT(seen, 0u);
  concat.flush();
  EXPECT_EQ(metric(concat, "logboom_concat_held_bytes"), 0);
  EXPECT_EQ(concat.outcome().held, 0u);
}

std::string error_of(const Params& params) {
  try {
    driver(params);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Concat, says_what_is_wrong_with_its_parameters) {
  EXPECT_THAT(error_of({}), HasSubstr("test.conf:1:1: nothing says which events belong together"));
  EXPECT_THAT(error_of({{"n_lines", "2"}, {"multiline_end_regexp", "/x/"}}),
              HasSubstr("test.conf:5:22: n_lines and multiline_end_regexp exclude each other"));
  EXPECT_THAT(error_of({{"partial_key", "p"}}), HasSubstr("partial_key needs partial_value"));
  EXPECT_THAT(error_of({{"use_partial_cri_logtag", "true"}}), HasSubstr("needs partial_cri_logtag_key"));
  EXPECT_THAT(error_of({{"multiline_start_regexp", "/(/"}}), HasSubstr("test.conf:4:24"));
}

}  // namespace
}  // namespace logboom::concat_test
