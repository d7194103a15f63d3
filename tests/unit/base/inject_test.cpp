#include <gtest/gtest.h>
#include <logboom/inject.hpp>
#include <logboom/testing/events.hpp>
#include <logboom/testing/filter_driver.hpp>

namespace {

using namespace logboom;
using namespace logboom::testing;

/// A record as it is with the fields of an `<inject>` with these parameters.
std::string injected(const FakeContext::Params& params, std::string_view json,
                     EventTime time = {1700000000, 123456789}) {
  FakeContext context("match", "x");
  context.settings().hostname = "box";
  context.section().children.push_back(section("inject", params));
  InjectOptions options;
  schema_of<InjectOptions>().apply(context.section().children[0], &options,
                                   [](const SourcePos&, std::string message) { ADD_FAILURE() << message; });
  Injector injector(options, context.element(), context.system());
  std::string record;
  BatchOf("a.b").json(json, time).make()->for_each([&](const Event& event) {
    const Event changed = injector.apply("a.b", event);
    EXPECT_EQ(changed.time, event.time);
    EXPECT_EQ(changed.entry.end(), changed.record.value().end());
    record = json_text(changed.record.value());
  });
  return record;
}

TEST(Inject, adds_fields_behind_the_others_in_fluentds_order) {
  EXPECT_EQ(injected({{"time_key", "time"},
                      {"time_type", "unixtime"},
                      {"tag_key", "tag"},
                      {"worker_id_key", "worker"},
                      {"hostname_key", "host"}},
                     R"({"a":1})"),
            R"({"a":1,"host":"box","worker":0,"tag":"a.b","time":1700000000})");
}

TEST(Inject, a_field_that_is_there_is_replaced_in_its_place) {
  EXPECT_EQ(injected({{"tag_key", "a"}, {"hostname_key", "h"}, {"hostname", "other"}}, R"({"a":1,"b":2})"),
            R"({"a":"a.b","b":2,"h":"other"})");
}

TEST(Inject, times_come_in_every_unit) {
  const auto time = [](const char* type, EventTime at) {
    return injected({{"time_key", "t"}, {"time_type", type}}, "{}", at);
  };
  const EventTime at{1700000000, 123456789};
  EXPECT_EQ(time("float", at), R"({"t":1700000000.123456})");
  EXPECT_EQ(time("unixtime", at), R"({"t":1700000000})");
  EXPECT_EQ(time("unixtime_millis", at), R"({"t":1700000000123})");
  EXPECT_EQ(time("unixtime_micros", at), R"({"t":1700000000123456})");
  EXPECT_EQ(time("unixtime_nanos", at), R"({"t":1700000000123456789})");
  EXPECT_EQ(time("unixtime_millis", {-1, 0}), R"({"t":-1000})");
}

TEST(Inject, a_time_that_does_not_fit_its_unit_is_the_farthest_that_does) {
  EXPECT_EQ(injected({{"time_key", "t"}, {"time_type", "unixtime_nanos"}}, "{}", {INT64_MIN / 2, 0}),
            R"({"t":-9223372036854775808})");
}

TEST(Inject, a_time_may_be_a_text_in_a_zone) {
  EXPECT_EQ(injected({{"time_key", "t"}, {"time_type", "string"}, {"timezone", "+09:00"}}, "{}"),
            R"({"t":"2023-11-15T07:13:20+09:00"})");
  EXPECT_EQ(
      injected({{"time_key", "t"}, {"time_type", "string"}, {"time_format", "%H:%M:%S.%3N"}, {"utc", "true"}}, "{}"),
      R"({"t":"22:13:20.123"})");
}

TEST(Inject, without_a_key_the_event_stays_as_it_is) {
  const BatchPtr batch = BatchOf("t").json(R"({"a":1})").make();
  FakeContext context("match", "x");
  Injector none(std::nullopt, context.element(), context.system());
  Injector empty(InjectOptions{}, context.element(), context.system());
  batch->for_each([&](const Event& event) {
    EXPECT_EQ(none.apply("t", event).entry.begin(), event.entry.begin());
    EXPECT_EQ(empty.apply("t", event).entry.begin(), event.entry.begin());
  });
}

TEST(Inject, a_wrong_zone_is_a_configuration_error) {
  EXPECT_THROW(injected({{"time_key", "t"}, {"timezone", "Nowhere/At_all"}}, "{}"), ConfigError);
}

}  // namespace
