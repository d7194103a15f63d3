#include <gtest/gtest.h>

#include <ctime>
#include <logboom/testing/filter_driver.hpp>

#include "../scanners.hpp"

namespace logboom::plugins {
PluginInfo filter_redact();
}

namespace {

using namespace logboom;
using logboom::testing::FakeContext;
using logboom::testing::FilterDriver;
using logboom::testing::section;
using plugins::redact::Kind;
using Params = FilterDriver::Params;

FilterDriver redact(const Params& params, std::vector<Element> sections = {}) {
  return FilterDriver(plugins::filter_redact(), params,
                      [&](FakeContext& context) { context.section().children = std::move(sections); });
}

/// All matches with `|` between.
std::string found(Kind kind, std::string_view text) {
  std::string all;
  std::size_t at = 0;
  while (const auto each = plugins::redact::find(kind, text, at)) {
    all += cat(all.empty() ? "" : "|", text.substr(each.begin, each.end - each.begin));
    at = each.end;
  }
  return all;
}

TEST(RedactScanners, email) {
  EXPECT_EQ(found(Kind::email, "to=<Bob.o+x@mail.example.com>, a@b.co."), "Bob.o+x@mail.example.com|a@b.co");
  EXPECT_EQ(found(Kind::email, "a@b @example.com a@b. a@-x.com a@x.1 .@a.com"), "");
  EXPECT_EQ(found(Kind::email, "user a@b.co-op x"), "");
  EXPECT_EQ(found(Kind::email, std::string(70, 'x') + "@a.com"), std::string(64, 'x') + "@a.com");
}

TEST(RedactScanners, ipv4) {
  EXPECT_EQ(found(Kind::ipv4, "from 10.0.0.1:80, [192.168.1.255] 8.8.8.8."), "10.0.0.1|192.168.1.255|8.8.8.8");
  EXPECT_EQ(found(Kind::ipv4, "1.2.3 1.2.3.4.5 256.1.1.1 v1.2.3.4 1.2.3.4a 1.2.3.0001"), "");
}

TEST(RedactScanners, ipv6) {
  EXPECT_EQ(found(Kind::ipv6, "[2001:db8::1]:443 ::1, ip:2001:db8:0:0:0:0:0:2. ::ffff:1.2.3.4"),
            "2001:db8::1|::1|2001:db8:0:0:0:0:0:2|::ffff:1.2.3.4");
  EXPECT_EQ(found(Kind::ipv6, "12:34:56 aa:bb:cc:dd:ee:11 std::dec a::b 1:2 g::1"), "");
}

TEST(RedactScanners, credit_card) {
  EXPECT_EQ(found(Kind::credit_card, "4111111111111111, 5500-0000-0000-0004 and 3400 000000 00009 2024"),
            "4111111111111111|5500-0000-0000-0004|3400 000000 00009");
  EXPECT_EQ(found(Kind::credit_card, "n 12 4111 1111 1111 1111 12"), "4111 1111 1111 1111");
  EXPECT_EQ(found(Kind::credit_card, "4111111111111112 1700000000000 x4111111111111111 4111111111111111x"), "");
  EXPECT_EQ(found(Kind::credit_card, "4111  1111 1111 1111 4111-1111 1111 1111"), "");
}

TEST(RedactScanners, jwt) {
  const std::string token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_-123";
  EXPECT_EQ(found(Kind::jwt, "Bearer " + token + "; " + token), token + "|" + token);
  EXPECT_EQ(found(Kind::jwt, "eyJhbGciOiJIUzI1NiJ9.short.x eyJ xeyJhbGciOiJIUzI1NiJ9"), "");
}

TEST(RedactScanners, aws_key) {
  const std::string secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  EXPECT_EQ(found(Kind::aws_key, "key AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE"),
            "AKIAIOSFODNN7EXAMPLE|ASIAIOSFODNN7EXAMPLE");
  EXPECT_EQ(found(Kind::aws_key, "AKIAIOSFODNN7EXAMPLEX xAKIAIOSFODNN7EXAMPLE AKIAiosfodnn7example"), "");
  EXPECT_EQ(found(Kind::aws_key, "AWS_SECRET_ACCESS_KEY=" + secret), secret);
  EXPECT_EQ(found(Kind::aws_key, R"("SecretAccessKey": ")" + secret + "\""), secret);
  EXPECT_EQ(found(Kind::aws_key, secret + " secret_access_key=" + secret + "x"), "");
}

TEST(FilterRedact, replaces_matches_in_all_texts_at_any_depth_but_not_in_keys) {
  FilterDriver filter = redact({{"patterns", "email,ipv4"}});
  EXPECT_EQ(filter.record(R"({"log":"a@b.co from 10.0.0.1!","n":1,"10.0.0.1":[{"x":"1.1.1.1"},"ok"],"m":"a@b.co"})"),
            R"({"log":"[REDACTED] from [REDACTED]!","n":1,"10.0.0.1":[{"x":"[REDACTED]"},"ok"],"m":"[REDACTED]"})");
  const std::string clean = R"({"log":"nothing","k":[1,null,{"a":{}}]})";
  EXPECT_EQ(filter.record(clean), clean);
}

TEST(FilterRedact, keys_that_are_maps_are_left_alone) {
  const std::string record(
      "\x81\x81\xa8"
      "10.0.0.1\xa8"
      "10.0.0.2\xa8"
      "10.0.0.3",
      29);
  FilterDriver filter = redact({{"patterns", "ipv4"}});
  EXPECT_EQ(filter.send(logboom::testing::BatchOf("t").packed(record).make()).at(0).record,
            R"({"{\"10.0.0.1\":\"10.0.0.2\"}":"[REDACTED]"})");
}

TEST(FilterRedact, looks_only_at_the_keys_that_are_named) {
  FilterDriver filter = redact({{"patterns", "ipv4"}, {"keys", "log,$.a.b,$.c[0],none"}});
  EXPECT_EQ(
      filter.record(R"({"log":"1.1.1.1","x":"1.1.1.1","a":{"b":{"d":["1.1.1.1"]},"e":"1.1.1.1"},"c":["1.1.1.1"]})"),
      R"({"log":"[REDACTED]","x":"1.1.1.1","a":{"b":{"d":["[REDACTED]"]},"e":"1.1.1.1"},"c":["[REDACTED]"]})");
  EXPECT_EQ(filter.record(R"({"x":"1.1.1.1"})"), R"({"x":"1.1.1.1"})");
}

TEST(FilterRedact, the_replacement_may_name_the_pattern) {
  FilterDriver filter = redact({{"patterns", "email"}, {"replacement", "<${pattern}>-${pattern}"}},
                               {section("pattern", {{"name", "pw"}, {"regexp", "/(?<=pw=)\\S+/i"}})});
  EXPECT_EQ(filter.record(R"({"a":"a@b.co PW=geheim x"})"), R"({"a":"<email>-email PW=<pw>-pw x"})");
}

TEST(FilterRedact, of_matches_that_overlap_the_first_is_taken) {
  FilterDriver filter = redact({{"patterns", "email,ipv4"}, {"replacement", "<${pattern}>"}},
                               {section("pattern", {{"name", "all"}, {"regexp", "/mail .*/"}}),
                                section("pattern", {{"name", "empty"}, {"regexp", "/z*/"}})});
  EXPECT_EQ(filter.record(R"({"a":"1.1.1.1 zz a mail a@b.co"})"), R"({"a":"<ipv4> <empty> a <all>"})");
}

TEST(FilterRedact, what_a_regexp_says_of_a_place_is_true_behind_a_match_too) {
  FilterDriver filter = redact({}, {section("pattern", {{"name", "first"}, {"regexp", "/^\\d/"}}),
                                    section("pattern", {{"name", "word"}, {"regexp", "/(?<!ü)ü/"}})});
  EXPECT_EQ(filter.record(R"({"m":"123\n45 üü"})"), R"({"m":"[REDACTED]23\n[REDACTED]5 [REDACTED]ü"})");
}

TEST(FilterRedact, removes_or_hashes) {
  EXPECT_EQ(redact({{"patterns", "ipv4"}, {"action", "remove"}}).record(R"({"a":"x 1.1.1.1 y"})"), R"({"a":"x  y"})");
  FilterDriver plain = redact({{"patterns", "ipv4"}, {"action", "hash"}});
  EXPECT_EQ(plain.record(R"({"a":"1.1.1.1"})"),
            R"({"a":"f1412386aa8db2579aff2636cb9511cacc5fd9880ecab60c048508fbe26ee4d9"})");
  EXPECT_EQ(plain.warnings().size(), 1u);
  FilterDriver salted = redact({{"patterns", "ipv4"}, {"action", "hash"}, {"salt", "key"}});
  EXPECT_EQ(salted.record(R"({"a":"1.1.1.1"})").size(), plain.record(R"({"a":"1.1.1.1"})").size());
  EXPECT_NE(salted.record(R"({"a":"1.1.1.1"})"), plain.record(R"({"a":"1.1.1.1"})"));
  EXPECT_TRUE(salted.warnings().empty());
}

TEST(FilterRedact, counts_by_pattern_and_logs_nothing_of_it) {
  FilterDriver filter = redact({{"patterns", "ipv4,email"}});
  filter.record(R"({"a":"1.1.1.1 2.2.2.2 a@b.co"})");
  std::map<std::string, std::int64_t> counts;
  filter.context().metrics().visit(
      [&](const Metrics::Sample& sample) { counts[sample.labels.back().second] = sample.value; });
  EXPECT_EQ(counts, (std::map<std::string, std::int64_t>{{"email", 1}, {"ipv4", 2}}));
  EXPECT_TRUE(filter.context().log().lines().empty());
}

TEST(FilterRedact, a_regexp_that_takes_too_long_or_matches_too_often_fails_the_event) {
  FilterDriver slow = redact({}, {section("pattern", {{"name", "s"}, {"regexp", "/^(a|a?)+$/"}})});
  EXPECT_EQ(slow.record(R"({"a":")" + std::string(60, 'a') + R"(b"})"), "");
  FilterDriver often = redact({}, {section("pattern", {{"name", "s"}, {"regexp", "/x/"}})});
  EXPECT_EQ(often.record(R"({"a":")" + std::string(5000, 'x') + R"("})"), "");
  EXPECT_EQ(often.record(R"({"a":"xx"})"), R"({"a":"[REDACTED][REDACTED]"})");
  EXPECT_EQ(often.outcome().failed.size(), 1u);
  EXPECT_EQ(slow.outcome().failed.size(), 1u);
}

TEST(FilterRedact, a_long_text_full_of_beginnings_is_looked_through_in_time) {
  FilterDriver filter = redact({{"patterns", "email,ipv4,ipv6,credit_card,jwt,aws_key"}});
  const std::clock_t start = std::clock();
  for (const char* piece : {"@", "a@", "1.", "4 ", "41", "f:", "::1", "eyJ", "eyJ.", "A", "secret_access_key="}) {
    std::string text;
    while (text.size() < 300'000) text += piece;
    filter.record("{\"a\":\"" + text + "\"}");
  }
  EXPECT_LT(std::clock() - start, 10 * CLOCKS_PER_SEC);
}

TEST(FilterRedact, refuses_what_makes_no_sense) {
  EXPECT_THROW(redact({}), ConfigError);
  EXPECT_THROW(redact({{"patterns", "phone"}}), ConfigError);
  EXPECT_THROW(redact({{"patterns", "email"}, {"keys", "$.a["}}), ConfigError);
  EXPECT_THROW(redact({}, {section("pattern", {{"name", "x"}, {"regexp", "/(/"}})}), ConfigError);
}

}  // namespace
