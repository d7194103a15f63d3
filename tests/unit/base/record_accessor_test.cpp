#include <gmock/gmock.h>

#include <logboom/record_accessor.hpp>

#include "base/record_test_support.hpp"

namespace {

using logboom::RecordAccessor;
using logboom::record_test::Json;
using logboom::record_test::to_json;
using testing::HasSubstr;

const std::string json =
    R"({"a":{"b":[1,{"c":"x"}],"b.c":true,"d":null,"":"empty"},"k.l":"dotted","$.x":1,"$":2,"e":"last","e":"wins"})";

std::string found(std::string_view path, std::string_view record = json) {
  return to_json(RecordAccessor::compile(path).find(Json(record).record()));
}

std::string refusal(std::string_view path) {
  try {
    RecordAccessor::compile(path);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(RecordAccessor, a_plain_key_is_taken_as_it_is) {
  EXPECT_EQ(found("e"), "\"wins\"");
  EXPECT_EQ(found("k.l"), "\"dotted\"");
  EXPECT_EQ(found("$"), "2");
  EXPECT_EQ(found("a.b"), "nothing");
}

TEST(RecordAccessor, dots_go_down_and_brackets_count) {
  EXPECT_EQ(found("$.a.b[0]"), "1");
  EXPECT_EQ(found("$.a.b[-1].c"), "\"x\"");
  EXPECT_EQ(found("$.a.b[1]"), R"({"c":"x"})");
  EXPECT_EQ(found("$.a.d"), "null");
  EXPECT_EQ(found("$.a."), to_json(RecordAccessor::compile("a").find(Json(json).record())));
}

TEST(RecordAccessor, keys_in_brackets_may_hold_dots) {
  EXPECT_EQ(found("$['a']['b.c']"), "true");
  EXPECT_EQ(found("$[\"a\"]['b'][1]['c']"), "\"x\"");
  EXPECT_EQ(found("$['k.l']"), "\"dotted\"");
  EXPECT_EQ(found("$['$.x']"), "1");
  EXPECT_EQ(found("$.a['b.c']"), "true");
  EXPECT_EQ(found("$['a'].b[0]"), "1");
  EXPECT_EQ(found("$.a['']"), "\"empty\"");
}

TEST(RecordAccessor, what_is_not_there_is_nothing) {
  EXPECT_EQ(found("$.a.b[2]"), "nothing");
  EXPECT_EQ(found("$.a.b[-3]"), "nothing");
  EXPECT_EQ(found("$.a.b.c"), "nothing");
  EXPECT_EQ(found("$.e.f.g"), "nothing");
  EXPECT_EQ(found("$.a[0]"), "nothing");
  EXPECT_EQ(found("x", "{}"), "nothing");
}

TEST(RecordAccessor, a_number_finds_the_key_that_is_this_number) {
  logboom::OutBuffer bytes;
  logboom::msgpack::Writer writer(bytes);
  writer.map(1);
  writer.string("a");
  writer.map(2);
  writer.nil();
  writer.integer(1);
  writer.integer(5);
  writer.string("five");
  const logboom::Record record(logboom::record_test::view(bytes));
  EXPECT_EQ(to_json(RecordAccessor::compile("$.a[5]").find(record)), "\"five\"");
  EXPECT_EQ(to_json(RecordAccessor::compile("$.a[1]").find(record)), "nothing");
}

TEST(RecordAccessor, errors_name_the_character_and_the_right_form) {
  EXPECT_THAT(refusal("$.a[x]"), HasSubstr("'$.a[x]' at character 5: expected a number or a key in quotes"));
  EXPECT_THAT(refusal("$.a[1"), HasSubstr("at character 4: '[' is not closed"));
  EXPECT_THAT(refusal("$['a"), HasSubstr("the quote is not closed"));
  EXPECT_THAT(refusal("$['a']b"), HasSubstr("at character 7: expected '.' or '['"));
  EXPECT_THAT(refusal("$[0]"), HasSubstr("the first step is a key"));
  EXPECT_THAT(refusal("$."), HasSubstr("there is no key"));
  EXPECT_THAT(refusal(""), HasSubstr("it is empty"));
  EXPECT_THAT(refusal("$.a[]"), HasSubstr("write a key, $.a.b[0] or $['a']['b.c'][0]"));
}

}  // namespace
