#include <gtest/gtest.h>
#include <logboom/parser.hpp>
#include <logboom/testing/filter_driver.hpp>

#include "../scrub.hpp"

namespace logboom::plugins {
PluginInfo filter_parser();
PluginInfo parser_json();
PluginInfo parser_msgpack();
PluginInfo parser_regexp();
}  // namespace logboom::plugins

namespace {

using namespace logboom;
using logboom::testing::FakeContext;
using logboom::testing::FilterDriver;
using logboom::testing::Row;
using logboom::testing::section;
using Params = FilterDriver::Params;

BuildContext::ParserFactory make_parser(const PluginSection& wanted) {
  const auto info = wanted.type == "json"      ? plugins::parser_json()
                    : wanted.type == "msgpack" ? plugins::parser_msgpack()
                                               : plugins::parser_regexp();
  const auto context = std::make_shared<FakeContext>("parse", wanted.type);
  context->section() = *wanted.element;
  const auto make = [info, context] {
    std::unique_ptr<Plugin> made = info.make(context->element(), *context);
    return std::unique_ptr<Parser>(static_cast<Parser*>(made.release()));
  };
  make();
  return make;
}

FilterDriver parser(Params params, const Params& parse = {{"@type", "json"}}) {
  if (params.empty() || params[0].first != "key_name") params.insert(params.begin(), {"key_name", "log"});
  return FilterDriver(plugins::filter_parser(), params, [&](FakeContext& context) {
    context.parsers = make_parser;
    if (!parse.empty()) context.section().children.push_back(section("parse", parse));
  });
}

const std::string good = R"({"log":"{\"a\":1,\"source\":\"x\"}","source":"stdout"})";

TEST(FilterParser, only_the_parsed_fields_stay) {
  EXPECT_EQ(parser({}).record(good), R"({"a":1,"source":"x"})");
  EXPECT_EQ(parser({}, {{"@type", "regexp"}, {"expression", "/^(?<w>\\w+)/"}}).record(R"({"log":"one two"})"),
            R"({"w":"one"})");
}

TEST(FilterParser, reserve_data_keeps_the_others_and_the_parsed_ones_win) {
  EXPECT_EQ(parser({{"reserve_data", "true"}}).record(good),
            R"({"log":"{\"a\":1,\"source\":\"x\"}","source":"x","a":1})");
  EXPECT_EQ(parser({{"reserve_data", "true"}, {"remove_key_name_field", "true"}}).record(good),
            R"({"source":"x","a":1})");
  EXPECT_EQ(
      parser({{"reserve_data", "true"}, {"remove_key_name_field", "true"}}).record(R"({"log":"{\"log\":\"m\"}"})"),
      R"({"log":"m"})");
}

TEST(FilterParser, a_prefix_goes_before_each_parsed_field) {
  EXPECT_EQ(parser({{"inject_key_prefix", "p."}}).record(good), R"({"p.a":1,"p.source":"x"})");
  EXPECT_EQ(
      parser({{"inject_key_prefix", "p."}, {"reserve_data", "true"}, {"remove_key_name_field", "true"}}).record(good),
      R"({"source":"stdout","p.a":1,"p.source":"x"})");
}

TEST(FilterParser, hash_value_field_holds_the_parsed_fields) {
  EXPECT_EQ(parser({{"hash_value_field", "h"}}).record(good), R"({"h":{"a":1,"source":"x"}})");
  EXPECT_EQ(parser({{"hash_value_field", "log"}, {"reserve_data", "true"}}).record(good),
            R"({"log":{"a":1,"source":"x"},"source":"stdout"})");
  EXPECT_EQ(parser({{"hash_value_field", "h"}, {"inject_key_prefix", "p_"}}).record(good),
            R"({"h":{"p_a":1,"p_source":"x"}})");
}

TEST(FilterParser, the_time_of_the_text_becomes_the_events) {
  const std::string json = R"({"log":"{\"time\":5,\"a\":1}"})";
  EXPECT_EQ(parser({}).send("t", json), (std::vector<Row>{{"t", "5", R"({"a":1})"}}));
  EXPECT_EQ(parser({{"reserve_time", "true"}}).send("t", json), (std::vector<Row>{{"t", "1700000000", R"({"a":1})"}}));
}

TEST(FilterParser, several_records_of_one_text_become_as_many_events_in_order) {
  FilterDriver filter = parser({{"reserve_data", "true"}, {"remove_key_name_field", "true"}});
  const std::vector<Row> rows = filter.send("t", R"({"log":"{\"a\":1}{\"a\":2,\"time\":7}","s":1})");
  EXPECT_EQ(rows, (std::vector<Row>{{"t", "1700000000", R"({"s":1,"a":1})"}, {"t", "7", R"({"s":1,"a":2})"}}));
  EXPECT_EQ(filter.outcome().made, 1u);
}

TEST(FilterParser, a_text_without_records_drops_the_event) {
  FilterDriver filter = parser({});
  EXPECT_EQ(filter.record(R"({"log":"[]"})"), "");
  EXPECT_EQ(filter.outcome().dropped.size(), 1u);
}

TEST(FilterParser, what_can_not_be_parsed_fails_with_the_reason) {
  FilterDriver filter = parser({});
  for (const char* json : {R"({"log":"{"})", R"({"other":1})", R"({"log":null})", R"({"log":5})"}) {
    EXPECT_EQ(filter.record(json), "");
  }
  const auto& failed = filter.outcome().failed;
  ASSERT_EQ(failed.size(), 4u);
  EXPECT_EQ(failed[0].first.record, R"({"log":"{"})");
  EXPECT_EQ(failed[0].second.substr(0, 21), "parser: log: not JSON");
  EXPECT_EQ(failed[1].second, "parser: log does not exist");
  EXPECT_EQ(failed[2].second, "parser: log does not exist");
  EXPECT_EQ(failed[3].second, "parser: log is no text");
}

TEST(FilterParser, with_reserve_data_it_goes_on_beside) {
  FilterDriver filter = parser({{"reserve_data", "true"}});
  EXPECT_EQ(filter.record(R"({"log":"{","s":1})"), R"({"log":"{","s":1})");
  EXPECT_EQ(filter.outcome().failed.size(), 1u);
  EXPECT_EQ(filter.outcome().made, 1u);
  FilterDriver hash = parser({{"reserve_data", "true"}, {"hash_value_field", "h"}});
  EXPECT_EQ(hash.record(R"({"log":"{"})"), R"({"log":"{","h":{}})");
}

TEST(FilterParser, emit_invalid_record_to_error_false_drops_or_keeps) {
  FilterDriver drops = parser({{"emit_invalid_record_to_error", "false"}});
  EXPECT_EQ(drops.record(R"({"log":"{"})"), "");
  EXPECT_EQ(drops.outcome().dropped.size(), 1u);
  FilterDriver keeps = parser({{"emit_invalid_record_to_error", "false"}, {"reserve_data", "true"}});
  EXPECT_EQ(keeps.record(R"({"log":"{"})"), R"({"log":"{"})");
  EXPECT_EQ(keeps.record(R"({"s":1})"), R"({"s":1})");
  EXPECT_EQ(keeps.outcome().made, 0u);
  FilterDriver hash =
      parser({{"emit_invalid_record_to_error", "false"}, {"reserve_data", "true"}, {"hash_value_field", "h"}});
  EXPECT_EQ(hash.record(R"({"s":1})"), R"({"s":1,"h":{}})");
  EXPECT_TRUE(hash.outcome().failed.empty());
}

TEST(FilterParser, the_key_may_be_a_path) {
  EXPECT_EQ(parser({{"key_name", "$.k.log[0]"}, {"reserve_data", "true"}, {"remove_key_name_field", "true"}})
                .record(R"({"k":{"log":["{\"a\":1}"],"b":2}})"),
            R"({"k":{"log":[],"b":2},"a":1})");
  EXPECT_THROW(parser({{"key_name", "$.["}}), ConfigError);
}

TEST(FilterParser, bytes_that_are_not_utf8_can_be_replaced) {
  const auto batch =
      logboom::testing::BatchOf("t").packed(std::string_view("\x81\xa3log\xa9{\"a\":\"\xe9\"}", 15)).make();
  FilterDriver strict = parser({});
  EXPECT_TRUE(strict.send(batch).empty());
  FilterDriver filter = parser({{"replace_invalid_sequence", "true"}});
  EXPECT_EQ(filter.send(batch).at(0).record, R"({"a":"?"})");
}

TEST(FilterParser, scrubbing_is_one_mark_for_each_broken_character) {
  std::string out;
  const std::string_view fine = "a \xc3\xa9 \xf0\x9f\x92\xa5";
  EXPECT_EQ(plugins::scrub(fine, out).data(), fine.data());
  EXPECT_EQ(plugins::scrub("a\xff"
                           "b\xc3",
                           out),
            "a?b?");
  EXPECT_EQ(plugins::scrub("\xf0\x9f\x92", out), "?");
  EXPECT_EQ(plugins::scrub("\xe0\x80\xed\xa0\x80\xc0\xaf", out), "???????");
}

TEST(FilterParser, keys_that_are_no_texts_become_texts_where_they_are_merged) {
  const std::string inner = "\x82\x01\xa1x\xa1y\x02";
  const std::string outer = "\x81\xa3log\xc4" + std::string(1, static_cast<char>(inner.size())) + inner;
  const auto batch = logboom::testing::BatchOf("t").packed(outer).make();
  FilterDriver filter = parser({{"reserve_data", "true"}, {"remove_key_name_field", "true"}}, {{"@type", "msgpack"}});
  EXPECT_EQ(filter.send(batch).at(0).record, R"({"1":"x","y":2})");
}

TEST(FilterParser, the_form_without_a_parse_section_works) {
  EXPECT_EQ(parser({{"format", "json"}, {"time_key", "t"}}, {}).send("t", R"({"log":"{\"t\":5,\"a\":1}"})").at(0).time,
            "5");
  FilterDriver regexp = parser({{"format", "/^(?<n>\\d+)$/"}, {"types", "n:integer"}}, {});
  EXPECT_EQ(regexp.record(R"({"log":"12"})"), R"({"n":12})");
  EXPECT_TRUE(regexp.warnings().empty());
  EXPECT_THROW(parser({}, {}), ConfigError);
  EXPECT_THROW(parser({}, {{"x", "y"}}), ConfigError);
}

}  // namespace
