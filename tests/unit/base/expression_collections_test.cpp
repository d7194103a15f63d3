/// Expressions with the results that Ruby 3.1 gives.
#include "base/expression_test_support.hpp"

namespace {

using logboom::expression_test::check;

TEST(Expression, hashes) {
  check({
      {"record.keys.first(3)", R"(["log","n","f"])"},
      {R"(record["h"].keys)", R"(["a","k.l"])"},
      {R"(record["h"].values.length)", "2"},
      {R"(record.key?("log"))", "true"},
      {R"(record.has_key?("nope"))", "false"},
      {R"(record.include?("n"))", "true"},
      {R"(record["h"].merge("z" => 1))", R"({"a":{"b":[1,{"c":"deep"}]},"k.l":1,"z":1})"},
      {R"(record["h"].merge({"k.l" => 2}))", R"({"a":{"b":[1,{"c":"deep"}]},"k.l":2})"},
      {R"({"a" => 1}.merge({"b" => 2}, {"a" => 3}))", R"({"a":3,"b":2})"},
      {R"(record["h"].empty?)", "false"},
      {R"(record["h"].size)", "2"},
      {R"({"a" => nil, "b" => 1}.compact)", R"({"b":1})"},
      {R"(record.select { |k, v| k == "n" })", R"({"n":5})"},
      {R"({"a" => 1, "b" => 2}.reject { |k| k == "a" })", R"({"b":2})"},
      {R"({"a" => 1, "b" => 2}.select { |k| k == "a" })", R"({"a":1})"},
      {"record.reject { |k, v| !v.is_a?(Integer) }", R"({"n":5,"neg":-7,"ts":1700000000,"pri":165})"},
      {R"(record["h"].map { |k, v| "#{k}" }.join(","))", R"("a,k.l")"},
      {R"({"a" => 1, "b" => 2}.map { |k, v| [k.upcase, v + 1] }.to_h)", R"({"A":2,"B":3})"},
      {R"({"a" => 1}.to_h { |k, v| [k + "!", v] })", R"({"a!":1})"},
      {R"({"a" => 1}.transform_values { |v| v * 10 })", R"({"a":10})"},
      {R"({"a" => 1}.transform_values(&:to_s))", R"({"a":"1"})"},
      {"{a: 1}.transform_keys(&:to_s)", R"({"a":1})"},
      {R"({"a" => 1, "b" => 2}.find { |k, v| v == 2 })", R"(["b",2])"},
      {R"({"a" => 1, "b" => 2}.any? { |k, v| v > 1 })", "true"},
      {R"({"a" => 1}.to_a)", R"([["a",1]])"},
      {R"({"a" => 1}.invert)", R"({"1":"a"})"},
      {R"({"a" => 1, "b" => 2}.slice("a"))", R"({"a":1})"},
      {R"({"a" => 1, "b" => 2}.except("a"))", R"({"b":2})"},
      {R"({"a" => 1}.fetch("a"))", "1"},
      {R"({"a" => 1}.fetch("b", 0))", "0"},
      {R"({"a" => 1, "b" => 2}.sum { |k, v| v })", "3"},
  });
}

TEST(Expression, arrays) {
  check({
      {R"(record["list"].compact)", R"([3,1,2,"x"])"},
      {R"(record["nums"].map(&:to_s))", R"(["3","1","2"])"},
      {R"(record["nums"].map { |x| x * 2 })", "[6,2,4]"},
      {R"(record["nums"].select { |x| x > 1 })", "[3,2]"},
      {R"(record["nums"].select(&:even?))", "[2]"},
      {R"(record["nums"].reject { |x| x > 1 })", "[1]"},
      {R"(record["nums"].sort)", "[1,2,3]"},
      {R"(record["nums"].sort.reverse)", "[3,2,1]"},
      {R"(record["nums"].min)", "1"},
      {R"(record["nums"].max)", "3"},
      {R"(record["nums"].sum)", "6"},
      {R"(record["nums"].first)", "3"},
      {R"(record["nums"].first(2))", "[3,1]"},
      {R"(record["nums"].last)", "2"},
      {R"(record["nums"][-1])", "2"},
      {R"(record["nums"][0..1])", "[3,1]"},
      {R"(record["nums"].include?(2))", "true"},
      {R"(record["nums"].index(2))", "2"},
      {R"(record["nums"].count)", "3"},
      {R"(record["nums"].count { |x| x > 1 })", "2"},
      {R"(record["nums"].any? { |x| x > 2 })", "true"},
      {R"(record["nums"].all? { |x| x > 0 })", "true"},
      {R"(record["nums"].find { |x| x < 3 })", "1"},
      {R"(record["nums"] + [4])", "[3,1,2,4]"},
      {R"(record["nums"] - [1])", "[3,2]"},
      {"[1, 2, 2, 3, 1].uniq", "[1,2,3]"},
      {"[1, [2, [3, nil]]].flatten", "[1,2,3,null]"},
      {"[1, [2, [3]]].flatten(1)", "[1,2,[3]]"},
      {"[[1, 2], [3]].flat_map { |a| a }", "[1,2,3]"},
      {R"(["bb", "a"].sort_by { |s| s.length })", R"(["a","bb"])"},
      {R"(["bb", "a"].max_by(&:length))", R"("bb")"},
      {R"([["a", 1], ["b", 2]].to_h)", R"({"a":1,"b":2})"},
      {"[1, 2] & [2, 3]", "[2]"},
      {"[1, 2] | [2, 3]", "[1,2,3]"},
      {R"(["a"] * 2)", R"(["a","a"])"},
      {R"(["a", "b"] * ",")", R"("a,b")"},
      {R"(["a"] << "b")", R"(["a","b"])"},
      {"[nil, 1].first", "null"},
      {"[1, 2, 3].values_at(0, 2)", "[1,3]"},
  });
}

}  // namespace
