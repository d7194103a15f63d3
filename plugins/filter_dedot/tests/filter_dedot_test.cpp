#include <gmock/gmock.h>
#include <logboom/testing/filter_driver.hpp>

namespace logboom::plugins {
PluginInfo filter_dedot();
}

namespace {

using logboom::OutBuffer;
using logboom::testing::FilterDriver;

std::string dedotted(std::string_view json, const FilterDriver::Params& params = {}) {
  return FilterDriver(logboom::plugins::filter_dedot(), params).record(json);
}

const std::string record = R"({"a.b.c":1,"d":{"e.f":{"g.h":"x.y"}},"l":[{"m.n":1},[{"o.p":2}]],".":3})";

TEST(FilterDedot, dots_in_keys_become_underscores_and_values_stay) {
  EXPECT_EQ(dedotted(record), R"({"a_b_c":1,"d":{"e.f":{"g.h":"x.y"}},"l":[{"m.n":1},[{"o.p":2}]],"_":3})");
}

TEST(FilterDedot, nested_keys_too_when_asked) {
  EXPECT_EQ(dedotted(record, {{"de_dot_nested", "true"}}),
            R"({"a_b_c":1,"d":{"e_f":{"g_h":"x.y"}},"l":[{"m_n":1},[{"o_p":2}]],"_":3})");
}

TEST(FilterDedot, the_separator_can_be_anything_but_a_dot) {
  EXPECT_EQ(dedotted(R"({"a.b":1})", {{"de_dot_separator", "::"}}), R"({"a::b":1})");
  EXPECT_EQ(dedotted(R"({"a.b":1})", {{"de_dot_separator", ""}}), R"({"ab":1})");
  EXPECT_THROW(dedotted("{}", {{"de_dot_separator", "-."}}), logboom::ConfigError);
  EXPECT_EQ(dedotted(R"({"a.b":1})", {{"de_dot", "false"}}), R"({"a.b":1})");
}

TEST(FilterDedot, records_without_dots_are_kept) { EXPECT_EQ(dedotted(R"({"a":{"b":1}})"), R"({"a":{"b":1}})"); }

TEST(FilterDedot, keys_that_are_no_text_survive_and_long_keys_get_a_longer_header) {
  OutBuffer bytes;
  logboom::msgpack::Writer writer(bytes);
  writer.map(3);
  writer.integer(5);
  writer.nil();
  writer.string("12345678901234567890123456789.1");
  writer.array(0);
  writer.map(1);
  writer.string("in.key");
  writer.integer(1);
  writer.boolean(true);
  FilterDriver filter(logboom::plugins::filter_dedot(), {{"de_dot_separator", "---"}});
  EXPECT_EQ(filter.send(logboom::testing::BatchOf("t").packed(bytes.text()).make()).at(0).record,
            R"({"5":null,"12345678901234567890123456789---1":[],"{\"in.key\":1}":true})");
}

TEST(FilterDedot, very_deep_records_are_no_danger) {
  std::string deep;
  for (int i = 0; i < 50'000; ++i) deep += "\x81\xa1.";
  deep += "\xc0";
  FilterDriver filter(logboom::plugins::filter_dedot(), {{"de_dot_nested", "true"}});
  EXPECT_EQ(filter.send(logboom::testing::BatchOf("t").packed(deep).make()).size(), 1u);
}

}  // namespace
