/// Expressions with the results that Ruby 3.1 gives.
#include "base/expression_test_support.hpp"

namespace {

using logboom::expression_test::check;

TEST(Expression, case_and_space) {
  check({
      {R"("Füße".upcase)", R"("FÜSSE")"},
      {R"("ÄÖÜ".downcase)", R"("äöü")"},
      {R"("hello World".capitalize)", R"("Hello world")"},
      {R"("aBc".swapcase)", R"("AbC")"},
      {R"("  x \n".strip)", R"("x")"},
      {R"("  x ".lstrip)", R"("x ")"},
      {R"("  x ".rstrip)", R"("  x")"},
      {R"("line\r\n".chomp)", R"("line")"},
      {R"("line".chomp("ne"))", R"("li")"},
      {R"("abc".chop)", R"("ab")"},
      {R"(record["u"].reverse)", R"("グロ eßüF")"},
      {R"(record["u"].length)", "7"},
      {R"(record["u"].size)", "7"},
      {R"(record["u"].bytesize)", "13"},
      {R"("".empty?)", "true"},
      {R"(record["empty"].empty?)", "true"},
      {R"(record["nil"].nil?)", "true"},
      {R"(record["log"].nil?)", "false"},
  });
}

TEST(Expression, substitution) {
  check({
      {R"("a-b-c".sub("-", "+"))", R"("a+b-c")"},
      {R"("a-b-c".gsub("-", "+"))", R"("a+b+c")"},
      {R"("a1b22".gsub(/\d+/, "#"))", R"("a#b#")"},
      {R"("a1b22".gsub(/(\d+)/, '<\1>'))", R"("a<1>b<22>")"},
      {R"("john smith".gsub(/(?<first>\w+) (?<last>\w+)/, '\k<last> \k<first>'))", R"("smith john")"},
      {R"("hello".gsub(/l/) { |m| m.upcase })", R"("heLLo")"},
      {R"("hello".gsub(/[el]/, 'e' => '3', 'l' => '1'))", R"("h311o")"},
      {R"("hello".gsub("", "-"))", R"("-h-e-l-l-o-")"},
      {R"("héllo".gsub(/x*/, "-"))", R"("-h-é-l-l-o-")"},
      {R"("hello".sub(/l+/) { "L" })", R"("heLo")"},
      {R"("a.b".gsub(/\./, "\\\\."))", R"("a\\.b")"},
      {R"("foo bar".gsub(/^/, "> "))", R"("> foo bar")"},
  });
}

TEST(Expression, splitting_and_joining) {
  check({
      {R"("a/b/c".split("/"))", R"(["a","b","c"])"},
      {R"("a,b,,c,,".split(","))", R"(["a","b","","c"])"},
      {R"("a,b,,c,,".split(",", -1))", R"(["a","b","","c","",""])"},
      {R"("a,b,c".split(",", 2))", R"(["a","b,c"])"},
      {R"(" a  b c ".split)", R"(["a","b","c"])"},
      {R"(" a  b c ".split(" "))", R"(["a","b","c"])"},
      {R"("abc".split(""))", R"(["a","b","c"])"},
      {R"("a1b2c".split(/\d/))", R"(["a","b","c"])"},
      {R"("a1b2c".split(/(\d)/))", R"(["a","1","b","2","c"])"},
      {R"("abc".split(//))", R"(["a","b","c"])"},
      {R"("2020-01-02T03".split(/[-T]/))", R"(["2020","01","02","03"])"},
      {R"("aXbxc".split(/x/i))", R"(["a","b","c"])"},
      {R"("".split(","))", "[]"},
      {R"(["a", nil, 1, [2, [3]]].join("-"))", R"("a--1-2-3")"},
      {R"(record["nums"].join)", R"("312")"},
  });
}

TEST(Expression, matching) {
  check({
      {R"(record["log"].start_with?("GET"))", "true"},
      {R"(record["log"].start_with?("PUT", "GE"))", "true"},
      {R"(record["log"].start_with?(/[A-Z]+ /))", "true"},
      {R"(record["log"].end_with?("200"))", "true"},
      {R"(record["log"].include?("index"))", "true"},
      {R"(record["log"].match?(/\d{3}$/))", "true"},
      {R"(record["log"].match(/(?<verb>[A-Z]+) (\S+)/)[:verb])", R"("GET")"},
      {R"("key=val".match(/(\w+)=(\w+)/)[2])", R"("val")"},
      {R"("key=val".match(/(\w+)=(\w+)/).captures)", R"(["key","val"])"},
      {R"("k=v".match(/(?<a>\w)=(?<b>\w)/).named_captures)", R"({"a":"k","b":"v"})"},
      {R"("abc".match(/x/))", "null"},
      {R"("abc" =~ /c/)", "2"},
      {R"("abc" =~ /x/)", "null"},
      {R"("abc" !~ /x/)", "true"},
      {R"(record["log"] =~ /(\d+)/ ? $1 : nil)", R"("200")"},
      {R"("x-1" =~ /(\w)-(\d)/ ? "#{$2}#{$1}" : "")", R"("1x")"},
  });
}

TEST(Expression, characters_and_parts) {
  check({
      {R"("abcabc".tr("a-b", "xy"))", R"("xycxyc")"},
      {R"("hello".tr("el", "ip"))", R"("hippo")"},
      {R"("hello".tr("^l", "*"))", R"("**ll*")"},
      {R"("hello".delete("l"))", R"("heo")"},
      {R"("aaabbb".squeeze)", R"("ab")"},
      {R"("aaabbbccc".squeeze("a-b"))", R"("abccc")"},
      {R"("hello world".count("lo"))", "5"},
      {R"("hello"[1])", R"("e")"},
      {R"("hello"[1, 3])", R"("ell")"},
      {R"("hello"[1..3])", R"("ell")"},
      {R"("hello"[1...-1])", R"("ell")"},
      {R"("hello"[-3..])", R"("llo")"},
      {R"("hello"[..1])", R"("he")"},
      {R"("hello"[10])", "null"},
      {R"("hello"[5, 1])", R"("")"},
      {R"("hello"["ell"])", R"("ell")"},
      {R"("hello"[/l+/])", R"("ll")"},
      {R"("key: 42"[/(\w+): (\d+)/, 2])", R"("42")"},
      {R"("ログ集"[1])", R"("グ")"},
      {R"("ログ集"[1..])", R"("グ集")"},
      {R"(record["log"].slice(0, 3))", R"("GET")"},
      {R"("hello".index("l"))", "2"},
      {R"("hello".rindex("l"))", "3"},
      {R"("hello".index("l", 3))", "3"},
      {R"("hello".index(/l/))", "2"},
      {R"("ログ集".index("集"))", "2"},
  });
}

TEST(Expression, formats) {
  check({
      {R"("%05d" % 42)", R"("00042")"},
      {R"("%s-%s" % ["a", 1])", R"("a-1")"},
      {R"("%.2f" % 3.14159)", R"("3.14")"},
      {R"("%x" % 255)", R"("ff")"},
      {R"("%-5s|" % "ab")", R"("ab   |")"},
      {R"("%5s|" % "ab")", R"("   ab|")"},
      {R"("%+d" % 5)", R"("+5")"},
      {R"("%e" % 12345.678)", R"("1.234568e+04")"},
      {R"("%%" % [])", R"("%")"},
      {R"(format("%02d:%02d", 5, 7))", R"("05:07")"},
      {R"(sprintf("%3d", 7))", R"("  7")"},
  });
}

TEST(Expression, making_longer_and_shorter) {
  check({
      {R"("a" + "b")", R"("ab")"},
      {R"("ab" * 3)", R"("ababab")"},
      {R"("a" << "b")", R"("ab")"},
      {R"("a".concat("b", "c"))", R"("abc")"},
      {R"("abc".ljust(5, ".") + "|")", R"("abc..|")"},
      {R"("abc".rjust(5))", R"("  abc")"},
      {R"("abc".center(7, "*"))", R"("**abc**")"},
      {R"("abc".prepend("x"))", R"("xabc")"},
      {R"("prefix-x".delete_prefix("prefix-"))", R"("x")"},
      {R"("x.log".delete_suffix(".log"))", R"("x")"},
      {R"("a=b=c".partition("="))", R"(["a","=","b=c"])"},
      {R"("a=b=c".rpartition("="))", R"(["a=b","=","c"])"},
      {R"("abc".partition("x"))", R"(["abc","",""])"},
      {R"("ab".chars)", R"(["a","b"])"},
      {R"("ab".bytes)", "[97,98]"},
      {R"("a\nb".lines)", R"(["a\n","b"])"},
      {R"("a".ord)", "97"},
      {"97.chr", R"("a")"},
      {R"("abc".casecmp?("ABC"))", "true"},
      {R"("a,b;c".scan(/\w/))", R"(["a","b","c"])"},
      {R"("k1=v1 k2=v2".scan(/(\w+)=(\w+)/))", R"([["k1","v1"],["k2","v2"]])"},
      {R"("k1=v1 k2=v2".scan(/(\w+)=(\w+)/).to_h)", R"({"k1":"v1","k2":"v2"})"},
  });
}

TEST(Expression, encodings) {
  check({
      {R"("caf\u00e9".encode("UTF-8", invalid: :replace, undef: :replace, replace: "?"))", R"("café")"},
      {R"("abc".force_encoding("UTF-8"))", R"("abc")"},
      {R"("abc".valid_encoding?)", "true"},
  });
}

TEST(Expression, chains_that_people_write) {
  check({
      {R"(record["log"].split(" ").map(&:downcase).join("_"))", R"("get_/index.html_200")"},
      {R"(record["log"][/\/(\w+)\.html/, 1])", R"("index")"},
      {R"(record["name"].gsub(/^\//, "").split("-").first)", R"("web")"},
      {R"(record["lines"].split("\n").map(&:chomp))", R"(["a","b"])"},
      {"record.to_a.first", R"(["log","GET /index.html 200"])"},
      {R"([1, nil, "a\n"].inspect)", R"("[1, nil, \"a\\n\"]")"},
      {":a.inspect", R"(":a")"},
      {R"(record["u"].inspect)", R"("\"Füße ログ\"")"},
  });
}

}  // namespace
