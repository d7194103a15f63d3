#include <gmock/gmock.h>
#include <logboom/testing/filter_driver.hpp>

namespace logboom::plugins {
PluginInfo filter_record_modifier();
}

namespace {

using logboom::ConfigError;
using logboom::testing::FakeContext;
using logboom::testing::FilterDriver;
using testing::HasSubstr;

using Params = FilterDriver::Params;

FilterDriver driver(const Params& fields, const Params& params = {}, const std::vector<Params>& replacements = {}) {
  return FilterDriver(logboom::plugins::filter_record_modifier(), params, [&](FakeContext& context) {
    context.settings().hostname = "node1";
    auto& children = context.section().children;
    if (!fields.empty()) children.push_back(logboom::testing::section("record", fields));
    for (const Params& each : replacements) children.push_back(logboom::testing::section("replace", each));
  });
}
std::string changed(std::string_view json, const Params& fields, const Params& params = {},
                    const std::vector<Params>& replacements = {}) {
  auto filter = driver(fields, params, replacements);
  return filter.record(json);
}
std::string refusal(const Params& fields, const Params& params, const std::vector<Params>& replacements = {}) {
  try {
    driver(fields, params, replacements);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(FilterRecordModifier, adds_fixed_values_and_expressions) {
  EXPECT_EQ(changed(R"({"key1":"a","dict":{"key":"b"}})", {{"foo", R"(bar\n{x})"},
                                                           {"tag", "${tag}"},
                                                           {"first", "${tag_parts[0]}-foo"},
                                                           {"new", "foo:${record['key1'] + record['dict']['key']}"},
                                                           {"n", "${1 + 1}"}}),
            R"({"key1":"a","dict":{"key":"b"},"foo":"bar\\n{x}","tag":"t","first":"t-foo","new":"foo:ab","n":2})");
}

TEST(FilterRecordModifier, a_field_sees_those_above_it) {
  EXPECT_EQ(changed(R"({"a":1})", {{"b", R"(${record["a"] + 1})"},
                                   {"c", R"(${record["b"] + 1})"},
                                   {"d", "${record.keys.join}"},
                                   {"b", "${record['c'] * 2}"}}),
            R"({"a":1,"b":6,"c":3,"d":"abc"})");
}

TEST(FilterRecordModifier, removes_keys_nested_ones_too) {
  EXPECT_EQ(changed(R"({"key1":1,"key2":{"a":1,"b":2},"key3":3})", {}, {{"remove_keys", "key1, $.key2.a"}}),
            R"({"key2":{"b":2},"key3":3})");
}

TEST(FilterRecordModifier, whitelist_keys_are_all_that_stays) {
  EXPECT_EQ(
      changed(R"({"key1":1,"key2":2,"key3":3})", {{"new", "x"}, {"key2", "y"}}, {{"whitelist_keys", "key3,key2"}}),
      R"({"key2":"y","key3":3})");
  EXPECT_EQ(changed(R"({"key1":1,"key2":2})", {}, {{"whitelist_keys", "key2"}}), R"({"key2":2})");
}

TEST(FilterRecordModifier, replaces_parts_of_texts) {
  const Params named{
      {"key", "key1"}, {"expression", R"(/^(?<start>.+).{2}(?<end>.+)$/)"}, {"replace", R"(\k<start>ors\k<end>)"}};
  const Params numbered{{"key", "key2"}, {"expression", R"(/^(.{1}).{2}(.{1})$/)"}, {"replace", R"(\1ors\2)"}};
  EXPECT_EQ(changed(R"({"key1":"hoge","key2":"hoge","key3":"bar"})", {}, {}, {named, numbered}),
            R"({"key1":"horse","key2":"horse","key3":"bar"})");
  EXPECT_EQ(changed(R"({"key1":5,"x":1})", {}, {}, {named, numbered}), R"({"key1":5,"x":1})");
  const Params odd{{"key", "it's"}, {"expression", R"(/a\/b'#{x}?\\/)"}, {"replace", R"(it's \\ "q")"}};
  EXPECT_EQ(changed(R"({"it's":"-a/b'#{x\\-"})", {}, {}, {odd}), R"({"it's":"-it's \\ \"q\"-"})");
}

TEST(FilterRecordModifier, converts_between_encodings) {
  EXPECT_EQ(changed(R"({"a":"caf","b":1})", {}, {{"char_encoding", "utf-8"}}), R"({"a":"caf","b":1})");
  auto filter = driver({{"x", "y"}}, {{"char_encoding", "iso-8859-1:utf-8"}});
  const std::string record =
      "\x82\xa1"
      "a\xa4"
      "caf\xe9\xa1"
      "b\x01";
  const auto rows = filter.send(logboom::testing::BatchOf("t").packed(record).make());
  EXPECT_EQ(rows.at(0).record, "{\"a\":\"caf\xc3\xa9\",\"b\":1,\"x\":\"y\"}");
  auto mends = driver({}, {{"char_encoding", "utf-8:utf-8"}});
  EXPECT_EQ(mends
                .send(logboom::testing::BatchOf("t")
                          .packed("\x81\xa1"
                                  "a\xa3"
                                  "x\xff"
                                  "y")
                          .make())
                .at(0)
                .record,
            "{\"a\":\"x\xef\xbf\xbdy\"}");
}

TEST(FilterRecordModifier, an_expression_that_fails_sends_the_event_to_error) {
  auto filter = driver({{"x", "${record['a']['b']}"}});
  EXPECT_EQ(filter.record("{}"), "");
  EXPECT_EQ(filter.outcome().failed.at(0).second, "failed to expand the field 'x': undefined method '[]' for nil");
}

TEST(FilterRecordModifier, what_can_not_be_done_is_refused) {
  EXPECT_THAT(refusal({}, {{"prepare_value", "require 'x'"}}), HasSubstr("compute the value in <record>"));
  EXPECT_THAT(refusal({}, {{"whitelist_keys", "a"}, {"remove_keys", "b"}}), HasSubstr("exclude each other"));
  EXPECT_THAT(refusal({}, {{"char_encoding", "utf-8:klingon"}}), HasSubstr("no conversion from 'utf-8' to 'klingon'"));
  EXPECT_THAT(refusal({{"_dummy_", "${record['bar'] = 'Hi!'; nil}"}}, {}),
              HasSubstr("an expression can't change the record"));
  EXPECT_THAT(refusal({}, {}, {{{"key", "a"}, {"expression", "/(/"}, {"replace", ""}}}), HasSubstr("invalid regexp"));
}

TEST(FilterRecordModifier, without_changes_the_event_is_kept) { EXPECT_EQ(changed(R"({"a":1})", {}), R"({"a":1})"); }

}  // namespace
