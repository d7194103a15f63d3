#include "forward_fixture.hpp"

namespace logboom::in_forward::test {
namespace {

TEST(ForwardJson, every_mode_is_the_same_at_every_cut) {
  const Result result =
      run_every_cut(R"(["m",1700000001,{"log":"one \"[{\\","n":[1,{"a":null}]},{"chunk":"c1"}])"
                    R"(["m",1700000001,{"log":"two"}])"
                    R"(["f",[[1700000002,{"log":"three"}],[1700000003,{}],["bad",{}]],{"chunk":"c2"}])"
                    R"(["m",-5,{"ü":"€"}])");
  EXPECT_EQ(result.rows, (Rows{{"m", "1700000001", R"({"log":"one \"[{\\","n":[1,{"a":null}]})"},
                               {"m", "1700000001", R"({"log":"two"})"},
                               {"f", "1700000002", R"({"log":"three"})"},
                               {"f", "1700000003", "{}"},
                               {"m", "-5", R"({"ü":"€"})"}}));
  EXPECT_EQ(result.sent, (std::vector<std::string>{R"({"ack":"c1"})", R"({"ack":"c2"})"})) << "answers are JSON";
  EXPECT_EQ(result.dropped, (Counts{{"invalid_time", 1}}));
}

TEST(ForwardJson, values_may_be_separated_by_white_space) {
  const Result result = run_every_cut(
      "[\"m\",1700000001,{\"n\":1}]\n[\"m\",1700000001,{\"n\":2}]\r\n\n  [\"m\",\t1700000001 ,{\"n\":3}] \n");
  EXPECT_EQ(
      result.rows,
      (Rows{{"m", "1700000001", R"({"n":1})"}, {"m", "1700000001", R"({"n":2})"}, {"m", "1700000001", R"({"n":3})"}}));
  EXPECT_TRUE(result.errors.empty()) << "white space at the end is no truncated message";
}

TEST(ForwardJson, a_chunk_of_any_type_is_echoed_as_json) {
  const Result result = run_every_cut(
      R"(["m",1,{},{"chunk":5}]["m",1,{},{"chunk":""}]["m",1,{},{"chunk":["a",null]}]["m",1,{},{"chunk":null}]["m",1,{},null])");
  EXPECT_EQ(result.sent, (std::vector<std::string>{R"({"ack":5})", R"({"ack":""})", R"({"ack":["a",null]})"}));
  EXPECT_EQ(result.rows.size(), 5U);
}

TEST(ForwardJson, invalid_events_are_dropped_and_answered) {
  const Result result =
      run_every_cut(R"(["m",1.5,{},{"chunk":"a"}]["m",null,{}]["m",1,"text"][7,1,{}][]["m"]["m",0,{"n":1}])");
  EXPECT_EQ(result.rows, (Rows{{"m", "now", R"({"n":1})"}}));
  EXPECT_EQ(result.dropped,
            (Counts{{"invalid_time", 2}, {"invalid_record", 1}, {"invalid_tag", 1}, {"invalid_message", 2}}));
  EXPECT_EQ(result.sent, std::vector<std::string>{R"({"ack":"a"})"});
}

TEST(ForwardJson, a_map_first_is_json_too_but_no_message) {
  const Result result = run_every_cut(R"({"log":"x"}["m",1,{}])");
  EXPECT_EQ(result.rows, (Rows{{"m", "1", "{}"}}));
  EXPECT_EQ(result.errors, (Counts{{"broken_message", 1}}));
  EXPECT_FALSE(result.closed);
}

TEST(ForwardJson, broken_text_resets_the_connection_and_what_came_before_is_kept) {
  for (const char* broken : {R"(["m",1,{"a":}])", R"(["m",1,{]})", R"(["m",01,{}])", "x", "\"text\"", "]", "5",
                             R"(["m","\x",{}])", "[\"m\",1,{\"a\":\"\xff\"}]", "\x93\xa1m\x01\x80"}) {
    const Result result = run_every_cut(std::string(R"(["m",1,{}])") + broken + R"(["m",2,{}])");
    EXPECT_EQ(result.rows, (Rows{{"m", "1", "{}"}})) << broken;
    EXPECT_TRUE(result.reset);
    EXPECT_EQ(result.errors, (Counts{{"malformed", 1}}));
    EXPECT_EQ(result.log.size(), 1U);
  }
}

TEST(ForwardJson, nesting_without_end_resets_the_connection) {
  const Result result = run(std::string(100000, '['), {}, {10, 5000});
  EXPECT_TRUE(result.reset);
  EXPECT_EQ(result.errors, (Counts{{"malformed", 1}}));
}

TEST(ForwardJson, a_message_beyond_the_limit_resets_the_connection) {
  Options options;
  options.chunk_size_limit.bytes = 60;
  const std::string large = R"(["m",1,{"log":")" + std::string(80, 'x') + R"("}])";
  const Result result = run_every_cut(R"(["m",1,{}])" + large + R"(["m",2,{}])", options);
  EXPECT_EQ(result.rows, (Rows{{"m", "1", "{}"}}));
  EXPECT_TRUE(result.reset);
  EXPECT_EQ(result.dropped, (Counts{{"chunk_size_limit", 1}}));
  Forward endless(options);
  endless.driver.feed("[\"");
  for (int i = 0; i < 100; ++i) endless.driver.feed("xxxxxxxxxx");
  EXPECT_LE(endless.driver.most_residue(), 70U);
}

TEST(ForwardJson, a_connection_that_ends_within_a_value_is_a_truncated_message) {
  const Result result = run_every_cut(R"(["m",1,{}]["m",2)");
  EXPECT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.errors, (Counts{{"truncated_message", 1}}));
}

TEST(ForwardJson, what_came_before_it_in_msgpack_makes_no_json_connection) {
  const Result result = run_every_cut(nil() + R"({"log":"x"})");
  EXPECT_EQ(result.errors, (Counts{{"broken_message", 11}}));
}

}  // namespace
}  // namespace logboom::in_forward::test
