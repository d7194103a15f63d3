#include <gtest/gtest.h>
#include <logboom/text_pattern.hpp>

#include <random>
#include <string>
#include <vector>

namespace logboom {
namespace {

TextPattern compile(std::string source) {
  config_value::Regexp pattern;
  pattern.source = std::move(source);
  return TextPattern::compile(pattern);
}

TEST(TextPattern, plain_texts_need_no_regexp_machine) {
  for (const char* plain :
       {"error", "^GET ", "\\.png$", "\\Aab\\z", "warn|error", "\\[a\\]|^b$", "日本", "a\\|b", "^-$"}) {
    EXPECT_TRUE(compile(plain).is_plain()) << plain;
  }
  for (const char* other : {"err.r", "", "^", "$", "a|", "(a|b)", "a+", "\\d", "\\bword", "a\nb", "a\\n", "a$b", "a^b",
                            "[a]", "a{2}", "\x1a", "\\Z", "a\\Z", "a|b|c|d|e|f|g|h|i"}) {
    EXPECT_FALSE(compile(other).is_plain()) << other;
  }
  config_value::Regexp any_case;
  any_case.source = "error";
  any_case.ignore_case = true;
  EXPECT_FALSE(TextPattern::compile(any_case).is_plain());
  MatchRegion region;
  EXPECT_EQ(TextPattern::compile(any_case).search("An ERROR", region), SearchResult::match);
}

/// Every text of a few letters, and random ones around the width of a vector.
std::vector<std::string> subjects() {
  const std::vector<std::string> letters{"a", "b", "\n", "\xc3\xa9", "\xe9", "\xc3"};
  std::vector<std::string> all{""};
  for (std::size_t begin = 0, length = 0; length < 5; ++length) {
    const std::size_t end = all.size();
    for (; begin < end; ++begin) {
      for (const std::string& letter : letters) all.push_back(all[begin] + letter);
    }
  }
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (auto left = random() % 80; left > 0; --left) text += letters[random() % (left % 7 == 0 ? 6 : 2)];
    all.push_back(text);
  }
  return all;
}

TEST(TextPattern, gives_what_the_regexp_gives) {
  MatchRegion region;
  const std::vector<std::string> texts = subjects();
  for (const char* source : {"a",
                             "ab",
                             "aab",
                             "^a",
                             "^ab",
                             "a$",
                             "ba$",
                             "^a$",
                             "^ab$",
                             "\\Aa",
                             "\\Ab$",
                             "b\\z",
                             "^b\\z",
                             "\\Aab\\z",
                             "\xc3\xa9",
                             "^\xc3\xa9",
                             "\xc3\xa9$",
                             "a\xc3\xa9"
                             "b",
                             "aa|bb",
                             "^a$|\xc3\xa9\\z",
                             "ababa",
                             "aaaaaaaaaaaaaaaaab"}) {
    const TextPattern pattern = compile(source);
    ASSERT_TRUE(pattern.is_plain()) << source;
    std::size_t matched = 0;
    for (const std::string& text : texts) {
      const SearchResult result = pattern.search(text, region);
      ASSERT_EQ(result, pattern.regexp().search(text, region)) << source << " in " << text;
      matched += result == SearchResult::match ? 1U : 0U;
    }
    EXPECT_LT(matched, texts.size()) << source;
  }
}

TEST(TextPattern, finds_a_text_at_each_place_and_never_beyond_the_end) {
  for (std::size_t size = 1; size < 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      text[at] = 'y';
      EXPECT_EQ(find_text(text, "y"), at);
      EXPECT_EQ(find_text(std::string_view(text).substr(0, at), "y"), std::string_view::npos);
      if (at + 2 <= size) {
        EXPECT_EQ(find_text(text, "yx"), at);
      }
    }
  }
  EXPECT_EQ(find_text("ab", "abc"), std::string_view::npos);
  EXPECT_EQ(find_text("", "a"), std::string_view::npos);
}

TEST(TextPattern, a_wrong_pattern_is_refused) { EXPECT_THROW(compile("("), std::invalid_argument); }

}  // namespace
}  // namespace logboom
