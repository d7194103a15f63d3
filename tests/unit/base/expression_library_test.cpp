/// The standard library's part of expressions, and methods of collections, with the results that Ruby 3.1 gives.
#include "base/expression_test_support.hpp"

namespace {

using logboom::expression_test::check;
using logboom::expression_test::result;

TEST(Expression, times_are_read_from_text) {
  check({
      {R"(Time.parse("2023-11-14T22:13:20Z").to_i)", R"(1700000000)"},
      {R"(Time.parse("2023-11-14T22:13:20Z").to_s)", R"("2023-11-14 22:13:20 UTC")"},
      {R"(Time.parse("2023-11-14T22:13:20+09:00").to_s)", R"("2023-11-14 22:13:20 +0900")"},
      {R"(Time.parse("2023-11-14T22:13:20+09:00").iso8601)", R"("2023-11-14T22:13:20+09:00")"},
      {R"(Time.parse("2023-11-14T22:13:20.123-0330").iso8601(3))", R"("2023-11-14T22:13:20.123-03:30")"},
      {R"(Time.parse("2023-11-14 22:13:20").iso8601)", R"("2023-11-14T22:13:20+00:00")"},
      {R"(Time.parse("2023-11-14 22:13:20 UTC").iso8601)", R"("2023-11-14T22:13:20Z")"},
      {R"(Time.parse("2023-11-14 22:13:20 GMT").utc?)", R"(false)"},
      {R"(Time.parse("Tue, 14 Nov 2023 22:13:20 -0300").hour)", R"(22)"},
      {R"(Time.parse("14/Nov/2023 22:13:20 +0100").utc.iso8601)", R"("2023-11-14T21:13:20Z")"},
      {R"(Time.parse("nonsense") rescue "none")", R"("none")"},
      {R"(Time.strptime("14/Nov/2023:22:13:20 +0100", "%d/%b/%Y:%H:%M:%S %z").iso8601)",
       R"("2023-11-14T22:13:20+01:00")"},
      {R"(Time.strptime("1700000000", "%s").to_i)", R"(1700000000)"},
      {R"(Time.strptime("x", "%Y") rescue "none")", R"("none")"},
      {R"(Time.iso8601("2023-11-14T22:13:20Z").year)", R"(2023)"},
      {R"(DateTime.parse("2023-11-14T22:13:20Z").to_s)", R"("2023-11-14T22:13:20+00:00")"},
      {R"(DateTime.parse("2023-11-14T22:13:20+09:00").iso8601)", R"("2023-11-14T22:13:20+09:00")"},
      {R"(DateTime.parse("2023-11-14 22:13:20").iso8601(3))", R"("2023-11-14T22:13:20.000+00:00")"},
      {R"(DateTime.parse("2023-11-14T22:13:20+09:00").to_time.to_i)", R"(1699967600)"},
      {R"(DateTime.strptime("2023-11-14", "%Y-%m-%d").strftime("%s"))", R"("1699920000")"},
      {R"(Time.at(1700000000).utc.to_datetime.to_s)", R"("2023-11-14T22:13:20+00:00")"},
  });
}

TEST(Expression, elements_are_numbered_grouped_and_joined) {
  check({
      {R"(["a","b"].each_with_index.map { |t, i| "#{i}:#{t}" })", R"(["0:a","1:b"])"},
      {R"(["a","b"].each_with_index.to_a)", R"([["a",0],["b",1]])"},
      {R"(["a","b"].map.with_index { |t, i| [i, t] })", R"([[0,"a"],[1,"b"]])"},
      {R"(["a","b"].map.with_index(1) { |t, i| "#{i}#{t}" })", R"(["1a","2b"])"},
      {R"(["a","b"].each_with_index.to_h)", R"({"a":0,"b":1})"},
      {R"(["a","b"].each_with_index.select { |t, i| i > 0 })", R"([["b",1]])"},
      {R"(["a","b"].flat_map.with_index { |t, i| [t] * i })", R"(["b"])"},
      {R"({"a" => 1}.each_with_index.map { |pair, i| [pair, i] })", R"([[["a",1],0]])"},
      {R"([1,2,4].inject(:+))", R"(7)"},
      {R"([1,2,4].inject { |a, b| a * b })", R"(8)"},
      {R"([1,2,4].reduce(10) { |a, b| a - b })", R"(3)"},
      {R"([1,2,4].reduce(1, :*))", R"(8)"},
      {R"([].inject(:+))", R"(null)"},
      {R"(["a","b"].inject(:+))", R"("ab")"},
      {R"([[1,2],[3]].inject(:+))", R"([1,2,3])"},
      {R"({"a" => 1, "b" => 2}.inject(0) { |s, kv| s + kv[1] })", R"(3)"},
      {R"([1,2,3,4].group_by { |x| x % 2 })", R"({"1":[1,3],"0":[2,4]})"},
      {R"({"a" => 1, "b" => 1}.group_by { |k, v| v })", R"({"1":[["a",1],["b",1]]})"},
      {R"([1,2,3].partition { |x| x > 1 })", R"([[2,3],[1]])"},
      {R"({"a" => 1, "b" => 2}.partition { |k, v| v > 1 })", R"([[["b",2]],[["a",1]]])"},
      {R"("a=b=c".partition("="))", R"(["a","=","b=c"])"},
      {R"([1,2,3].zip([4,5]))", R"([[1,4],[2,5],[3,null]])"},
      {R"([1,2].zip([3,4],[5,6]))", R"([[1,3,5],[2,4,6]])"},
      {R"([1,2,3].each_slice(2).to_a)", R"([[1,2],[3]])"},
      {R"([1,2,3].each_cons(2).map { |a, b| b - a })", R"([1,1])"},
      {R"([1,2,3].each_cons(4).to_a)", R"([])"},
      {R"([3,1,2].minmax)", R"([1,3])"},
      {R"([].minmax)", R"([null,null])"},
      {R"(["a","b","a"].tally)", R"({"a":2,"b":1})"},
      {R"([1,2,5,1].take_while { |x| x < 3 })", R"([1,2])"},
      {R"([1,2,5,1].drop_while { |x| x < 3 })", R"([5,1])"},
      {R"("abc".each_char.to_a)", R"(["a","b","c"])"},
      {R"("a\nb".each_line.map { |l| l.chomp })", R"(["a","b"])"},
  });
}

TEST(Expression, texts_are_encoded_decoded_and_digested) {
  check({
      {R"(Base64.encode64("a" * 50))", R"("YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\nYWFhYWE=\n")"},
      {R"(Base64.encode64(""))", R"("")"},
      {R"(Base64.strict_encode64("hi?>"))", R"("aGk/Pg==")"},
      {R"(Base64.decode64("aGk/Pg=="))", R"("hi?>")"},
      {R"(Base64.decode64("aG k/\nPg"))", R"("hi?>")"},
      {R"(Base64.strict_decode64("aGk/Pg=="))", R"("hi?>")"},
      {R"(Base64.strict_decode64("aGk/Pg") rescue "bad")", R"("bad")"},
      {R"(Base64.urlsafe_decode64("aGk_Pg"))", R"("hi?>")"},
      {R"(CGI.escape("a b&c~d/e*é"))", R"("a+b%26c~d%2Fe%2A%C3%A9")"},
      {R"(CGI.unescape("a%20b+c%zz%C3%A9"))", R"("a b c%zzé")"},
      {R"(URI.encode_www_form_component("a b&c~d/e*é"))", R"("a+b%26c%7Ed%2Fe*%C3%A9")"},
      {R"(URI.decode_www_form_component("a%20b+c"))", R"("a b c")"},
      {R"(URI.decode_www_form_component("%zz") rescue "bad")", R"("bad")"},
      {R"(Digest::MD5.hexdigest("abc"))", R"("900150983cd24fb0d6963f7d28e17f72")"},
      {R"(Digest::SHA1.hexdigest("abc"))", R"("a9993e364706816aba3e25717850c26c9cd0d89d")"},
      {R"(Digest::SHA256.hexdigest(""))", R"("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")"},
      {R"(Digest::SHA512.hexdigest("abc")[0, 20])", R"("ddaf35a193617abacc41")"},
      {R"(SecureRandom.uuid.length)", R"(36)"},
      {R"(SecureRandom.hex(4).length)", R"(8)"},
      {R"(SecureRandom.hex.length)", R"(32)"},
  });
}

TEST(Expression, errors_can_be_rescued_by_class_and_have_a_message) {
  check({
      {R"(begin; Integer("x"); rescue ArgumentError; "bad"; end)", R"("bad")"},
      {R"(begin; Integer("x"); rescue ArgumentError, TypeError => e; "bad"; end)", R"("bad")"},
      {R"(begin; Integer("5"); rescue => e; e.message; end)", R"(5)"},
      {R"(begin; {}.fetch("a"); rescue StandardError => e; "no"; end)", R"("no")"},
      {R"(begin; Integer("x"); rescue => e; e.message.empty?; end)", R"(false)"},
  });
}

TEST(Expression, numbers_can_be_read_without_an_error) {
  check({
      {R"(Float("x", exception: false))", R"(null)"},
      {R"(Float("1.5", exception: false))", R"(1.5)"},
      {R"(Integer("12", exception: false))", R"(12)"},
      {R"(Integer("1x", exception: false))", R"(null)"},
      {R"(Integer("ff", 16))", R"(255)"},
  });
}

TEST(Expression, ranges_can_be_open_and_libraries_required) {
  check({
      {R"((require "json"; 5))", R"(5)"},
      {R"(case 503 when 200..299 then "ok" when 500.. then "err" else "other" end)", R"("err")"},
      {R"(case 503 when ..499 then "low" else "high" end)", R"("high")"},
  });
}

TEST(Expression, what_the_library_refuses_fails_with_a_reason) {
  check({
      {R"(Time.parse("nonsense"))", R"(! ArgumentError: "nonsense" is no time)"},
      {R"(Time.strptime("x", "%Y"))", R"(! ArgumentError: "x" is no time of the format %Y)"},
      {R"(Time.parse(record["nil"]))", R"(! no implicit conversion of nil into String)"},
      {R"(Base64.strict_decode64("x"))", R"(! ArgumentError: invalid base64)"},
      {R"(DateTime.parse("2023-11-14") + 1)", R"(! a DateTime counts in days; use to_time for seconds)"},
      {R"(SecureRandom.hex(1000))", R"(! SecureRandom.hex gives 256 bytes at most)"},
      {R"([1, 2].inject(:nope))", R"(! undefined method 'nope' for an instance of Integer)"},
      {R"([1].each_slice(0))", R"(! invalid slice size)"},
      {R"((1..3000).to_a.group_by { |x| x })", R"(! group_by makes 1000 groups at most)"},
  });
  EXPECT_NE(result("SecureRandom.uuid"), result("SecureRandom.uuid"));
}

}  // namespace
