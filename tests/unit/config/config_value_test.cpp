#include "config_test_support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace logboom {
namespace {

using namespace std::chrono_literals;
using config_test::config_error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

Attribute attribute(std::string value) {
  Attribute out;
  out.key = "k";
  out.value = std::move(value);
  out.value_pos = {std::make_shared<const std::string>("f"), 2, 4};
  return out;
}

std::string error(const std::function<void(const Attribute&)>& read, const std::string& value) {
  return config_error_of([&] { read(attribute(value)); });
}

TEST(IntegerValue, is_decimal_or_hexadecimal) {
  const auto read = [](const std::string& text) { return config_value::integer(attribute(text)); };
  EXPECT_EQ(read("24224"), 24224);
  EXPECT_EQ(read(" -5 "), -5);
  EXPECT_EQ(read("+5"), 5);
  EXPECT_EQ(read("010"), 10);
  EXPECT_EQ(read("1_000_000"), 1'000'000);
  EXPECT_EQ(read("0xFf"), 255);
  EXPECT_EQ(read("-9223372036854775808"), INT64_MIN);
}

TEST(IntegerValue, refuses_everything_else_at_the_value) {
  EXPECT_EQ(error(config_value::integer, "ten"), "f:2:4: parameter 'k': expected an integer but found 'ten'");
  EXPECT_EQ(error(config_value::integer, ""), "f:2:4: parameter 'k': expected an integer but found nothing");
  for (const std::string text : {"1.5", "10abc", "1__0", "_1", "1_", "--1", "+-1", "0x", "- 1", "0x-1"}) {
    EXPECT_THAT(error(config_value::integer, text), HasSubstr("expected an integer")) << text;
  }
  EXPECT_THAT(error(config_value::integer, "9223372036854775808"), HasSubstr("it does not fit into 64 bits"));
  EXPECT_THAT(error(config_value::integer, "#4"), HasSubstr("begins the value, not a comment"));
}

TEST(AnyValue, nil_has_no_value) {
  Attribute nil = attribute("");
  nil.is_nil = true;
  EXPECT_EQ(config_error_of([&] { config_value::integer(nil); }),
            "f:2:4: parameter 'k': expected an integer but there is no value");
  EXPECT_THAT(config_error_of([&] { config_value::boolean(nil); }), HasSubstr("but there is no value"));
}

TEST(RealValue, is_a_finite_decimal_number) {
  const auto read = [](const std::string& text) { return config_value::real(attribute(text)); };
  EXPECT_DOUBLE_EQ(read("20.0"), 20.0);
  EXPECT_DOUBLE_EQ(read("-.5"), -0.5);
  EXPECT_DOUBLE_EQ(read("1e3"), 1000);
  EXPECT_DOUBLE_EQ(read("1_0.25"), 10.25);
  for (const std::string text : {"", "x", "1.2.3", "nan", "inf", "1s", "1e999", "1e99999", "."}) {
    EXPECT_THAT(error(config_value::real, text), HasSubstr("expected a number")) << text;
  }
}

TEST(BooleanValue, knows_four_words_and_nothing) {
  for (const std::string text : {"true", "yes", "", "#comment"}) EXPECT_TRUE(config_value::boolean(attribute(text)));
  for (const std::string text : {"false", "no"}) EXPECT_FALSE(config_value::boolean(attribute(text)));
  EXPECT_EQ(error(config_value::boolean, "on"),
            "f:2:4: parameter 'k': expected true (or yes) or false (or no) but found 'on'");
}

TEST(SizeValue, units_are_powers_of_1024) {
  const auto read = [](const std::string& text) { return config_value::size(attribute(text)); };
  EXPECT_EQ(read("512"), 512U);
  EXPECT_EQ(read("8k"), 8U << 10U);
  EXPECT_EQ(read("8m"), 8U << 20U);
  EXPECT_EQ(read("8MiB"), 8U << 20U);
  EXPECT_EQ(read("8 MB"), 8U << 20U);
  EXPECT_EQ(read("2G"), 2ULL << 30U);
  EXPECT_EQ(read("1t"), 1ULL << 40U);
  EXPECT_EQ(read("18446744073709551615"), UINT64_MAX);
}

TEST(SizeValue, a_fraction_means_what_it_says_and_is_noted) {
  std::string note;
  EXPECT_EQ(config_value::size(attribute("1.5m"), &note), 1'572'864U);
  EXPECT_EQ(note, "Fluentd would read '1.5m' as 5242880 bytes, logboom reads it as 1572864 bytes");
  note.clear();
  EXPECT_EQ(config_value::size(attribute("8m"), &note), 8U << 20U);
  EXPECT_EQ(config_value::size(attribute("8MiB"), &note), 8U << 20U);
  EXPECT_EQ(config_value::size(attribute("100"), &note), 100U);
  EXPECT_EQ(note, "");
}

TEST(SizeValue, refuses_what_is_no_size) {
  const auto read = [](const Attribute& a) { config_value::size(a); };
  EXPECT_EQ(error(read, "8x"), "f:2:4: parameter 'k': expected a size such as 512, 8m, 1.5g or 64KiB but found '8x'");
  for (const std::string text : {"", "m", "8m 4k", "1g512m", "8mm"}) {
    EXPECT_THAT(error(read, text), HasSubstr("expected a size")) << text;
  }
  EXPECT_THAT(error(read, "-1"), HasSubstr("a size can't be negative"));
  EXPECT_THAT(error(read, "99999999t"), HasSubstr("it is too large"));
  EXPECT_THAT(error(read, "99999999.5t"), HasSubstr("it is too large"));
}

TEST(TimeValue, units_and_plain_seconds) {
  const auto read = [](const std::string& text) { return config_value::time(attribute(text)); };
  EXPECT_EQ(read("60"), 60s);
  EXPECT_EQ(read("100.5"), 100500ms);
  EXPECT_EQ(read("0"), 0s);
  EXPECT_EQ(read("5s"), 5s);
  EXPECT_EQ(read("5 minutes"), 5min);
  EXPECT_EQ(read("72h"), 72h);
  EXPECT_EQ(read("7d"), 168h);
  EXPECT_EQ(read("1w"), 168h);
  EXPECT_EQ(read("250us"), 250us);
  EXPECT_EQ(read("7ns"), 7ns);
  EXPECT_EQ(read("-1"), -1s);
  EXPECT_EQ(read("1h 30m 10s"), 1h + 30min + 10s);
}

TEST(TimeValue, what_fluentd_reads_otherwise_is_noted) {
  const auto note = [](const std::string& text, std::chrono::nanoseconds expected) {
    std::string out;
    EXPECT_EQ(config_value::time(attribute(text), &out), expected) << text;
    return out;
  };
  EXPECT_EQ(note("1.5h", 90min), "Fluentd would read '1.5h' as 18000 s, logboom reads it as 5400 s");
  EXPECT_EQ(note("10ms", 10ms), "Fluentd would read '10ms' as 600 s, logboom reads it as 0.01 s");
  EXPECT_EQ(note("0.5s", 500ms), "Fluentd would read '0.5s' as 5 s, logboom reads it as 0.5 s");
  EXPECT_EQ(note("1d12h", 36h), "Fluentd would read '1d12h' as 43200 s, logboom reads it as 129600 s");
  EXPECT_EQ(note("-5s", -5s), "Fluentd would read '-5s' as 5 s, logboom reads it as -5 s");
  EXPECT_THAT(note("1w", 168h), HasSubstr("as 1 s, "));
  EXPECT_THAT(note("5M", 5min), HasSubstr("as 5 s, "));
  for (const std::string same : {"5s", "90", "100.5", "-1", "3h", "2d", "1e3", "5sec"}) {
    std::string out;
    config_value::time(attribute(same), &out);
    EXPECT_EQ(out, "") << same;
  }
}

TEST(TimeValue, refuses_what_is_no_time) {
  const auto read = [](const Attribute& a) { config_value::time(a); };
  EXPECT_EQ(error(read, "soon"),
            "f:2:4: parameter 'k': expected a time such as 10, 0.5s, 30m, 1h30m or 7d but found 'soon'");
  for (const std::string text : {"", "5x", "1m30", "10s5m", "1h1h", "s", "5s!", "--5"}) {
    EXPECT_THAT(error(read, text), HasSubstr("expected a time")) << text;
  }
  EXPECT_THAT(error(read, "400000d"), HasSubstr("it is longer than 292 years"));
}

TEST(ArrayValue, is_json_or_a_comma_separated_list) {
  const auto read = [](const std::string& text) { return config_value::array(attribute(text)); };
  EXPECT_THAT(read(R"(["a","b c",1,-2.50,true,null,{"x":[1]},"\u00e4\n"])"),
              ElementsAre("a", "b c", "1", "-2.50", "true", "", R"({"x":[1]})", "ä\n"));
  EXPECT_THAT(read("[ \"a]\" , # c\n \"b,\" ]"), ElementsAre("a]", "b,"));
  EXPECT_THAT(read("a, b c ,d"), ElementsAre("a", "b c", "d"));
  EXPECT_THAT(read("a,,b,,"), ElementsAre("a", "", "b"));
  EXPECT_THAT(read(""), IsEmpty());
  EXPECT_THAT(read("[]"), IsEmpty());
}

TEST(ArrayValue, refuses_broken_json) {
  EXPECT_EQ(error(config_value::array, "[1,]"),
            "f:2:4: parameter 'k': trailing comma in JSON; remove it (within the value: line 1, column 3)");
  EXPECT_THAT(error(config_value::array, "[1] x"), HasSubstr("text behind the end of the JSON value"));
  EXPECT_THAT(error(config_value::array, R"({"a":1})"), HasSubstr("expected a JSON array or a comma-separated list"));
  EXPECT_THAT(error(config_value::array, R"(["\ud800"])"), HasSubstr("half of a \\u pair"));
}

TEST(HashValue, is_json_or_a_list_of_pairs) {
  const auto read = [](const std::string& text) { return config_value::hash(attribute(text)); };
  EXPECT_THAT(read(R"({"b":"x","a":1,"b\"":{"c":"}"},"n":null})"),
              ElementsAre(Pair("b", "x"), Pair("a", "1"), Pair("b\"", R"({"c":"}"})"), Pair("n", "")));
  EXPECT_THAT(read("k:v, k2:v:2 ,k3:"), ElementsAre(Pair("k", "v"), Pair("k2", "v:2"), Pair("k3", "")));
  EXPECT_THAT(read(R"({"a":1,"b":2,"a":3})"), ElementsAre(Pair("a", "3"), Pair("b", "2")));
  EXPECT_THAT(read(""), IsEmpty());
  EXPECT_THAT(read("{}"), IsEmpty());
}

TEST(HashValue, refuses_a_part_without_a_colon) {
  EXPECT_THAT(error(config_value::hash, "k:v,x"), HasSubstr("'x' has no ':'"));
  EXPECT_THAT(error(config_value::hash, "[1]"), HasSubstr("expected a JSON object"));
  EXPECT_THAT(error(config_value::hash, "{\"a\":1,}"), HasSubstr("trailing comma"));
}

TEST(OctalModeValue, reads_with_and_without_zero) {
  const auto read = [](const std::string& text) { return config_value::octal_mode(attribute(text)); };
  EXPECT_EQ(read("0644"), 0644U);
  EXPECT_EQ(read("644"), 0644U);
  EXPECT_EQ(read("0o755"), 0755U);
  EXPECT_EQ(read("7777"), 07777U);
  for (const std::string text : {"", "648", "rw", "-1", "10000", "0x1"}) {
    EXPECT_THAT(error(config_value::octal_mode, text), HasSubstr("expected a file mode in octal")) << text;
  }
}

TEST(RegexpValue, is_delimited_or_bare) {
  const auto read = [](const std::string& text) {
    const config_value::Regexp r = config_value::regexp(attribute(text));
    return r.source + (r.ignore_case ? "|i" : "") + (r.multiline ? "|m" : "") + (r.extended ? "|x" : "");
  };
  EXPECT_EQ(read("/^a/b$/"), "^a/b$");
  EXPECT_EQ(read("/a/imx"), "a|i|m|x");
  EXPECT_EQ(read("/a\\/b/x"), "a\\/b|x");
  EXPECT_EQ(read("//"), "");
  EXPECT_EQ(read("^[a-z]+$"), "^[a-z]+$");
}

TEST(RegexpValue, refuses_a_missing_slash_and_unknown_options) {
  EXPECT_THAT(error([](const Attribute& a) { config_value::regexp(a); }, "/abc"),
              HasSubstr("the closing '/' is missing"));
  EXPECT_THAT(error([](const Attribute& a) { config_value::regexp(a); }, "/abc/g"),
              HasSubstr("only the options i, m and x may stand, not 'g'"));
}

TEST(EnumerationValue, lists_the_allowed_and_names_the_near_one) {
  constexpr std::array<std::string_view, 3> allowed{"interval", "lazy", "immediate"};
  const auto read = [&](const Attribute& a) { config_value::enumeration(a, allowed); };
  EXPECT_EQ(config_value::enumeration(attribute("lazy"), allowed), "lazy");
  EXPECT_EQ(error(read, "intervall"),
            "f:2:4: parameter 'k': expected one of interval, lazy, immediate but found 'intervall'; did you mean "
            "'interval'?");
  EXPECT_EQ(error(read, "x"), "f:2:4: parameter 'k': expected one of interval, lazy, immediate but found 'x'");
}

}  // namespace
}  // namespace logboom
