#include "route/pattern.hpp"

#include <logboom/regexp.hpp>

#include <gtest/gtest.h>

#include <ctime>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace logboom {
namespace {

bool matches(std::string_view pattern, std::string_view tag) { return Pattern::compile(pattern).matches(tag); }

struct Row {
  std::string pattern;
  std::vector<std::string> yes;
  std::vector<std::string> no;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    for (const std::string& tag : row.yes)
      EXPECT_TRUE(matches(row.pattern, tag)) << row.pattern << " ~ '" << tag << "'";
    for (const std::string& tag : row.no)
      EXPECT_FALSE(matches(row.pattern, tag)) << row.pattern << " ~ '" << tag << "'";
  }
}

TEST(TagPattern, follows_the_table_of_fluentd_row_by_row) {
  check({
      {"*", {"", "a", "abc"}, {"a.b", "."}},
      {"a.*", {"a.", "a.b"}, {"a", "ab", "a.b.c", "b.c"}},
      {"a.**", {"a", "a.", "a.b", "a.b.c", "a..b"}, {"ab", "ab.c", "", "b", "b.a"}},
      {"**.a", {"a", "x.a", "x.y.a", ".a"}, {"xa", "x.ya", "a.x", ""}},
      {"a.**.b", {"a.b", "a..b", "a.x.b", "a.x.y.b"}, {"ab", "a.xb", "ax.b", "a", "b"}},
      {"a**", {"a", "ab", "a.b", "ab.c.d"}, {"", "ba"}},
      {"**a", {"a", "ba", "c.ba", "d.e.a"}, {"", "ab"}},
      {"*.*", {"a.b", ".", "a.", ".b"}, {"a", "a.b.c", ""}},
      {"a.{b,c}.*", {"a.b.x", "a.c.", "a.c.y"}, {"a.b", "a.d.x", "a.b.x.y", "a.bc.x"}},
      {"a.{b,}", {"a.b", "a."}, {"a", "a.c"}},
      {"a.", {"a"}, {"a.", "a.b"}},
      {"/a/", {"a"}, {"abc", "ba", ""}},
      {"**", {"", "a", ".", "a.b.c", "a\nb"}, {}},
  });
}

TEST(TagPattern, follows_fluentds_own_unit_test) {
  check({
      {"a.b", {"a.b"}, {"aab", "a", "a.b.c"}},
      {"a*", {"a", "ab", "abc"}, {"a.b", "ab.c", "ba"}},
      {"*a", {"a", "ba", "cba"}, {"ab"}},
      {"*a*", {"a", "ba", "ac", "bac"}, {"b", "a.b"}},
      {"a.*.c", {"a.b.c", "a.c.c", "a..c"}, {"a.c"}},
      {"a.{b,c}", {"a.b", "a.c"}, {"a.d"}},
      {"a.{b,c}.**", {"a.b", "a.c", "a.b.x"}, {"a.d", "a.cd"}},
      {"a.{b.**,c}", {"a.b", "a.b.c", "a.c"}, {"a.c.d"}},
      {"/a.*/", {"abc", "a"}, {"ba"}},
      {"/a\\..*/", {"a.b.c"}, {"b.b.c", "ab"}},
      {"/(?!a\\.).*/", {"b.b.c", "a"}, {"a.b.c", "a."}},
  });
}

TEST(TagPattern, nested_and_empty_alternatives_work) {
  check({
      {"{a,{b,c.{d,e}}}.x", {"a.x", "b.x", "c.d.x", "c.e.x"}, {"c.x", "d.x", ".x"}},
      {"{}", {""}, {"a"}},
      {"a{}b", {"ab"}, {"a", "a{}b"}},
      {"a{,.b}", {"a", "a.b"}, {"a."}},
      {"{a.}b", {"a.b"}, {"ab"}},
      {"{a,b.}**", {"a", "ax", "b.", "b.x"}, {"b"}},
      {"x.{**,a}.y", {"x..y", "x.q.r.y", "x.a.y"}, {"x.y", "xa.y"}},
      {"{a,b}{c,d}", {"ac", "ad", "bc", "bd"}, {"ab", "a"}},
  });
}

TEST(TagPattern, other_characters_are_literals) {
  check({
      {"!a", {"!a"}, {"a", "b"}},
      {"[ab]", {"[ab]"}, {"a", "b"}},
      {"a?", {"a?"}, {"a", "ab"}},
      {"a}", {"a}"}, {"a"}},
      {"a,b", {"a,b"}, {"a", "b"}},
      {"a+(b)|^$", {"a+(b)|^$"}, {"aab"}},
      {"a\\*", {"a*"}, {"ab"}},
      {"a.\\**", {"a.*", "a.*b"}, {"a.b"}},
      {"\\{a\\,b\\}", {"{a,b}"}, {"a"}},
      {"a\\", {"a"}, {"a\\"}},
      {"größe.*", {"größe.x"}, {"größe", "grosse.x"}},
      {"a..", {"a."}, {"a", "a.."}},
      {".**", {"", ".", ".a"}, {"a"}},
      {"***", {"", "a", "a.b"}, {}},
      {"**.", {"", ".", "a.", "a.b."}, {"a"}},
      {"a-b_c@d", {"a-b_c@d"}, {"a"}},
  });
}

TEST(TagPattern, image_names_with_slashes_colons_and_dots_match_as_one_would_read_them) {
  const std::string tag = "docker.registry.example.com:5000/team/app:1.2.3.hello.5780a95f0026";
  check({
      {"docker.**", {tag, "docker"}, {"dockerx"}},
      {"docker.*.*.*", {"docker.hello-world.hello.5780a95f0026"}, {tag}},
      {"**.5780a95f0026", {tag}, {}},
      {"docker.**.hello.*", {tag}, {}},
      {"docker.registry.example.com:5000/team/app:*.**", {tag}, {}},
  });
}

TEST(TagPattern, a_regexp_is_anchored_but_not_grouped) {
  check({
      {"/a|b/", {"a", "ax", "b", "xb"}, {"xax", "bx"}},
      {"/(a|b)/", {"a", "b"}, {"ax"}},
      {"/a/b/", {"a/b"}, {"a"}},
      {"//", {""}, {"a"}},
      {"/", {""}, {"a"}},
  });
}

TEST(TagPattern, one_newline_at_the_end_of_a_tag_is_ignored_as_by_ruby) {
  check({
      {"a", {"a\n"}, {"a\n\n", "\na"}},
      {"a.**", {"a.b\n"}, {"a\n", "a.b\nc"}},
      {"*", {"\n", "a\nb"}, {}},
  });
}

TEST(TagPattern, mistakes_are_refused_with_the_pattern_and_the_reason) {
  const auto message = [](std::string_view text) -> std::string {
    try {
      PatternList::compile(text);
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(message("a.{b,c"), "invalid match pattern 'a.{b,c': unclosed '{'");
  EXPECT_EQ(message("x a.{b,{c}"), "invalid match pattern 'a.{b,{c}': unclosed '{'");
  EXPECT_NE(message("/a b/").find("'/a'"), std::string::npos);
  EXPECT_NE(message("/a b/").find("must end with '/'"), std::string::npos);
  EXPECT_NE(message("/(a/").find("unmatched parenthesis"), std::string::npos);
  EXPECT_NE(message(std::string(70'000, 'a')).find("64 KiB"), std::string::npos);
  EXPECT_NE(message(std::string(101, '{') + std::string(101, '}')).find("nested"), std::string::npos);
}

TEST(TagPatternList, any_pattern_of_a_list_is_enough_and_an_empty_list_takes_everything) {
  const PatternList list = PatternList::compile(" a.b.**\t a.c\n/z.*/ ");
  EXPECT_EQ(list.patterns().size(), 3U);
  EXPECT_TRUE(list.matches("a.b"));
  EXPECT_TRUE(list.matches("a.b.c"));
  EXPECT_TRUE(list.matches("a.c"));
  EXPECT_TRUE(list.matches("zzz"));
  EXPECT_FALSE(list.matches("a.c.d"));
  for (const char* empty : {"", "  "}) {
    EXPECT_TRUE(PatternList::compile(empty).matches("a.b"));
    EXPECT_TRUE(PatternList::compile(empty).matches_everything());
  }
}

TEST(TagPattern, knows_whether_it_matches_everything) {
  for (const char* text : {"**", "***", "{**}", "{a,**}", "**.**", "{,**.}*", "***.**", "*.**", "*{,.**}", "/.*/"}) {
    EXPECT_TRUE(Pattern::compile(text).matches_everything()) << text;
  }
  for (const char* text : {"", "*", "a.**", "**.a", "a**", "**a", "**.*.*", ".**", "{a,*}", "**.", "/.+/", "a"}) {
    EXPECT_FALSE(Pattern::compile(text).matches_everything()) << text;
  }
  EXPECT_TRUE(PatternList::compile("a **").matches_everything());
  EXPECT_FALSE(PatternList::compile("a b.**").matches_everything());
}

TEST(TagPattern, hostile_patterns_and_tags_take_no_exponential_time) {
  const std::clock_t start = std::clock();
  std::string stars = "a";
  for (int i = 0; i < 60; ++i) stars += ".**";
  EXPECT_FALSE(matches(stars + ".b", "a" + std::string(2000, '.') + "c"));
  std::string nest = "x";
  for (int i = 0; i < 90; ++i) nest = "{*," + nest + ",y*}y*";
  EXPECT_FALSE(matches(nest, std::string(500, 'y') + "."));
  std::string product;
  for (int i = 0; i < 40; ++i) product += "{a,a,{a,aa}}*";
  EXPECT_FALSE(matches(product, std::string(1000, 'a') + ".b"));
  EXPECT_FALSE(matches("/(a|a)*/", std::string(100, 'a') + "b"));
  EXPECT_LT(std::clock() - start, 20 * CLOCKS_PER_SEC);
}

std::string quoted(char c) {
  const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  return word ? std::string(1, c) : std::string("\\") + c;
}

// The regexp that Fluentd makes of a glob.
std::string fluentd_regexp(std::string_view glob) {
  std::vector<std::string> regex{""};
  std::vector<std::vector<std::string>> stack;
  bool escape = false;
  bool dot = false;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    const char c = glob[i];
    if (escape) {
      regex.back() += quoted(c);
      escape = false;
      continue;
    }
    if (glob.substr(i, 2) == "**") {
      if (dot) regex.back() += "(?![^\\.])";
      dot = false;
      const bool before_dot = glob.substr(i + 2, 1) == ".";
      regex.back() += before_dot ? "(?:.*\\.|\\A)" : ".*";
      i += before_dot ? 2 : 1;
      continue;
    }
    if (dot) regex.back() += "\\.";
    dot = false;
    if (c == '\\') {
      escape = true;
    } else if (c == '.') {
      dot = true;
    } else if (c == '*') {
      regex.back() += "[^\\.]*";
    } else if (c == '{') {
      stack.emplace_back();
      regex.emplace_back();
    } else if ((c == '}' || c == ',') && !stack.empty()) {
      stack.back().push_back(regex.back());
      regex.back().clear();
      if (c == ',') continue;
      regex.pop_back();
      std::string joined;
      for (const std::string& choice : stack.back()) joined += (joined.empty() ? "" : "|") + ("(?-mix:" + choice + ")");
      stack.pop_back();
      regex.back() += "(?-mix:" + joined + ")";
    } else {
      regex.back() += quoted(c);
    }
  }
  return "\\A" + regex.back() + "\\Z";
}

std::string random_glob(std::mt19937& random) {
  static const std::vector<std::string> atoms{"a", "b", ".", ".",   "*",   "**", "**.", ".**",
                                              "{", "}", ",", "\\*", "a.b", "!",  "\\."};
  std::string out;
  const std::size_t length = 1 + random() % 6;
  for (std::size_t i = 0; i < length; ++i) out += atoms[random() % atoms.size()];
  return out;
}

TEST(TagPattern, agrees_with_fluentds_regexp_on_generated_patterns_and_tags) {
  std::mt19937 random(20'240'101);
  const std::string alphabet = "aab..*!,}\n";
  std::size_t compared = 0;
  std::size_t matched = 0;
  while (compared < 40'000) {
    const std::string glob = random_glob(random);
    std::optional<Pattern> pattern;
    try {
      pattern = Pattern::compile(glob);
    } catch (const std::invalid_argument&) {
      continue;
    }
    const Regexp oracle = Regexp::compile(fluentd_regexp(glob));
    for (int i = 0; i < 20; ++i, ++compared) {
      std::string tag;
      for (std::size_t n = random() % 7; n > 0; --n) tag += alphabet[random() % alphabet.size()];
      MatchRegion region;
      const bool expected = glob == "**" || oracle.search(tag, region) == SearchResult::match;
      matched += expected ? 1U : 0U;
      ASSERT_EQ(pattern->matches(tag), expected) << "pattern '" << glob << "' tag '" << tag << "'";
      if (pattern->matches_everything() && tag.find('\n') == std::string::npos) {
        ASSERT_TRUE(expected) << glob << " on " << tag;
      }
    }
  }
  EXPECT_GT(matched, compared / 40);
}

}  // namespace
}  // namespace logboom
