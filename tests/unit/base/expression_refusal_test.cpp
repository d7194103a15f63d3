#include <gmock/gmock.h>

#include "base/expression_test_support.hpp"

namespace {

using logboom::Evaluator;
using logboom::Expression;
using logboom::ExpressionError;
using logboom::ExpressionTemplate;
using logboom::OutBuffer;
using logboom::Record;
using logboom::expression_test::check;
using logboom::expression_test::record_json;
using logboom::expression_test::result;
using logboom::expression_test::result_of;
using logboom::expression_test::settings;
using logboom::record_test::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Expression, errors_say_what_ruby_says) {
  check({
      {R"(record["missing"].upcase)", "! undefined method 'upcase' for nil"},
      {R"(record["n"].upcase)", "! undefined method 'upcase' for an instance of Integer"},
      {R"(record["t"].upcase)", "! undefined method 'upcase' for true"},
      {R"(record["x"]["y"]["z"])", "! undefined method '[]' for nil"},
      {R"("a" + 1)", "! no implicit conversion of Integer into String"},
      {R"("a" + nil)", "! no implicit conversion of nil into String"},
      {R"(1 + "a")", "! String can't be coerced into a number"},
      {R"(1 / 0)", "! divided by 0"},
      {R"(1 > "a")", "! comparison of Integer with String failed"},
      {R"(nil > 1)", "! undefined method '>' for nil"},
      {R"({"a" => 1}.fetch("b"))", "! key not found: \"b\""},
      {R"(Integer("4x"))", "! invalid value for Integer(): \"4x\""},
      {R"(Integer(nil))", "! can't convert nil into Integer"},
      {R"(record["log"].dig(1))", "! undefined method 'dig' for an instance of String"},
      {R"(record.dig("log", "x"))", "! String does not have #dig method"},
      {R"([3, "a"].sort)", "! comparison of Integer failed"},
      {R"(9223372036854775807 + 1)", "! the integer is too big (64 bits at most)"},
      {R"("%d" % "x")", "! invalid value for Integer(): \"x\""},
  });
}

TEST(Expression, what_is_not_of_the_subset_is_refused_with_place_and_hint) {
  const std::pair<std::string_view, std::string_view> refused[] = {
      {R"(record["a"] = 1)", "at character 13: an expression can't change the record"},
      {R"(record.delete("a"))", "at character 8: an expression can't change the record; use remove_"},
      {R"(record["a"].gsub!("a", "b"))", "nothing is changed in place: use gsub"},
      {R"(record.merge!({}))", "'merge!' is not supported; use merge"},
      {R"(record.each { |k, v| v })", "use map or select"},
      {R"(record["a"].upcas)", "the method 'upcas' is not supported (did you mean 'upcase'?)"},
      {R"(recrd["a"])", R"(unknown name 'recrd')"},
      {R"(message)", R"(write record["message"] for a field)"},
      {R"(record[:log])", R"(a record's keys are strings: write record["log"])"},
      {R"(`ls`)", "commands are not run"},
      {R"(system("ls"))", "unknown name 'system'"},
      {R"(File.read("/etc/passwd"))", "'File' is not available"},
      {R"(Kernel::exit)", "'Kernel' is not available"},
      {R"(@foo.bar)", "instance variables are not supported"},
      {R"(while true do end)", "loops are not supported"},
      {R"(x = 1 while true)", "loops are not supported"},
      {R"(def f; end)", "nothing can be defined"},
      {R"(-> { 1 })", "lambdas are not supported"},
      {R"(record["a"].split ",")", "put the arguments of a method in parentheses"},
      {R"("abc)", "at character 1: the string is not closed"},
      {R"(/(/)", "at character 1: invalid regexp"},
      {R"((1 + 2)", "expected ')'"},
      {R"(1 +)", "expected a value, found the end"},
      {R"(1 2)", "expected an operator or the end, found '2'"},
      {R"("ü" x)", "at character 5"},
      {R"(Time.gm(2000))", "of Time there are now, at, parse"},
      {R"(Base64.decode("x"))", "of Base64 there are encode64"},
      {R"(Digest::MD4.hexdigest("x"))", "'Digest' is not available"},
      {R"(require "net/http")", "libraries can't be loaded"},
      {R"(Float("1", base: 2))", "'exception: false'"},
      {R"([1].select.with_index { |x, i| x })", "'select' needs a block"},
      {R"(ENV.fetch("EX_UNSET"))", "the environment variable 'EX_UNSET' is not set"},
      {R"("a".sub)", "wrong number of arguments for 'sub' (given 0, expected 1..2)"},
      {R"([1].map)", "'map' needs a block"},
      {R"("a".strip { 1 })", "'strip' takes no block here"},
      {R"(record["a"].blank?)", "that is Rails"},
      {R"(99999999999999999999)", "the number is too big"},
      {R"(tag = "x")", "'tag' can't be assigned to"},
      {R"(if true then 1)", "expected 'end'"},
  };
  for (const auto& [ruby, why] : refused) {
    EXPECT_THAT(result(ruby), testing::AllOf(StartsWith("refused: at character "), HasSubstr(why))) << ruby;
  }
}

TEST(Expression, deep_nesting_and_length_are_refused) {
  const auto nested = [](std::string_view open, std::string_view close) {
    std::string ruby;
    for (int i = 0; i < 5000; ++i) ruby += open;
    ruby += "1";
    for (int i = 0; i < 5000; ++i) ruby += close;
    return ruby;
  };
  EXPECT_THAT(result(nested("(", ")")), HasSubstr("nested too deeply"));
  EXPECT_THAT(result(nested("[", "]")), HasSubstr("nested too deeply"));
  EXPECT_THAT(result(nested("!", "")), HasSubstr("nested too deeply"));
  EXPECT_THAT(result(nested("1+", "")), HasSubstr("too long"));
  EXPECT_THAT(result(nested("\"#{", "}\"")), HasSubstr("nested too deeply"));
  EXPECT_THAT(result(std::string(70'000, '1')), HasSubstr("longer than 64 KiB"));
}

TEST(Expression, time_and_memory_are_bounded) {
  EXPECT_THAT(result(R"("x" * 1000000000000)"), HasSubstr("8 MiB"));
  EXPECT_THAT(result(R"((1..100000000000).to_a)"), HasSubstr("8 MiB"));
  EXPECT_THAT(result(R"("x".ljust(99999999999))"), HasSubstr("8 MiB"));
  EXPECT_THAT(result(R"(a = "x" * 3000; a.gsub("x", a))"), HasSubstr("8 MiB"));
  EXPECT_THAT(result(R"(("a" * 40 + "!") =~ /^(\w+\s?)*$/)"), HasSubstr("takes too long"));
  EXPECT_THAT(result(R"((1..2000).to_a.map { |x| (1..2000).to_a.map { |y| x + y } }.size)"), StartsWith("! "));
  EXPECT_THAT(result(R"("%99999d" % 1)"), StartsWith("! "));
}

TEST(Expression, odd_records_are_no_danger) {
  OutBuffer bytes;
  logboom::msgpack::Writer writer(bytes);
  writer.map(5);
  writer.string("bad");
  writer.string(
      "a\xff\xfe"
      "b");
  writer.string("big");
  writer.unsigned_integer(18446744073709551615ULL);
  writer.string("ext");
  writer.event_time(1, 2);
  writer.string("bin");
  writer.binary("\x01\x02");
  writer.integer(7);
  writer.string("seven");
  const Record record(logboom::record_test::view(bytes));
  const auto of = [&](std::string_view ruby) { return result_of(Expression::compile(ruby, settings()), record); };
  EXPECT_EQ(of(R"(record["bad"].length)"), "4");
  EXPECT_EQ(of(R"(record["bad"].scrub("?"))"), R"("a??b")");
  EXPECT_EQ(of(R"(record["bad"].encode("UTF-8", invalid: :replace, replace: "_"))"), R"("a__b")");
  EXPECT_EQ(of(R"(record["big"])"), "18446744073709551615");
  EXPECT_EQ(of(R"(record["big"].to_s)"), R"("18446744073709551615")");
  EXPECT_EQ(of(R"(record["ext"])"), "1.000000002");
  EXPECT_EQ(of(R"(record["ext"].nil?)"), "false");
  EXPECT_EQ(of(R"(record[7])"), R"("seven")");
  EXPECT_EQ(of(R"(record["bin"].bytesize)"), "2");
  EXPECT_EQ(of(R"(record.keys.length)"), "5");
  EXPECT_THAT(of(R"(record["bad"] =~ /b/)"), "3");
}

TEST(Expression, binary_stays_binary_and_arrays_keep_their_bytes) {
  OutBuffer bytes;
  logboom::msgpack::Writer writer(bytes);
  writer.map(1);
  writer.string("x");
  writer.binary("ab");
  const Expression expression = Expression::compile(R"(record["x"])", settings());
  Evaluator evaluator;
  evaluator.start({"t", {}, Record(logboom::record_test::view(bytes))});
  ASSERT_TRUE(evaluator.evaluate(expression));
  OutBuffer out;
  logboom::msgpack::Writer result(out);
  evaluator.write(result);
  EXPECT_EQ(out.text(), std::string_view("\xc4\x02"
                                         "ab"));
}

TEST(Expression, a_very_deep_record_is_no_danger) {
  OutBuffer bytes;
  logboom::msgpack::Writer writer(bytes);
  writer.map(1);
  writer.string("deep");
  for (int i = 0; i < 100'000; ++i) writer.array(1);
  writer.nil();
  const Record record(logboom::record_test::view(bytes));
  for (const std::string_view ruby :
       {R"(record["deep"].flatten.length)", R"(record["deep"].inspect.length)", R"(record["deep"] == record["deep"])",
        R"([record["deep"], record["deep"]].uniq.length)", R"("#{record}".length)", R"(record["deep"].join)"}) {
    result_of(Expression::compile(ruby, settings()), record);
  }
  EXPECT_EQ(result_of(Expression::compile(R"(record["deep"].to_json.length)", settings()), record), "200004");
}

std::string expanded(std::string_view text, ExpressionTemplate::Mode mode, bool as_text = false) {
  const Json record(record_json);
  try {
    return result_of(ExpressionTemplate::compile(text, mode, settings(), as_text), record.record());
  } catch (const ExpressionError& error) {
    return std::string("refused: ") + error.what();
  }
}
std::string plain(std::string_view text, bool as_text = false) {
  return expanded(text, ExpressionTemplate::Mode::plain, as_text);
}
std::string ruby(std::string_view text, bool as_text = false) {
  return expanded(text, ExpressionTemplate::Mode::ruby, as_text);
}

TEST(ExpressionTemplate, one_placeholder_keeps_its_type) {
  EXPECT_EQ(plain(R"(${record["n"]})"), "5");
  EXPECT_EQ(plain(R"(${record["h"]})"), R"({"a":{"b":[1,{"c":"deep"}]},"k.l":1})");
  EXPECT_EQ(plain(R"(${record["n"]})", true), R"("5")");
  EXPECT_EQ(plain(R"(${record["missing"]})"), "null");
  EXPECT_EQ(plain(R"(${record["missing"]})", true), R"("")");
  EXPECT_EQ(ruby(R"(${record["n"] + 1})"), "6");
  EXPECT_EQ(ruby(R"(${record["n"] + 1})", true), R"("6")");
  EXPECT_EQ(ruby(R"(${record.map { |k, v| v }.first})"), R"("GET /index.html 200")");
}

TEST(ExpressionTemplate, plain_placeholders_are_fluentds) {
  EXPECT_EQ(plain(R"(${tag}/${tag_parts[1]}/${tag_parts[-1]}/${tag_prefix[1]}/${tag_suffix[1]}/${hostname})"),
            R"("docker.web.app/web/app/docker.web/web.app/node1")");
  EXPECT_EQ(plain("${tag_parts[9]}|"), R"("|")");
  EXPECT_EQ(plain("${time}"), R"("2023-11-14 22:13:20 +0000")");
  EXPECT_EQ(plain(R"(n=${record["n"]} m=${record["missing"]})"), R"("n=5 m=")");
  EXPECT_EQ(plain(R"(${record.dig("h", "k.l")})"), "1");
  EXPECT_EQ(plain("no $placeholders {here} #{at} all\\n"), R"("no $placeholders {here} #{at} all\\n")");
  EXPECT_EQ(plain(""), R"("")");
}

TEST(ExpressionTemplate, unknown_plain_placeholders_are_told_and_give_nothing) {
  const auto unknown = [](std::string_view text) {
    return ExpressionTemplate::compile(text, ExpressionTemplate::Mode::plain, settings()).unknown();
  };
  EXPECT_THAT(unknown(R"(a ${message} ${record['n']} ${tag.upcase} __HOSTNAME__ ${tag})"),
              ElementsAre("${message}", "${record['n']}", "${tag.upcase}", "__HOSTNAME__"));
  EXPECT_EQ(plain("a ${message} __HOSTNAME__ b"), R"("a   b")");
  EXPECT_EQ(plain("${message}"), "null");
}

TEST(ExpressionTemplate, ruby_text_is_the_inside_of_a_string) {
  EXPECT_EQ(ruby(R"(a\tb ${1 + 1}-#{record["s"]}"')"), R"("a\tb 2-5\"'")");
  EXPECT_EQ(ruby(R"(${tag}-${tag_parts[0].upcase})"), R"("docker.web.app-DOCKER")");
  EXPECT_EQ(ruby(R"(${x = record["n"]}|${x + 1})"), R"("5|6")");
  EXPECT_EQ(ruby("plain"), R"("plain")");
  EXPECT_EQ(ruby("${hostname}"), R"("node1")");
  EXPECT_EQ(ruby(R"(${record["missing"].upcase}!)"), "! undefined method 'upcase' for nil");
  EXPECT_THAT(ruby("a ${1 + }"), StartsWith("refused: at character 9: expected a value"));
  EXPECT_THAT(ruby("${tag"), HasSubstr("'{' is not closed"));
}

TEST(ExpressionTemplate, knows_when_no_event_matters) {
  const auto constant = [](std::string_view text) {
    return ExpressionTemplate::compile(text, ExpressionTemplate::Mode::ruby, settings()).is_constant();
  };
  EXPECT_TRUE(constant("text"));
  EXPECT_TRUE(constant("on ${hostname}"));
  EXPECT_TRUE(constant(""));
  EXPECT_FALSE(constant("${tag}"));
}

TEST(Evaluator, is_used_again_and_again) {
  const Json first(R"({"a":"x"})");
  const Json second(R"({"a":"y","b":2})");
  const Expression whole = Expression::compile(R"("#{record["a"]}-#{record["b"] || 0}")", settings());
  const Expression fails = Expression::compile(R"(record["b"].upcase)", settings());
  Evaluator evaluator;
  evaluator.start({"t", {}, first.record()});
  EXPECT_TRUE(evaluator.evaluate(whole));
  EXPECT_EQ(evaluator.text(), "x-0");
  EXPECT_FALSE(evaluator.evaluate(fails));
  evaluator.start({"t", {}, second.record()});
  EXPECT_TRUE(evaluator.evaluate(whole));
  EXPECT_EQ(evaluator.text(), "y-2");
  EXPECT_TRUE(evaluator.truthy());
  EXPECT_FALSE(evaluator.is_nil());
}

}  // namespace
