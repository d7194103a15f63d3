#include <logboom/json_reader.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <logboom/json.hpp>

namespace {

using logboom::JsonError;
using logboom::JsonFramer;
using logboom::JsonReader;
using logboom::OutBuffer;
using logboom::msgpack::Scan;

std::string msgpack_of(std::string_view text) {
  JsonReader reader;
  OutBuffer out;
  JsonError error;
  EXPECT_TRUE(reader.read(text, out, error)) << error.message;
  return std::string(out.text());
}
std::string there_and_back(std::string_view text) {
  const std::string bytes = msgpack_of(text);
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  OutBuffer out;
  logboom::append_json(out, logboom::msgpack::Value(data, data + bytes.size()));
  return std::string(out.text());
}

TEST(JsonReader, json_becomes_the_shortest_msgpack) {
  EXPECT_EQ(msgpack_of(R"({"a":[1,-1,"x",null,true]})"), std::string("\x81\xa1"
                                                                     "a\x95\x01\xff\xa1x\xc0\xc3",
                                                                     10));
}

TEST(JsonReader, a_text_comes_back_as_it_was) {
  for (const char* text :
       {R"({"z":1,"a":{"b":[]},"z":2})", R"([0.5,1.0e+300,-7,18446744073709551615,-9223372036854775808])",
        R"({"s":"é🚢\"\\\n\u0001"})", "[]", "{}", R"(["a",[[[[]]]],false])"}) {
    EXPECT_EQ(there_and_back(text), text);
  }
}

TEST(JsonReader, integers_beyond_64_bits_become_floats) {
  EXPECT_EQ(there_and_back("[18446744073709551616,-9223372036854775809,1]"),
            "[1.8446744073709552e+19,-9.223372036854776e+18,1]");
  EXPECT_EQ(
      there_and_back(R"({"12345678901234567890123":123456789012345678901234567890,"\"1":"99999999999999999999"})"),
      R"({"12345678901234567890123":1.2345678901234568e+29,"\"1":"99999999999999999999"})");
}

TEST(JsonReader, surrogate_pairs_are_characters) {
  EXPECT_EQ(there_and_back(R"(["\ud83d\udea2\u00e9"])"), R"(["🚢é"])");
}

TEST(JsonReader, what_is_wrong_is_told_with_its_place) {
  JsonReader reader;
  OutBuffer out;
  out.append("before");
  JsonError error;
  EXPECT_FALSE(reader.read(R"({"a":1,"b":tru})", out, error));
  EXPECT_EQ(error.offset, 14u);
  EXPECT_FALSE(error.message.empty());
  for (const char* text :
       {"", " ", "{", "[1,]", R"({"a"})", "[1] 2", "nul", "[1e999]", "[\"\xff\"]", "[\"a\nb\"]", "[01]"}) {
    EXPECT_FALSE(reader.read(text, out, error)) << text;
    EXPECT_LE(error.offset, std::string_view(text).size());
  }
  EXPECT_EQ(out.text(), "before");
  EXPECT_TRUE(reader.read("[1]", out, error));
}

TEST(JsonReader, nesting_beyond_the_limit_is_an_error) {
  JsonReader reader;
  OutBuffer out;
  JsonError error;
  EXPECT_TRUE(reader.read(std::string(1000, '[') + std::string(1000, ']'), out, error));
  EXPECT_FALSE(reader.read(std::string(100'000, '[') + std::string(100'000, ']'), out, error));
}

std::vector<std::string> frames_of(const std::vector<std::string_view>& pieces) {
  JsonFramer framer;
  std::vector<std::string> frames;
  std::string current;
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      const JsonFramer::Frame frame = framer.advance(piece.data(), piece.size());
      current += piece.substr(0, frame.used);
      piece.remove_prefix(frame.used);
      if (frame.scan == Scan::complete) frames.push_back(std::exchange(current, {}));
      if (frame.scan == Scan::malformed) return frames.push_back("malformed"), frames;
    }
  }
  if (!framer.idle()) frames.push_back("incomplete");
  return frames;
}

TEST(JsonFramer, values_end_at_the_same_place_however_the_stream_is_cut) {
  const std::string_view text = "{\"a\":\"}\\\"]\"}\n[1,[\"\\\\\"],{}]{}  \n\t[]";
  const std::vector<std::string> expected{"{\"a\":\"}\\\"]\"}", "\n[1,[\"\\\\\"],{}]", "{}", "  \n\t[]"};
  for (std::size_t a = 0; a <= text.size(); ++a) {
    for (std::size_t b = a; b <= text.size(); ++b) {
      ASSERT_EQ(frames_of({text.substr(0, a), text.substr(a, b - a), text.substr(b)}), expected) << a << ' ' << b;
    }
  }
}

TEST(JsonFramer, scalars_and_stray_brackets_at_the_top_are_malformed) {
  for (const char* text : {"1", "\"x\"", "null", "]", "}", ",", "\x92"}) {
    EXPECT_EQ(frames_of({text}), std::vector<std::string>{"malformed"}) << text;
  }
  EXPECT_EQ(frames_of({"[1] x"}), (std::vector<std::string>{"[1]", "malformed"}));
}

TEST(JsonFramer, an_open_value_is_incomplete) {
  EXPECT_EQ(frames_of({"[\"]"}), std::vector<std::string>{"incomplete"});
  EXPECT_EQ(frames_of({" \n"}), std::vector<std::string>{});
}

TEST(JsonFramer, nesting_beyond_the_limit_is_malformed_at_once) {
  JsonFramer framer;
  const std::string text(100'000, '[');
  const JsonFramer::Frame frame = framer.advance(text.data(), text.size());
  EXPECT_EQ(frame.scan, Scan::malformed);
  EXPECT_EQ(frame.used, logboom::json_max_depth);
}

}  // namespace
