#include <gtest/gtest.h>
#include <logboom/extract.hpp>
#include <logboom/testing/events.hpp>
#include <logboom/testing/filter_driver.hpp>

namespace {

using namespace logboom;
using namespace logboom::testing;

struct Found {
  std::string tag = "-";
  std::string time = "-";
  std::string record;
  bool bad_time = false;
};

Found extracted(const FakeContext::Params& params, std::string_view json) {
  FakeContext context("source", "x");
  context.section().children.push_back(section("extract", params));
  ExtractOptions options;
  schema_of<ExtractOptions>().apply(context.section().children[0], &options,
                                    [](const SourcePos&, std::string message) { ADD_FAILURE() << message; });
  Extractor extractor(options, context.element());
  const std::string bytes = msgpack_of(json);
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const Extractor::Extracted out = extractor.apply(msgpack::Value(data, data + bytes.size()));
  Found found;
  if (out.tag) found.tag = std::string(*out.tag);
  if (out.time) found.time = time_text(*out.time);
  found.record = json_text(out.record);
  found.bad_time = out.bad_time;
  return found;
}

TEST(Extract, takes_tag_and_time_out_of_the_record) {
  const Found found = extracted({{"tag_key", "tag"}, {"time_key", "t"}}, R"({"a":1,"tag":"x.y","t":1700000000.5})");
  EXPECT_EQ(found.tag, "x.y");
  EXPECT_EQ(found.time, "1700000000.500000000");
  EXPECT_EQ(found.record, R"({"a":1})");
}

TEST(Extract, leaves_them_in_the_record_where_told_to) {
  const Found found =
      extracted({{"tag_key", "tag"}, {"keep_tag_key", "true"}, {"time_key", "t"}, {"keep_time_key", "true"}},
                R"({"tag":"x","t":5})");
  EXPECT_EQ(found.tag, "x");
  EXPECT_EQ(found.time, "5");
  EXPECT_EQ(found.record, R"({"tag":"x","t":5})");
}

TEST(Extract, what_is_not_there_is_not_extracted) {
  const Found found = extracted({{"tag_key", "tag"}, {"time_key", "t"}}, R"({"a":1})");
  EXPECT_EQ(found.tag, "-");
  EXPECT_EQ(found.time, "-");
  EXPECT_FALSE(found.bad_time);
  EXPECT_EQ(found.record, R"({"a":1})");
}

TEST(Extract, a_tag_of_another_type_is_its_text) {
  EXPECT_EQ(extracted({{"tag_key", "tag"}}, R"({"tag":5})").tag, "5");
  EXPECT_EQ(extracted({{"tag_key", "tag"}}, R"({"tag":null})").tag, "");
}

TEST(Extract, a_time_is_read_as_its_type_says) {
  EXPECT_EQ(extracted({{"time_key", "t"}, {"time_type", "unixtime"}}, R"({"t":"1700000000"})").time, "1700000000");
  EXPECT_EQ(extracted({{"time_key", "t"}, {"time_type", "string"}, {"time_format", "%Y-%m-%d"}, {"utc", "true"}},
                      R"({"t":"2023-11-14"})")
                .time,
            "1699920000");
}

TEST(Extract, a_time_that_cant_be_read_stays_in_the_record) {
  const Found found =
      extracted({{"time_key", "t"}, {"time_type", "string"}, {"time_format", "%Y-%m-%d"}}, R"({"t":"soon"})");
  EXPECT_TRUE(found.bad_time);
  EXPECT_EQ(found.time, "-");
  EXPECT_EQ(found.record, R"({"t":"soon"})");
}

}  // namespace
