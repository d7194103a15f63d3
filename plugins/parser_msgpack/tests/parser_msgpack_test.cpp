#include <gtest/gtest.h>
#include <logboom/json_reader.hpp>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo parser_msgpack();
}

namespace {

using logboom::testing::ParsedRow;
using logboom::testing::ParserDriver;

std::string packed(std::string_view json) {
  logboom::OutBuffer out;
  logboom::JsonError error;
  EXPECT_TRUE(logboom::JsonReader().read_all(json, out, error));
  return std::string(out.text());
}

ParserDriver driver(const ParserDriver::Params& params = {}) {
  return ParserDriver(logboom::plugins::parser_msgpack(), params);
}

TEST(ParserMsgpack, each_map_and_each_map_of_an_array_is_a_record) {
  const std::vector<ParsedRow> rows{{"", R"({"a":1})"}, {"", R"({"b":2})"}, {"", R"({"c":3})"}};
  EXPECT_EQ(driver().parse(packed(R"({"a":1}[{"b":2},{"c":3}])")), rows);
  EXPECT_EQ(driver().parser().unit(), logboom::Parser::Unit::stream);
}

TEST(ParserMsgpack, a_stream_may_be_cut_anywhere) {
  const std::string stream = packed(R"({"a":"some text"}[{"b":[1,2,{"x":null}]}]{"c":1.5})");
  const std::vector<ParsedRow> rows = driver().parse(stream);
  ASSERT_EQ(rows.size(), 3u);
  for (std::size_t step = 1; step < stream.size(); ++step) {
    ParserDriver parser = driver();
    std::vector<ParsedRow> got;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      for (ParsedRow& row : parser.parse(std::string_view(stream).substr(at, step))) got.push_back(std::move(row));
      EXPECT_EQ(parser.error, "");
    }
    EXPECT_EQ(got, rows) << step;
  }
}

TEST(ParserMsgpack, what_is_no_map_is_refused_with_all_that_came_with_it) {
  ParserDriver parser = driver();
  EXPECT_TRUE(parser.parse(packed(R"({"a":1}[5])")).empty());
  EXPECT_EQ(parser.error, "a msgpack array with an element that is no map");
  EXPECT_TRUE(parser.parse(packed("{}") + "\x05").empty());
  EXPECT_EQ(parser.error, "a msgpack object that is no map");
  EXPECT_EQ(parser.record(packed(R"({"a":1})")), R"({"a":1})") << "the stream goes on";
}

TEST(ParserMsgpack, malformed_bytes_are_refused_and_forgotten) {
  ParserDriver parser = driver();
  EXPECT_TRUE(parser.parse("\x81\xa1").empty());
  EXPECT_EQ(parser.error, "");
  EXPECT_TRUE(parser.parse("a\xc1").empty());
  EXPECT_EQ(parser.error, "malformed msgpack");
  EXPECT_EQ(parser.record(packed(R"({"a":1})")), R"({"a":1})");
}

TEST(ParserMsgpack, the_time_may_be_a_number_a_text_or_an_event_time) {
  ParserDriver parser = driver({{"time_key", "t"}, {"time_type", "float"}});
  EXPECT_EQ(parser.time(packed(R"({"t":1.5})")), "1.500000000");
  EXPECT_EQ(parser.time(std::string("\x81\xa1t\xd7\x00\x00\x00\x00\x05\x00\x00\x00\x07", 13)), "5.000000007");
  EXPECT_EQ(parser.record(packed(R"({"t":"1.5","a":1})")), R"({"a":1})");
}

TEST(ParserMsgpack, keys_that_are_no_text_are_kept) {
  ParserDriver parser = driver({{"types", "a:string"}});
  EXPECT_EQ(parser.record(std::string("\x82\x01\x02\xa1\x61\x03", 6)), R"({"1":2,"a":"3"})");
}

}  // namespace
