/// Expressions with the results that Ruby 3.1 gives.
#include "base/expression_test_support.hpp"

namespace {

using logboom::expression_test::check;

TEST(Expression, literals_are_rubys) {
  check({
      {R"("text")", R"("text")"},
      {R"('a\'b\\c\n')", R"("a'b\\c\\n")"},
      {R"("tab\t\"q\" \u00e9 \x41 \e[0m")", R"("tab\t\"q\" é A \u001b[0m")"},
      {"1_000", "1000"},
      {"0x1f", "31"},
      {"1.5e3", "1500.0"},
      {"-3", "-3"},
      {":sym", R"("sym")"},
      {"nil", "null"},
      {"true", "true"},
      {R"([1, "a", nil, :b, 2.5])", R"([1,"a",null,"b",2.5])"},
      {R"({"a" => 1, b: 2, "c d": 3})", R"({"a":1,"b":2,"c d":3})"},
      {"%w[a b c]", R"(["a","b","c"])"},
      {"%i[a b]", R"(["a","b"])"},
      {"%q(single 'q' #{no})", R"("single 'q' #{no}")"},
      {"%Q(double #{1 + 1})", R"("double 2")"},
  });
}

TEST(Expression, a_record_is_looked_into_by_keys) {
  check({
      {R"(record["log"])", R"("GET /index.html 200")"},
      {"record['n']", "5"},
      {R"(record["missing"])", "null"},
      {R"(record.dig("h", "a", "b", 1, "c"))", R"("deep")"},
      {R"(record.dig("h", "x", "b"))", "null"},
      {R"(record["h"]["a"]["b"][0])", "1"},
      {R"(record["h"]["k.l"])", "1"},
  });
}

TEST(Expression, tags_and_their_parts) {
  check({
      {"tag", R"("docker.web.app")"},
      {"tag_parts[1]", R"("web")"},
      {"tag_parts[-1]", R"("app")"},
      {"tag_parts[9]", "null"},
      {"tag_prefix[1]", R"("docker.web")"},
      {"tag_suffix[1]", R"("web.app")"},
      {"tag_suffix[-1]", R"("app")"},
      {"tag_parts.last", R"("app")"},
      {"tag_parts.first", R"("docker")"},
      {"tag_parts.length", "3"},
      {R"(tag_parts.join("/"))", R"("docker/web/app")"},
      {R"(tag_parts[0..1].join("-"))", R"("docker-web")"},
      {R"(tag.split(".").last)", R"("app")"},
      {R"(tag.gsub(".", "-"))", R"("docker-web-app")"},
      {"hostname", R"("node1")"},
  });
}

TEST(Expression, interpolation_shows_values_as_to_s_does) {
  check({
      {R"("#{tag}-#{record["n"]}")", R"("docker.web.app-5")"},
      {R"("#{nil}|#{true}|#{1.0}|#{:a}|#{[1, "x"]}")", R"("|true|1.0|a|[1, \"x\"]")"},
      {R"("nested #{"inner #{record["s"]}"}")", R"("nested inner 5")"},
  });
}

TEST(Expression, times) {
  check({
      {"time.to_i", "1700000000"},
      {"time.to_f", "1700000000.1234567"},
      {"time.year", "2023"},
      {R"(time.strftime("%Y-%m-%dT%H:%M:%S.%L%z"))", R"("2023-11-14T22:13:20.123+0000")"},
      {"time.strftime('%s')", R"("1700000000")"},
      {"time.utc.iso8601", R"("2023-11-14T22:13:20Z")"},
      {"time.utc.iso8601(3)", R"("2023-11-14T22:13:20.123Z")"},
      {"time.to_s", R"("2023-11-14 22:13:20 +0000")"},
      {R"(time.getlocal("+09:00").to_s)", R"("2023-11-15 07:13:20 +0900")"},
      {R"(time.localtime("-05:30").iso8601)", R"("2023-11-14T16:43:20-05:30")"},
      {"(time + 3600).hour", "23"},
      {"(time - 0.5).nsec", "623456789"},
      {"time - Time.at(1699999990)", "10.123456789"},
      {"time.month * 100 + time.day", "1114"},
      {"time.wday", "2"},
      {"time.yday", "318"},
      {"time.usec", "123456"},
      {R"(Time.at(record["ts"]).utc.to_s)", R"("2023-11-14 22:13:20 UTC")"},
      {"Time.at(1.5).utc.iso8601(3)", R"("1970-01-01T00:00:01.500Z")"},
      {R"(Time.at(1700000000123 / 1000.0).utc.strftime("%F %T.%L"))", R"("2023-11-14 22:13:20.122")"},
      {"Time.at(1, 500, :millisecond).utc.iso8601(3)", R"("1970-01-01T00:00:01.500Z")"},
      {"Time.at(0).utc?", "false"},
      {"Time.now.is_a?(Time)", "true"},
      {"Time.now.to_i > 1600000000", "true"},
      {"time < Time.now", "true"},
  });
}

TEST(Expression, conversions) {
  check({
      {R"(record["s"].to_i + 1)", "6"},
      {R"("12abc".to_i)", "12"},
      {R"(" -12".to_i)", "-12"},
      {R"("abc".to_i)", "0"},
      {R"("0x1A".to_i(16))", "26"},
      {R"("ff".hex)", "255"},
      {R"("1.5abc".to_f)", "1.5"},
      {R"("1e3".to_f)", "1000.0"},
      {R"("_1".to_i)", "0"},
      {R"("1_000".to_i)", "1000"},
      {"nil.to_s", R"("")"},
      {"nil.to_i", "0"},
      {"nil.to_a", "[]"},
      {R"(record["n"].to_s)", R"("5")"},
      {R"(record["f"].to_s)", R"("2.5")"},
      {"3.7.to_i", "3"},
      {"-3.7.to_i", "-3"},
      {"1e20.to_s", R"("1.0e+20")"},
      {"100.0.to_s", R"("100.0")"},
      {"1e-5.to_s", R"("1.0e-05")"},
      {"255.to_s(16)", R"("ff")"},
      {R"("abc".to_sym)", R"("abc")"},
      {R"(record["h"].to_json)", R"("{\"a\":{\"b\":[1,{\"c\":\"deep\"}]},\"k.l\":1}")"},
      {R"(record["list"].to_json)", R"("[3,1,2,null,\"x\"]")"},
      {R"("a\"b".to_json)", R"("\"a\\\"b\"")"},
      {"nil.to_json", R"("null")"},
      {"{a: time.to_i}.to_json", R"("{\"a\":1700000000}")"},
  });
}

}  // namespace
