#include <logboom/metrics.hpp>
#include <logboom/regexp.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace logboom {
namespace {

SearchResult search(const Regexp& regexp, std::string_view subject) {
  MatchRegion region;
  return regexp.search(subject, region);
}

bool found(std::string_view pattern, std::string_view subject, Regexp::Flags flags = {}) {
  return search(Regexp::compile(pattern, flags), subject) == SearchResult::match;
}

TEST(Regexp, named_groups_are_listed_by_number_and_found_by_name) {
  const Regexp regexp = Regexp::compile(R"(^(?<host>[^ ]*) (?<code>\d+)(?: (?<rest>.*))?$)");
  ASSERT_EQ(regexp.named_groups().size(), 3U);
  EXPECT_EQ(regexp.named_groups()[0].name, "host");
  EXPECT_EQ(regexp.named_groups()[1].name, "code");
  EXPECT_EQ(regexp.named_groups()[2].numbers, std::vector<std::size_t>{3});
  MatchRegion region;
  ASSERT_EQ(regexp.search("web-1 404", region), SearchResult::match);
  EXPECT_EQ(region.size(), 4U);
  EXPECT_EQ(region.group(0), "web-1 404");
  EXPECT_EQ(regexp.group(region, "code"), "404");
  EXPECT_EQ(regexp.group(region, "rest"), std::nullopt);
  EXPECT_EQ(regexp.group(region, "nobody"), std::nullopt);
  EXPECT_EQ(region.begin(2), 6U);
  EXPECT_EQ(region.group(9), std::nullopt);
}

TEST(Regexp, a_name_used_twice_gives_the_group_that_matched) {
  const Regexp regexp = Regexp::compile("(?<n>a)|(?<n>b)");
  MatchRegion region;
  ASSERT_EQ(regexp.search("b", region), SearchResult::match);
  EXPECT_EQ(regexp.group(region, "n"), "b");
}

TEST(Regexp, the_region_forgets_the_last_match_when_nothing_matches) {
  const Regexp regexp = Regexp::compile("a");
  MatchRegion region;
  ASSERT_EQ(regexp.search("xa", region), SearchResult::match);
  ASSERT_EQ(regexp.search("b", region), SearchResult::no_match);
  EXPECT_EQ(region.size(), 0U);
  EXPECT_EQ(region.group(0), std::nullopt);
}

TEST(Regexp, syntax_and_flags_are_those_of_ruby) {
  EXPECT_TRUE(found("^b$", "a\nb\nc"));
  EXPECT_FALSE(found("a.b", "a\nb"));
  EXPECT_TRUE(found("a.b", "a\nb", {.multiline = true}));
  EXPECT_TRUE(found("ÄB", "äb", {.ignore_case = true}));
  EXPECT_FALSE(found("ÄB", "äb"));
  EXPECT_TRUE(found("a b # comment", "ab", {.extended = true}));
  EXPECT_TRUE(found("\\Aa\\Z", "a\n"));
  EXPECT_FALSE(found("\\Aa\\z", "a\n"));
  EXPECT_TRUE(found("\\A\\h+\\z", "c0ffee"));
  EXPECT_TRUE(found("(?i:A)b", "ab"));
  EXPECT_TRUE(found("(?<!x)y", "ay"));
}

TEST(Regexp, word_digit_and_space_classes_are_ascii_as_in_ruby) {
  EXPECT_FALSE(found("\\w", "é"));
  EXPECT_FALSE(found("\\d", "٣"));
  EXPECT_FALSE(found("\\s", "\u2003"));
  EXPECT_TRUE(found("\\A\\p{Hiragana}\\z", "あ"));
}

TEST(Regexp, a_dot_is_one_character_of_utf8) {
  EXPECT_TRUE(found("\\A.\\z", "あ"));
  EXPECT_FALSE(found("\\A..\\z", "あ"));
}

TEST(Regexp, an_invalid_pattern_is_refused_with_its_reason) {
  try {
    Regexp::compile("a(b");
    FAIL() << "compiled";
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "invalid regexp /a(b/: end pattern with unmatched parenthesis");
  }
  try {
    Regexp::compile("ab(?<1x>c)");
    FAIL() << "compiled";
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "invalid regexp /ab(?<1x>c)/: invalid group name <1x> at byte 5");
  }
  EXPECT_THROW(Regexp::compile("\xff"), std::invalid_argument);
  EXPECT_THROW(Regexp::compile("[b-a]"), std::invalid_argument);
}

TEST(Regexp, searches_that_are_given_up_are_counted_where_it_was_compiled) {
  const auto outer = std::make_shared<Counter>();
  const auto inner = std::make_shared<Counter>();
  const std::string subject = std::string(64, 'x') + "z y";
  const RegexpCounting counting([&] { return outer; });
  const Regexp first = Regexp::compile("(x+x+)+y");
  std::optional<Regexp> second;
  {
    const RegexpCounting within([&] { return inner; });
    second = Regexp::compile("(x+x+)+y");
  }
  const Regexp third = Regexp::compile("(x+x+)+y");
  EXPECT_EQ(search(first, subject), SearchResult::limit_exceeded);
  EXPECT_EQ(search(first, "xxy"), SearchResult::match);
  EXPECT_EQ(search(*second, subject), SearchResult::limit_exceeded);
  EXPECT_EQ(search(third, subject), SearchResult::limit_exceeded);
  EXPECT_EQ(outer->value(), 2u);
  EXPECT_EQ(inner->value(), 1u);
}

TEST(Regexp, catastrophic_backtracking_ends_as_limit_exceeded) {
  const std::string subject = std::string(60, 'a') + "!";
  EXPECT_EQ(search(Regexp::compile("^(a|a)*$"), subject), SearchResult::limit_exceeded);
  EXPECT_EQ(search(Regexp::compile("(x+x+)+y"), std::string(64, 'x') + "z y"), SearchResult::limit_exceeded);
}

TEST(Regexp, a_search_that_looks_through_all_from_each_line_is_given_up) {
  const Regexp regexp = Regexp::compile("^[^ ]* \\w", {}, {.duration = std::chrono::milliseconds(20)});
  EXPECT_EQ(search(regexp, std::string(1'000'000, '\n') + " !"), SearchResult::limit_exceeded);
  EXPECT_EQ(search(regexp, std::string(1'000'000, '\n') + " x"), SearchResult::match) << "from the first place";
  EXPECT_EQ(search(regexp, std::string(10'000, 'a')), SearchResult::no_match);
}

TEST(Regexp, a_match_far_behind_many_other_beginnings_is_found) {
  std::string subject;
  while (subject.size() < 300'000) subject += "é\n";
  const std::string whole = subject + "xxxy";
  for (const char* pattern : {"^(?<a>x+)y$", "(?<a>x+)y\\z", "(?<=\n)(?<a>[^\n]x*)y"}) {
    const Regexp regexp = Regexp::compile(pattern, {}, {.duration = std::chrono::minutes(1)});
    MatchRegion region;
    ASSERT_EQ(regexp.search(whole, region), SearchResult::match) << pattern;
    EXPECT_EQ(region.group(1), "xxx");
    EXPECT_EQ(region.begin(1), subject.size());
  }
}

TEST(Regexp, the_memory_of_a_search_is_bounded) {
  const Regexp regexp = Regexp::compile("\\A(?:a|b)*\\z", {}, {.stack_entries = 1000});
  EXPECT_EQ(search(regexp, std::string(100, 'a')), SearchResult::match);
  EXPECT_EQ(search(regexp, std::string(100'000, 'a')), SearchResult::limit_exceeded);
}

TEST(Regexp, a_region_works_again_after_a_limit_was_hit) {
  const Regexp regexp = Regexp::compile("^(a|a)*$");
  MatchRegion region;
  EXPECT_EQ(regexp.search(std::string(60, 'a') + "!", region), SearchResult::limit_exceeded);
  EXPECT_EQ(region.size(), 0U);
  EXPECT_EQ(regexp.search("aaa", region), SearchResult::match);
}

TEST(Regexp, invalid_utf8_is_safe_and_the_valid_text_around_it_still_matches) {
  const std::string subject = "\xff\xc3 user=Jürgen \xe3\x81";
  const Regexp regexp = Regexp::compile("user=(?<user>J\\p{L}+)");
  MatchRegion region;
  ASSERT_EQ(regexp.search(subject, region), SearchResult::match);
  EXPECT_EQ(regexp.group(region, "user"), "Jürgen");
  EXPECT_EQ(region.begin(0), 3U);
  EXPECT_TRUE(found("\\A.{3}\\z",
                    "a\xff"
                    "b"));
  EXPECT_FALSE(found("\\w", "\xff\xfe"));
  EXPECT_TRUE(found("\\A..\\z", "\xc0\xaf"));
  EXPECT_TRUE(found("\\A...\\z", "\xed\xa0\x80"));
  EXPECT_TRUE(found("\\A.\\z", "\xf4\x8f\xbf\xbf"));
  EXPECT_TRUE(found("\\A....\\z", "\xf4\x90\x80\x80"));
  MatchRegion raw;
  ASSERT_EQ(Regexp::compile("(.+)$").search("\x80\xe3\x81", raw), SearchResult::match);
  EXPECT_EQ(raw.group(1), "\x80\xe3\x81");
}

TEST(Regexp, empty_patterns_and_subjects_work) {
  EXPECT_TRUE(found("", ""));
  EXPECT_TRUE(found("", std::string_view{}));
  EXPECT_TRUE(found("\\A\\z", std::string_view{}));
  EXPECT_FALSE(found(".", ""));
  EXPECT_TRUE(found("a\\0b", std::string_view("a\0b", 3)));
}

TEST(Regexp, many_threads_search_with_one_regexp) {
  const Regexp regexp = Regexp::compile("(?<key>[a-z]+)=(?<value>\\d+)");
  std::vector<int> hits(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < hits.size(); ++t) {
    threads.emplace_back([&, t] {
      MatchRegion region;
      for (int i = 0; i < 2000; ++i) {
        const std::string subject = "-- key=" + std::to_string(i) + (i % 2 == 0 ? "\xff" : "");
        const bool ok = regexp.search(subject, region) == SearchResult::match;
        hits[t] += ok && regexp.group(region, "value") == std::to_string(i) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(hits, std::vector<int>(4, 2000));
}

}  // namespace
}  // namespace logboom
