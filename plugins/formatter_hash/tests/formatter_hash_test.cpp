#include <gtest/gtest.h>
#include <logboom/testing/formatter_driver.hpp>

#include <cmath>

namespace logboom::plugins {
PluginInfo formatter_hash();
}

namespace {

using namespace logboom;
using logboom::testing::FormatterDriver;

std::string line(std::string_view record, const FormatterDriver::Params& params = {}) {
  return FormatterDriver(plugins::formatter_hash(), params).format("t", {}, record);
}

template <class Write>
std::string shown(Write&& write) {
  OutBuffer bytes;
  msgpack::Writer writer(bytes);
  write(writer);
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return FormatterDriver(plugins::formatter_hash(), {{"add_newline", "false"}})
      .format("t", {}, msgpack::Value(data, data + bytes.size()));
}

std::string shown_text(std::string_view text) {
  const std::string all = shown([&](msgpack::Writer& w) {
    w.map(1);
    w.string("a");
    w.string(text);
  });
  return all.substr(7, all.size() - 9);  // {"a"=>"…"}
}

TEST(FormatterHash, a_record_is_shown_as_ruby_shows_a_hash) {
  EXPECT_EQ(line(R"({"a":1,"b":null,"c":"x","d":true,"e":1.0e20,"f":0.5})"),
            "{\"a\"=>1, \"b\"=>nil, \"c\"=>\"x\", \"d\"=>true, \"e\"=>1.0e+20, \"f\"=>0.5}\n");
  EXPECT_EQ(line("{}"), "{}\n");
}

TEST(FormatterHash, nested_arrays_and_hashes_are_shown_inside) {
  EXPECT_EQ(line(R"({"a":[],"b":[1,[2,{}],{"c":[3]}],"d":{"e":{"f":4},"g":5},"h":6})"),
            "{\"a\"=>[], \"b\"=>[1, [2, {}], {\"c\"=>[3]}], \"d\"=>{\"e\"=>{\"f\"=>4}, \"g\"=>5}, \"h\"=>6}\n");
}

TEST(FormatterHash, strings_are_escaped_as_inspect_does_it) {
  EXPECT_EQ(shown_text("\"\\ \n\r\t\f\v\b\a\x1b"), R"(\"\\ \n\r\t\f\v\b\a\e)");
  EXPECT_EQ(shown_text(std::string_view("\0\x01\x7f", 3)), R"(\u0000\u0001\u007F)");
  EXPECT_EQ(shown_text("#{x} #a #$y #@z #"), R"(\#{x} #a \#$y \#@z #)");
  EXPECT_EQ(shown_text("\u00e9 \U0001f600 \u2028 \u0080"), "\u00e9 \U0001f600 \\u2028 \\u0080");
}

TEST(FormatterHash, bytes_that_are_not_utf8_are_shown_in_hex) {
  EXPECT_EQ(shown_text("a\xff\xc3"), R"(a\xFF\xC3)");
  EXPECT_EQ(shown_text("\xed\xa0\x80 \xc0\x80 \xf5"), R"(\xED\xA0\x80 \xC0\x80 \xF5)");
}

TEST(FormatterHash, a_binary_is_a_string_of_bytes) {
  EXPECT_EQ(shown([](msgpack::Writer& w) {
              w.map(1);
              w.binary("k");
              w.binary("\xc3\xa9\x01\n");
            }),
            R"({"k"=>"\xC3\xA9\x01\n"})");
}

TEST(FormatterHash, keys_of_any_type_and_duplicates_are_shown) {
  EXPECT_EQ(shown([](msgpack::Writer& w) {
              w.map(4);
              w.integer(-1);
              w.integer(1);
              w.array(1);
              w.nil();
              w.boolean(false);
              w.string("a");
              w.floating(NAN);
              w.string("a");
              w.floating(-INFINITY);
            }),
            R"({-1=>1, [nil]=>false, "a"=>NaN, "a"=>-Infinity})");
}

TEST(FormatterHash, deep_nesting_is_no_problem) {
  constexpr int depth = 100000;
  const std::string text = shown([](msgpack::Writer& w) {
    w.map(1);
    w.string("a");
    for (int i = 0; i < depth; ++i) w.array(1);
    w.nil();
  });
  EXPECT_EQ(text, "{\"a\"=>" + std::string(depth, '[') + "nil" + std::string(depth, ']') + "}");
}

TEST(FormatterHash, the_line_end_can_be_left_out_or_be_crlf) {
  EXPECT_EQ(line(R"({"a":1})", {{"add_newline", "false"}}), "{\"a\"=>1}");
  EXPECT_EQ(line(R"({"a":1})", {{"newline", "crlf"}}), "{\"a\"=>1}\r\n");
}

}  // namespace
