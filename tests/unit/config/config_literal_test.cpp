#include "config_test_support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logboom {
namespace {

using config_test::Fixture;
using testing::HasSubstr;
using testing::StartsWith;

std::string value(std::string_view text) { return Fixture().value(text).value; }
std::string error(std::string_view text) { return Fixture().error(text); }

TEST(DoubleQuotes, know_the_escapes_of_the_language) {
  EXPECT_EQ(value(R"("\" \' \r \n \t \f \b \0 \\")"), std::string("\" ' \r \n \t \f \b \0 \\", 17));
  EXPECT_EQ(value(R"("\[\$\.\#{x}\ä")"), "[$.#{x}ä");
}

TEST(DoubleQuotes, refuse_other_letters_and_digits_behind_a_backslash) {
  EXPECT_THAT(error(R"(k "ab\d")"), StartsWith("1:6: unknown escape \\d in double quotes; write \\\\ for a backslash"));
  EXPECT_THAT(error("k \"a\nb\\1\""), StartsWith("2:2: unknown escape \\1"));
}

TEST(DoubleQuotes, span_lines_and_a_backslash_joins_them) {
  EXPECT_EQ(value("\"a\n  b\""), "a\n  b");
  EXPECT_EQ(value("\"a\\\n  b\""), "a  b");
  EXPECT_EQ(value("\"a\\\\\nb\""), "a\\\nb");
  EXPECT_EQ(value("\"\n\""), "\n");
  EXPECT_EQ(value("\"a # b\""), "a # b");
}

TEST(DoubleQuotes, unclosed_are_reported_where_they_open) {
  EXPECT_THAT(error("a 1\nk \"x\n\n"), StartsWith("2:3: this double-quoted string is never closed"));
  EXPECT_THAT(error("k \"\\"), StartsWith("1:3: this double-quoted string is never closed"));
}

TEST(SingleQuotes, only_know_a_quote_and_a_backslash) {
  EXPECT_EQ(value(R"('a\'b\\c\n\"#{x}')"), R"(a'b\c\n\"#{x})");
  EXPECT_EQ(value("''"), "");
}

TEST(SingleQuotes, end_on_their_line) {
  EXPECT_THAT(error("k 'a\nb'"), StartsWith("1:3: this single-quoted string is not closed on its line"));
  EXPECT_THAT(error("k 'a"), StartsWith("1:3: "));
  EXPECT_THAT(error("k '\\'"), StartsWith("1:3: "));
}

TEST(JsonValue, is_kept_as_text_without_comments_and_white_space) {
  EXPECT_EQ(value("[]"), "[]");
  EXPECT_EQ(value("[ 1 , -2.50e3, true,false , null ]"), "[1,-2.50e3,true,false,null]");
  EXPECT_EQ(value("{ \"a\" : [ {\"b\": \"c d\"} ], \"e\": {} }"), "{\"a\":[{\"b\":\"c d\"}],\"e\":{}}");
  EXPECT_EQ(value("[\"a\", # one\n \"b\", // two\n /* x\n y */ \"c\" # three ]\n] # end"), "[\"a\",\"b\",\"c\"]");
  EXPECT_EQ(value("[\"#no\", \"//no\", \"/*no\"]"), "[\"#no\",\"//no\",\"/*no\"]");
  EXPECT_EQ(value("[18446744073709551616]"), "[18446744073709551616]");
}

TEST(JsonValue, evaluates_ruby_in_strings_and_as_a_member) {
  Fixture fixture;
  fixture.environment["Q"] = "say \"x\\y\"";
  fixture.environment["N"] = "5";
  EXPECT_EQ(fixture.value(R"({"h-#{hostname}": "#{ENV["Q"]}"})").value, R"({"h-host-1":"say \"x\\y\""})");
  EXPECT_EQ(fixture.value(R"({"n": #{ENV['N']}, "w": #{worker_id}})").value, R"({"n":5,"w":3})");
  EXPECT_EQ(fixture.value("[1, #{comment}\n2]").value, "[1,2]");
  EXPECT_EQ(fixture.value(R"(["\#{x}"])").value, R"(["#{x}"])");
  EXPECT_THAT(fixture.error("k {\"n\": #{ENV['Q']}}"), StartsWith("1:9: this gives 'say \"x\\y\"', which is not JSON"));
  EXPECT_THAT(fixture.error("k [\"#{use_nil}\"]"), StartsWith("1:5: use_nil and use_default stand for a whole value"));
}

TEST(JsonValue, a_trailing_comma_is_an_error_at_the_comma) {
  EXPECT_EQ(error("k [1,2,]"), "1:7: trailing comma in JSON; remove it");
  EXPECT_EQ(error("k {\"a\":1, # c\n}"), "1:9: trailing comma in JSON; remove it");
}

TEST(JsonValue, errors_are_at_the_wrong_character) {
  EXPECT_THAT(error("k [1 2]"), StartsWith("1:6: expected ',' or the closing bracket in JSON but found '2'"));
  EXPECT_THAT(error("k [1,\n  x y]"),
              StartsWith("2:3: expected a JSON value but found 'x'; put texts in double quotes"));
  EXPECT_THAT(error("k {a: 1}"), StartsWith("1:4: expected a name in double quotes or '}' in JSON but found 'a'"));
  EXPECT_THAT(error("k {\"a\" 1}"), StartsWith("1:8: expected ':' in JSON but found '1'"));
  EXPECT_THAT(error("k {\"a\": }"), StartsWith("1:9: expected a value in JSON but found '}'"));
  EXPECT_THAT(error("k {\"a\": 1]"),
              StartsWith("1:10: expected '}' to close the '{' of line 1, column 3 but found ']'"));
  EXPECT_THAT(error("k [,1]"), StartsWith("1:4: "));
  EXPECT_THAT(error("k [01]"), StartsWith("1:4: expected a JSON value but found '01'"));
  EXPECT_THAT(error("k [\"\\d\"]"), StartsWith("1:5: unknown escape in a JSON string"));
  EXPECT_THAT(error("k [\"\\u12g4\"]"), StartsWith("1:5: expected four hexadecimal digits after \\u"));
  EXPECT_THAT(error("k [\"a\tb\"]"), StartsWith("1:6: control character in a JSON string"));
}

TEST(JsonValue, unclosed_parts_are_reported_where_they_open) {
  EXPECT_EQ(error("a 1\nk [1,\n {\"x\": 2\n"), "3:2: this JSON '{' is never closed; add '}'");
  EXPECT_EQ(error("k [1,\n 2\n"), "1:3: this JSON '[' is never closed; add ']'");
  EXPECT_THAT(error("k [\"a\n\"]"), StartsWith("1:4: this JSON string is not closed on its line"));
  EXPECT_THAT(error("k [1 /* x"), StartsWith("1:6: this comment is never closed"));
}

TEST(JsonValue, depth_is_bounded) {
  EXPECT_EQ(error("k " + std::string(100, '[') + std::string(100, ']')), "");
  EXPECT_EQ(error("k " + std::string(100'000, '[')), "1:103: JSON nested more than 100 deep");
}

TEST(Embedded, environment_variables_are_text) {
  Fixture fixture;
  fixture.environment = {{"X", "ex"}, {"EMPTY", ""}};
  EXPECT_EQ(fixture.value("\"#{ENV['X']}\"").value, "ex");
  EXPECT_EQ(fixture.value("\"#{ENV[\"X\"]}\"").value, "ex");
  EXPECT_EQ(fixture.value("\"a-#{ ENV['X'] }-#{ENV[\"X\"]}-b\"").value, "a-ex-ex-b");
  EXPECT_EQ(fixture.value("\"<#{ENV['UNSET']}>\"").value, "<>");
  EXPECT_EQ(fixture.value("\"#{}\"").value, "");
}

TEST(Embedded, a_default_stands_in_for_an_unset_variable_only) {
  Fixture fixture;
  fixture.environment = {{"X", "ex"}, {"EMPTY", ""}};
  EXPECT_EQ(fixture.value("\"#{ENV['X'] || 'd'}\"").value, "ex");
  EXPECT_EQ(fixture.value("\"#{ENV['U'] || 'd'}\"").value, "d");
  EXPECT_EQ(fixture.value("\"#{ENV['U']||\"d \\\"q\\\"\"}\"").value, "d \"q\"");
  EXPECT_EQ(fixture.value("\"#{ENV['EMPTY'] || 'd'}\"").value, "");
  EXPECT_EQ(fixture.value("\"#{ENV['U'] || ENV['V'] || ENV['X'] || 'd'}\"").value, "ex");
  EXPECT_EQ(fixture.value("\"#{(ENV['U'] || 24224)}\"").value, "24224");
}

TEST(Embedded, fetch_needs_the_variable_or_a_default) {
  Fixture fixture;
  fixture.environment = {{"X", "ex"}};
  EXPECT_EQ(fixture.value("\"#{ENV.fetch('X')}\"").value, "ex");
  EXPECT_EQ(fixture.value("\"#{ENV.fetch('U', 'd')}\"").value, "d");
  EXPECT_EQ(fixture.value("\"#{ENV.fetch(\"U\", ENV['X'])}\"").value, "ex");
  EXPECT_TRUE(fixture.value("\"#{ENV.fetch('U', use_nil)}\"").is_nil);
}

TEST(Embedded, fetch_of_an_unset_variable_is_an_error_that_names_it) {
  EXPECT_THAT(error("k \"a#{ENV.fetch('U')}\""),
              StartsWith("1:7: the environment variable U is not set; set it, or give a default: ENV.fetch('U', "
                         "'default')"));
  EXPECT_EQ(error("k \"#{'x' || ENV.fetch('U')}\""), "");
}

TEST(Embedded, nil_and_default_stand_for_the_whole_value) {
  Fixture fixture;
  fixture.environment = {{"X", "ex"}};
  const Attribute nil = fixture.value("\"#{ENV['U'] || use_nil}\"");
  EXPECT_TRUE(nil.is_nil);
  EXPECT_EQ(nil.value, "");
  const Attribute fallback = fixture.value("\"a#{ENV['U'] || use_default}b\"");
  EXPECT_TRUE(fallback.is_default);
  EXPECT_EQ(fallback.value, "");
  const Attribute set = fixture.value("\"#{ENV['X'] || use_default}\"");
  EXPECT_FALSE(set.is_default);
  EXPECT_EQ(set.value, "ex");
  EXPECT_THAT(fixture.error("<match \"#{use_nil}\">\n</match>"),
              StartsWith("1:8: use_nil and use_default can only be"));
  EXPECT_THAT(fixture.error("\"#{use_default}\" v"), StartsWith("1:1: use_nil and use_default can only be"));
}

TEST(Embedded, host_worker_and_time_are_known) {
  EXPECT_EQ(value("\"#{hostname}/#{Socket.gethostname}/#{Socket.gethostname()}\""), "host-1/host-1/host-1");
  EXPECT_EQ(value("\"w#{worker_id}\""), "w3");
  EXPECT_GT(std::stoll(value("\"#{Time.now.to_i}\"")), 1'600'000'000);
  Fixture machine;
  machine.options.hostname.clear();
  EXPECT_NE(machine.value("\"#{hostname}\"").value, "");
}

TEST(Embedded, the_process_environment_is_the_default) {
  Fixture fixture;
  fixture.options.env = nullptr;
  ASSERT_EQ(::setenv("LOGBOOM_CONFIG_TEST", "from process", 1), 0);
  EXPECT_EQ(fixture.value("\"#{ENV['LOGBOOM_CONFIG_TEST']}\"").value, "from process");
  EXPECT_EQ(fixture.value("\"#{ENV['LOGBOOM_CONFIG_TEST_UNSET'] || 'd'}\"").value, "d");
}

TEST(Embedded, other_ruby_is_refused_at_its_place_with_a_hint) {
  EXPECT_THAT(error("k \"a #{File.read('x')}\""),
              AllOf(StartsWith("1:8: 'File.read' is not supported"), HasSubstr("environment variable")));
  EXPECT_THAT(error("k \"#{ENV['X'].to_i}\""), StartsWith("1:14: '.to_i' is not supported; leave it out"));
  EXPECT_THAT(error("k \"#{1+1}\""), StartsWith("1:7: expected '||' or '}' but found '+'"));
  EXPECT_THAT(error("k \"#{ENV[X]}\""), StartsWith("1:10: expected the name of an environment variable in quotes"));
  EXPECT_THAT(error("k \"#{ENV.fetch('X') { 'd' }}\""), StartsWith("1:21: a block is not supported here"));
  EXPECT_THAT(error("k \"#{hostnam}\""), HasSubstr("did you mean 'hostname'?"));
  EXPECT_THAT(error("k \"#{\"#{hostname}\"}\""), StartsWith("1:7: a #{…} within a #{…} is not supported"));
  EXPECT_THAT(error("k \"#{ENV['X'\n\""), StartsWith("2:1: expected ']' to close the bracket of line 1, column 9"));
}

TEST(Embedded, unclosed_is_reported_where_it_opens) {
  EXPECT_EQ(error("k \"a#{ENV['X']"), "1:5: this #{ is never closed by '}'");
  EXPECT_EQ(error("k \"#{"), "1:4: this #{ is never closed by '}'");
  EXPECT_THAT(error("k \"#{'a}\""), StartsWith("1:6: this string within #{…} is never closed"));
  EXPECT_THAT(error("k \"#{" + std::string(100'000, '(')), HasSubstr("nested too deeply"));
}

TEST(Embedded, outside_double_quotes_it_is_text) {
  Fixture fixture;
  EXPECT_EQ(fixture.value("'#{hostname}'").value, "#{hostname}");
  EXPECT_TRUE(fixture.warnings.empty());
  EXPECT_EQ(fixture.value("a-#{hostname}").value, "a-#{hostname}");
  ASSERT_EQ(fixture.warnings.size(), 1U);
  EXPECT_THAT(fixture.warnings[0], StartsWith("t.conf:1:3: #{…} is evaluated in double quotes only"));
}

}  // namespace
}  // namespace logboom
