/// Expressions with the results that Ruby 3.1 gives.
#include "base/expression_test_support.hpp"

namespace {

using logboom::expression_test::check;

TEST(Expression, arithmetic) {
  check({
      {"3.7.round", "4"},
      {"2.5.round", "3"},
      {"-2.5.round", "-3"},
      {"3.14159.round(2)", "3.14"},
      {"1234.round(-2)", "1200"},
      {"3.7.floor", "3"},
      {"-3.2.floor", "-4"},
      {"3.2.ceil", "4"},
      {"3.14159.floor(2)", "3.14"},
      {"-5.abs", "5"},
      {"-5.5.abs", "5.5"},
      {"7 / 2", "3"},
      {"-7 / 2", "-4"},
      {"7 % 3", "1"},
      {"-7 % 3", "2"},
      {"7.0 / 2", "3.5"},
      {"7.fdiv(2)", "3.5"},
      {"2 ** 10", "1024"},
      {"2.0 ** 0.5", "1.4142135623730951"},
      {"7.divmod(2)", "[3,1]"},
      {"1 + 2 * 3", "7"},
      {"(1 + 2) * 3", "9"},
      {"10 - 2 - 3", "5"},
      {R"(-record["n"])", "-5"},
  });
}

TEST(Expression, comparison_and_logic) {
  check({
      {"1 <=> 2", "-1"},
      {R"("a" <=> "b")", "-1"},
      {"1 == 1.0", "true"},
      {R"("a" == "a")", "true"},
      {R"(1 == "1")", "false"},
      {"1 != 2", "true"},
      {"nil == nil", "true"},
      {"[1, 2] == [1, 2.0]", "true"},
      {R"({"a" => 1, "b" => 2} == {"b" => 2, "a" => 1})", "true"},
      {"3 > 2 && 2 > 1", "true"},
      {R"(nil || "default")", R"("default")"},
      {"false || nil", "null"},
      {R"("" || "x")", R"("")"},
      {R"(record["missing"] || "none")", R"("none")"},
      {R"(record["n"] && record["n"] > 3)", "true"},
      {R"(!record["missing"])", "true"},
      {"not true", "false"},
      {"nil and 1", "null"},
      {"nil or 1", "1"},
      {"true && !false", "true"},
      {R"(record["n"] > 3 ? "big" : "small")", R"("big")"},
      {R"(record["n"] > 3 ? (record["f"] > 3 ? 1 : 2) : 3)", "2"},
      {R"(record.key?("log") ? "y" : "n")", R"("y")"},
  });
}

TEST(Expression, conditions) {
  check({
      {R"(record["missing"]&.upcase)", "null"},
      {R"(record["level"]&.downcase)", R"("warn")"},
      {R"(record["missing"]&.strip&.upcase || "x")", R"("x")"},
      {R"(if record["n"] == 5 then "five" else "other" end)", R"("five")"},
      {R"(if record["n"] == 1; "one"; elsif record["n"] == 5; "five"; else; "x"; end)", R"("five")"},
      {R"("yes" if record["t"])", R"("yes")"},
      {R"("yes" if record["fl"])", "null"},
      {R"("no" unless record["t"])", "null"},
      {R"(unless record["fl"] then 1 else 2 end)", "1"},
      {R"(case record["level"] when "INFO", "DEBUG" then "low" when "WARN" then "mid" else "high" end)", R"("mid")"},
      {R"(case record["n"] when 0..3 then "a" when 4..6 then "b" end)", R"("b")"},
      {R"(case record["log"] when /^PUT/ then 1 when /^GET/ then 2 end)", "2"},
      {R"(case record["n"] when String then "s" when Integer then "i" end)", R"("i")"},
  });
}

TEST(Expression, variables_and_rescue) {
  check({
      {R"(x = record["n"]; x * 2)", "10"},
      {R"(a = 1; b = a + 1; "#{a}#{b}")", R"("12")"},
      {"y = nil; y ||= 3; y", "3"},
      {R"(begin; JSON.parse("{"); rescue; "bad"; end)", R"("bad")"},
      {R"((record["missing"].upcase rescue "none"))", R"("none")"},
      {R"(record["missing"].upcase rescue nil)", "null"},
  });
}

TEST(Expression, json) {
  check({
      {R"(JSON.parse(record["json"]))", R"({"a":[1,2.5,"x"]})"},
      {R"(JSON.parse(record["json"])["a"][1])", "2.5"},
      {R"(JSON.parse(record["log"]) rescue record["log"])", R"("GET /index.html 200")"},
      {R"(JSON.parse('{"a":{"b":null}}').dig("a", "b"))", "null"},
  });
}

TEST(Expression, types) {
  check({
      {R"(record["n"].is_a?(Integer))", "true"},
      {R"(record["s"].is_a?(String))", "true"},
      {R"(record["f"].is_a?(Numeric))", "true"},
      {R"(record["h"].kind_of?(Hash))", "true"},
      {R"(record["nil"].is_a?(NilClass))", "true"},
      {R"(record["t"] == true)", "true"},
      {R"(record["n"].class.to_s)", R"("Integer")"},
      {R"(record["s"].class == String)", "true"},
      {R"(Integer("42"))", "42"},
      {R"(Integer("4x") rescue nil)", "null"},
      {R"(Integer("0x1f", 16))", "31"},
      {R"(Float("1.5"))", "1.5"},
      {R"(Float("x") rescue 0.0)", "0.0"},
      {"String(5)", R"("5")"},
      {"Array(nil)", "[]"},
      {R"(Array("a"))", R"(["a"])"},
  });
}

TEST(Expression, bits_and_ranges) {
  check({
      {R"(record["pri"] >> 3)", "20"},
      {R"(record["pri"] & 7)", "5"},
      {"5 | 2", "7"},
      {"1 << 4", "16"},
      {"5.between?(1, 10)", "true"},
      {"15.clamp(1, 10)", "10"},
      {"0.zero?", "true"},
      {"5.positive?", "true"},
      {"5.even?", "false"},
      {"(1..3).to_a", "[1,2,3]"},
      {"(1..5).include?(3)", "true"},
      {"(1...3).to_a", "[1,2]"},
  });
}

TEST(Expression, odds_and_ends) {
  ::setenv("EX_SET", "set", 1);
  check({
      {"5.then { |x| x + 1 }", "6"},
      {R"("abc".dup.freeze)", R"("abc")"},
      {R"(!!record["n"])", "true"},
      {"-2.abs", "2"},
      {"- 2.abs", "-2"},
      {"+3", "3"},
      {R"(record["n"].to_i.zero? ? "z" : "nz")", R"("nz")"},
      {R"("a#b")", R"("a#b")"},
      {R"("a#{1}b" # comment)", R"("a1b")"},
      {R"(ENV["EX_SET"])", R"("set")"},
      {R"(ENV["EX_UNSET"])", "null"},
      {R"(ENV.fetch("EX_UNSET", "dflt"))", R"("dflt")"},
      {R"(ENV["EX_UNSET"] || "d")", R"("d")"},
      {"\"ab\\\ncd\"", R"("abcd")"},
      {R"(record["log"].then { |l| l.length })", "19"},
      {"[[1, 2], [3, 4]].map { |a, b| a + b }", "[3,7]"},
      {"[1,2,3].map do |x| x + 1 end", "[2,3,4]"},
      {"record[\"log\"]\n  .split(\" \")\n  .last", R"("200")"},
  });
}

}  // namespace
