#include <logboom/json.hpp>

#include <gtest/gtest.h>
#include <simdjson.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include "base/json_string.hpp"

namespace {

using logboom::InvalidUtf8;
using logboom::OutBuffer;
using logboom::msgpack::Value;
using logboom::msgpack::Writer;

std::string json_of(const OutBuffer& bytes, logboom::JsonOptions options = {}) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  OutBuffer out;
  logboom::append_json(out, Value(data, data + bytes.size()), options);
  return std::string(out.text());
}
template <class F>
std::string written(F&& write) {
  OutBuffer bytes;
  Writer writer(bytes);
  write(writer);
  return json_of(bytes);
}
std::string raw(std::string_view bytes) {
  OutBuffer out;
  out.append(bytes);
  return json_of(out);
}
std::string string(std::string_view text, InvalidUtf8 invalid = InvalidUtf8::replace) {
  OutBuffer out;
  logboom::append_json_string(out, text, {invalid});
  return std::string(out.text());
}
std::string number(double value) {
  OutBuffer out;
  logboom::append_json_number(out, value);
  return std::string(out.text());
}
const std::string replacement = "\xef\xbf\xbd";

TEST(Json, keys_stay_in_order_and_duplicates_are_kept) {
  EXPECT_EQ(written([](Writer& w) {
              w.map(3);
              w.string("z"), w.integer(1), w.string("a"), w.nil(), w.string("z"), w.boolean(false);
            }),
            R"({"z":1,"a":null,"z":false})");
}

TEST(Json, arrays_and_maps_nest_and_may_be_empty) {
  EXPECT_EQ(written([](Writer& w) {
              w.array(3);
              w.map(0), w.array(0), w.map(2);
              w.string("a"), w.array(2), w.array(1), w.boolean(true), w.integer(-7);
              w.string("b"), w.map(0);
            }),
            R"([{},[],{"a":[[true],-7],"b":{}}])");
}

TEST(Json, only_what_json_demands_is_escaped) {
  EXPECT_EQ(string("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
  EXPECT_EQ(string(std::string_view("\0\x01\x1f", 3)), R"("\u0000\u0001\u001f")");
  EXPECT_EQ(string("/<>&'\x7f é \xe2\x80\xa8 🚢"), "\"/<>&'\x7f é \xe2\x80\xa8 🚢\"");
}

TEST(Json, an_escape_is_found_wherever_it_stands) {
  for (std::size_t size = 1; size <= 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      text[at] = '\n';
      EXPECT_EQ(string(text), '"' + std::string(at, 'x') + "\\n" + std::string(size - at - 1, 'x') + '"');
    }
  }
}

TEST(Json, integers_of_every_width_are_exact) {
  EXPECT_EQ(raw(std::string_view("\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9)), "18446744073709551615");
  EXPECT_EQ(raw(std::string_view("\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9)), "-9223372036854775808");
  EXPECT_EQ(raw("\xcc\xff"), "255");
  EXPECT_EQ(raw("\xd0\x80"), "-128");
  EXPECT_EQ(raw("\xe0"), "-32");
  EXPECT_EQ(raw("\x7f"), "127");
}

TEST(Json, floats_look_as_ruby_prints_them) {
  EXPECT_EQ(number(1.0), "1.0");
  EXPECT_EQ(number(-0.0), "-0.0");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(-2.25), "-2.25");
  EXPECT_EQ(number(123456.789), "123456.789");
  EXPECT_EQ(number(0.0001), "0.0001");
  EXPECT_EQ(number(0.00001), "1.0e-05");
  EXPECT_EQ(number(1e15), "1000000000000000.0");
  EXPECT_EQ(number(1e16), "1.0e+16");
  EXPECT_EQ(number(1.5e300), "1.5e+300");
  EXPECT_EQ(number(5e-324), "5.0e-324");
  EXPECT_EQ(raw(std::string_view("\xca\x3f\xc0\x00\x00", 5)), "1.5");
}

TEST(Json, a_float_reads_back_as_the_same_double) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    EXPECT_EQ(std::strtod(number(value).c_str(), nullptr), value) << number(value);
  }
}

TEST(Json, what_is_no_number_is_null) {
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity()), "null");
}

TEST(Json, binaries_are_strings) { EXPECT_EQ(raw("\x81\xc4\x01k\xc4\x02\xc3\xa9"), "{\"k\":\"é\"}"); }

TEST(Json, each_maximal_part_of_a_broken_character_is_replaced) {
  EXPECT_EQ(string("a\xff"
                   "b\xc3"),
            "\"a" + replacement + "b" + replacement + '"');
  EXPECT_EQ(string("\xe3\x81x"), '"' + replacement + "x\"");
  EXPECT_EQ(string("\xf0\x9f\x9a"), '"' + replacement + '"');
  EXPECT_EQ(string("\xed\xa0\x80"), '"' + replacement + replacement + replacement + '"');
  EXPECT_EQ(string("\xc0\xaf"), '"' + replacement + replacement + '"');
  EXPECT_EQ(string("é\x80é\n"), "\"é" + replacement + "é\\n\"");
}

TEST(Json, broken_characters_pass_in_raw_mode_and_escapes_are_still_written) {
  EXPECT_EQ(string("a\xff\n\xc3", InvalidUtf8::raw), "\"a\xff\\n\xc3\"");
}

TEST(Json, a_key_that_is_no_string_becomes_one) {
  EXPECT_EQ(raw(std::string_view("\x84\x01\x00\xc0\x01\xc3\x02\xfb\x03", 9)), R"({"1":0,"":1,"true":2,"-5":3})");
  EXPECT_EQ(raw("\x81\x92\x01\xa1x\x02"), R"({"[1,\"x\"]":2})");
  EXPECT_EQ(raw("\x82\x90\x02\x80\x91\xa1\\"), R"({"[]":2,"{}":["\\"]})");
}

TEST(Json, a_map_as_a_key_within_a_key_is_escaped_once) {
  EXPECT_EQ(raw("\x81\x81\x81\xa1"
                "a\x01\x02\x03"),
            R"({"{{\"a\":1}:2}":3})");
}

TEST(Json, keys_within_keys_do_not_make_the_text_explode) {
  std::string bytes(10'000, '\x81');
  bytes += "\xa1\"";
  bytes.append(10'000, '\x01');
  EXPECT_LT(raw(bytes).size(), 12 * bytes.size());
}

TEST(Json, an_event_time_is_a_number_with_its_nanoseconds) {
  EXPECT_EQ(written([](Writer& w) { w.event_time(1'700'000'000, 5); }), "1700000000.000000005");
  EXPECT_EQ(written([](Writer& w) { w.event_time(1, 2'500'000'000); }), "3.500000000");
}

TEST(Json, a_hundred_thousand_levels_are_no_problem) {
  const std::string arrays = std::string(100'000, '\x91') + '\x01';
  EXPECT_EQ(raw(arrays), std::string(100'000, '[') + '1' + std::string(100'000, ']'));
  std::string maps;
  for (int i = 0; i < 100'000; ++i) maps += "\x81\xa0";
  EXPECT_EQ(raw(maps + '\xc0').size(), 100'000u * 5 + 4);
}

TEST(Json, text_is_appended_behind_what_is_there) {
  OutBuffer out;
  out.append("tag: ");
  const std::uint8_t nil = 0xc0;
  logboom::append_json(out, Value(&nil, &nil + 1));
  EXPECT_EQ(out.text(), "tag: null");
}

/// Byte by byte, as plainly as can be.
std::string plain_string(std::string_view text, InvalidUtf8 invalid) {
  std::string out = "\"";
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  while (p != end) {
    std::size_t broken = 0;
    if (*p >= 0x80 && invalid == InvalidUtf8::replace) {
      const std::size_t length = logboom::json::utf8_length(p, end, broken);
      out += length != 0 ? std::string(p, p + length) : replacement;
      p += length != 0 ? length : broken;
      continue;
    }
    const unsigned char c = *p++;
    const std::string_view letters = "\b\f\n\r\t\"\\";
    const std::size_t at = letters.find(static_cast<char>(c));
    char code[8];
    std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
    if (at != std::string_view::npos) {
      out += '\\';
      out += "bfnrt\"\\"[at];
    } else if (c < 0x20) {
      out += code;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + '"';
}

template <logboom::json::Scan scan>
std::string scanned(std::string_view text, InvalidUtf8 invalid) {
  OutBuffer out;
  {
    logboom::json::Sink sink(out, 0);
    logboom::json::put_string<scan>(sink, text, invalid);
  }
  return std::string(out.text());
}

TEST(Json, vector_and_portable_scans_write_what_a_plain_loop_writes) {
  std::mt19937 random(7);
  const std::string_view pieces[] = {"a", "bcdefgh", "\"",   "\\",       "\n",   "\x01",
                                     "é", "🚢",       "\xff", "\xe3\x81", "\x7f", "xyzxyzxyzxyzxyzxyz"};
  for (int round = 0; round < 40'000; ++round) {
    std::string text;
    const std::size_t alphabet = 1 + random() % std::size(pieces);
    for (std::size_t n = random() % 24; n > 0; --n) text += pieces[random() % alphabet];
    const std::string exact(text);  // so that reading past its end shows
    for (const InvalidUtf8 invalid : {InvalidUtf8::replace, InvalidUtf8::raw}) {
      const std::string expected = plain_string(exact, invalid);
      ASSERT_EQ(scanned<logboom::json::Scan::vector>(exact, invalid), expected);
      ASSERT_EQ(scanned<logboom::json::Scan::portable>(exact, invalid), expected);
    }
    ASSERT_TRUE(simdjson::validate_utf8(plain_string(exact, InvalidUtf8::replace)));
  }
}

}  // namespace
