#include <gmock/gmock.h>
#include <logboom/testing/filter_driver.hpp>

namespace logboom::plugins {
PluginInfo filter_record_transformer();
}

namespace {

using logboom::ConfigError;
using logboom::EventTime;
using logboom::testing::FakeContext;
using logboom::testing::FilterDriver;
using testing::ElementsAre;
using testing::HasSubstr;

using Params = FilterDriver::Params;

FilterDriver driver(const Params& fields, const Params& params = {}) {
  return FilterDriver(logboom::plugins::filter_record_transformer(), params, [&fields](FakeContext& context) {
    context.settings().hostname = "node1";
    context.section().children.push_back(logboom::testing::section("record", fields));
  });
}
std::string changed(std::string_view json, const Params& fields, const Params& params = {}) {
  auto filter = driver(fields, params);
  return filter.record(json);
}
std::string by_ruby(std::string_view json, const Params& fields, Params params = {}) {
  params.emplace_back("enable_ruby", "true");
  return changed(json, fields, params);
}
std::string refusal(const Params& fields, const Params& params = {}) {
  try {
    driver(fields, params);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(FilterRecordTransformer, adds_fields_behind_and_replaces_those_that_are_there) {
  EXPECT_EQ(changed(R"({"message":"hello","hostname":"x"})", {{"tag", "${tag}"}, {"hostname", "${hostname}"}}),
            R"({"message":"hello","hostname":"node1","tag":"t"})");
  EXPECT_EQ(changed(R"({"message":"hi"})", {{"message", R"(yay, ${record["message"]})"}}), R"({"message":"yay, hi"})");
}

TEST(FilterRecordTransformer, parts_of_the_tag) {
  auto filter = driver({{"p", "${tag_parts[1]}"},
                        {"pre", "${tag_prefix[1]}"},
                        {"suf", "${tag_suffix[-1]}"},
                        {"none", "${tag_parts[7]}"}});
  EXPECT_EQ(filter.send("debug.my.app", "{}").at(0).record, R"({"p":"my","pre":"debug.my","suf":"app","none":null})");
}

TEST(FilterRecordTransformer, one_placeholder_keeps_its_type_unless_told_otherwise) {
  const Params fields{{"n", R"(${record["total"]})"}, {"text", R"(${record["total"]}x)"}, {"number", "1"}};
  EXPECT_EQ(changed(R"({"total":100})", fields), R"({"total":100,"n":100,"text":"100x","number":"1"})");
  EXPECT_EQ(changed(R"({"total":100})", fields, {{"auto_typecast", "false"}}),
            R"({"total":100,"n":"100","text":"100x","number":"1"})");
}

TEST(FilterRecordTransformer, json_values_are_expanded_inside_keys_too) {
  const Params fields{{"new", R"({"${tag}":{"n":${record["n"]}}, "list":["${record["n"]}","x-${tag}",5,null]})"}};
  EXPECT_EQ(by_ruby(R"({"n":7})",
                    {{"new", R"({"k-${tag}":{"n":"${record['n']}"},"list":["${record['n']}","x-${tag}",5,null]})"}}),
            R"({"n":7,"new":{"k-t":{"n":7},"list":[7,"x-t",5,null]}})");
  auto broken = driver(fields);
  EXPECT_THAT(broken.warnings(), ElementsAre(HasSubstr("looks like JSON and is none")));
}

TEST(FilterRecordTransformer, keys_may_have_placeholders) {
  EXPECT_EQ(by_ruby(R"({"k":"name"})", {{R"(${record["k"]}_x)", "1"}}), R"({"k":"name","name_x":"1"})");
}

TEST(FilterRecordTransformer, ruby_expressions_compute_values) {
  const std::string record = R"({"total":100,"count":8,"payload":{"key":"v"},"log":" A b "})";
  EXPECT_EQ(by_ruby(record, {{"avg", R"(${record["total"] / record["count"]})"},
                             {"day", "${time.utc.strftime('%Y-%m-%d')}"},
                             {"nested", R"(${record["payload"]["key"]})"},
                             {"log", R"(${record["log"].strip.downcase})"}}),
            R"({"total":100,"count":8,"payload":{"key":"v"},"log":"a b","avg":12,"day":"2023-11-14","nested":"v"})");
  EXPECT_EQ(by_ruby(R"({"a":1})", {{"all", "${record.to_json}"}}), R"({"a":1,"all":"{\"a\":1}"})");
}

TEST(FilterRecordTransformer, fields_see_the_record_as_it_came) {
  EXPECT_EQ(by_ruby(R"({"a":1})", {{"a", "${2}"}, {"b", R"(${record["a"]})"}}), R"({"a":2,"b":1})");
}

TEST(FilterRecordTransformer, an_expression_that_fails_sends_the_event_to_error) {
  auto filter = driver({{"x", R"(${record["a"].upcase})"}}, {{"enable_ruby", "true"}});
  EXPECT_EQ(filter.record(R"({"b":1})"), "");
  ASSERT_EQ(filter.outcome().failed.size(), 1u);
  EXPECT_EQ(filter.outcome().failed[0].first.record, R"({"b":1})");
  EXPECT_EQ(filter.outcome().failed[0].second, "failed to expand the field 'x': undefined method 'upcase' for nil");
  EXPECT_EQ(filter.record(R"({"a":"y"})"), R"({"a":"y","x":"Y"})");
}

TEST(FilterRecordTransformer, removes_keys_last_nested_ones_too) {
  EXPECT_EQ(changed(R"({"hostname":"h","kubernetes":{"pod_name":"p","pod_id":1},"x":1})", {{"y", R"(${record["x"]})"}},
                    {{"remove_keys", "hostname,$.kubernetes.pod_id,x"}}),
            R"({"kubernetes":{"pod_name":"p"},"y":1})");
}

TEST(FilterRecordTransformer, a_renewed_record_keeps_what_is_named) {
  EXPECT_EQ(changed(R"({"a":1,"b":2,"c":3})", {{"d", R"(${record["b"]})"}},
                    {{"renew_record", "true"}, {"keep_keys", "c,a,none"}}),
            R"({"c":3,"a":1,"d":2})");
  EXPECT_EQ(changed(R"({"a":1})", {}, {{"renew_record", "true"}}), "{}");
}

TEST(FilterRecordTransformer, the_time_may_come_from_a_field) {
  auto filter = driver({}, {{"renew_time_key", "at"}, {"remove_keys", "at"}});
  const auto time_of = [&](std::string_view json) { return filter.send("t", json).at(0).time; };
  EXPECT_EQ(time_of(R"({"at":1500000000,"x":1})"), "1500000000");
  EXPECT_EQ(time_of(R"({"at":"1500000000.25 s"})"), "1500000000.250000000");
  EXPECT_EQ(time_of(R"({"at":1500000000.5})"), "1500000000.500000000");
  EXPECT_EQ(time_of(R"({"x":1})"), "1700000000");
  EXPECT_TRUE(filter.send("t", R"({"at":[1]})").empty());
  EXPECT_THAT(filter.outcome().failed.at(0).second, HasSubstr("renew_time_key: the field 'at' is no time"));
}

TEST(FilterRecordTransformer, without_changes_the_event_is_kept) { EXPECT_EQ(changed(R"({"a":1})", {}), R"({"a":1})"); }

TEST(FilterRecordTransformer, unknown_placeholders_are_told_with_what_to_write) {
  auto filter = driver({{"a", "${message}"}, {"b", "${tag.upcase}-"}, {"c", "${record['x']}"}});
  EXPECT_THAT(
      filter.warnings(),
      ElementsAre(
          HasSubstr(
              R"(unknown placeholder ${message}, nothing comes in its place; for a field write ${record["message"]})"),
          HasSubstr("expressions need 'enable_ruby true'"), HasSubstr("'enable_ruby true'")));
  EXPECT_EQ(filter.record("{}"), R"({"a":null,"b":"-","c":null})");
}

TEST(FilterRecordTransformer, mistakes_are_refused_with_their_place) {
  EXPECT_THAT(refusal({{"x", R"(${record["a"].upcas})"}}, {{"enable_ruby", "true"}}),
              testing::AllOf(HasSubstr("test.conf:"), HasSubstr("at character 15: the method 'upcas' is not supported"),
                             HasSubstr("did you mean 'upcase'")));
  EXPECT_THAT(refusal({}, {{"keep_keys", "a"}}), HasSubstr("keep_keys needs 'renew_record true'"));
  EXPECT_THAT(refusal({}, {{"remove_keys", "$.a["}}), HasSubstr("invalid record accessor"));
}

TEST(FilterRecordTransformer, workers_do_not_share_what_they_write_to) {
  FilterDriver filter(logboom::plugins::filter_record_transformer(), {}, [](FakeContext& context) {
    context.settings().workers = 2;
    context.section().children.push_back(logboom::testing::section("record", {{"x", "${tag}"}}));
  });
  const auto batch = logboom::testing::BatchOf("t").json("{}").make();
  EXPECT_EQ(filter.send(batch, 0).at(0).record, R"({"x":"t"})");
  EXPECT_EQ(filter.send(batch, 1).at(0).record, R"({"x":"t"})");
}

}  // namespace
