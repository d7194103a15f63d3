#include <logboom/text_pattern.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/same_bytes.hpp"

namespace logboom {
namespace {

// As much as may be looked for one text after the other before a regexp machine is better.
constexpr std::size_t most_texts = 8;

constexpr std::string_view operators = ".*+?()[]{}|^$\\";
constexpr std::string_view may_be_escaped = "./-[](){}*+?|^$\\:\"#=@,;!%&~ ";

}  // namespace

std::size_t find_text(std::string_view text, std::string_view needle) noexcept {
  if (needle.size() >= text.size()) return needle == text ? 0 : std::string_view::npos;
  if (needle.empty()) return 0;
#ifdef __SSE2__
  // Sixteen places at once: those where the needle's first and last bytes stand are looked at.
  constexpr std::size_t width = sizeof(__m128i);
  const std::size_t last = needle.size() - 1;
  if (text.size() >= last + width) {
    const __m128i first_byte = _mm_set1_epi8(needle.front());
    const __m128i last_byte = _mm_set1_epi8(needle.back());
    // The last step goes back a little, to end where the text does.
    const std::size_t last_step = text.size() - last - width;
    for (std::size_t at = 0;; at += width) {
      at = std::min(at, last_step);
      const char* const here = text.data() + at;
      const __m128i begins = _mm_loadu_si128(reinterpret_cast<const __m128i*>(here));
      const __m128i ends = _mm_loadu_si128(reinterpret_cast<const __m128i*>(here + last));
      const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(begins, first_byte), _mm_cmpeq_epi8(ends, last_byte));
      for (auto hits = static_cast<unsigned>(_mm_movemask_epi8(both)); hits != 0; hits &= hits - 1) {
        const auto hit = static_cast<std::size_t>(std::countr_zero(hits));
        if (same_bytes(here + hit, needle.data(), needle.size())) return at + hit;
      }
      if (at == last_step) return std::string_view::npos;
    }
  }
#endif
  // Short, or without vectors.
  const std::size_t last_place = text.size() - needle.size();
  for (std::size_t at = 0; at <= last_place; ++at) {
    const void* first = std::memchr(text.data() + at, needle.front(), last_place - at + 1);
    if (first == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const char*>(first) - text.data());
    if (same_bytes(text.data() + at, needle.data(), needle.size())) return at;
  }
  return std::string_view::npos;
}

/// False where the pattern is more than a text and its bounds. A text with a line end in it, or with the character that
/// stands for invalid bytes, is not taken.
bool TextPattern::read_text(std::string_view pattern, Text& text) {
  if (pattern.starts_with('^')) {
    text.begin = At::line;
    pattern.remove_prefix(1);
  } else if (pattern.starts_with("\\A")) {
    text.begin = At::subject;
    pattern.remove_prefix(2);
  }
  while (!pattern.empty()) {
    char c = pattern.front();
    if (pattern == "$" || pattern == "\\z") {
      text.end = c == '$' ? At::line : At::subject;
      break;
    }
    pattern.remove_prefix(1);
    if (c == '\\') {
      if (pattern.empty() || may_be_escaped.find(pattern.front()) == std::string_view::npos) return false;
      c = pattern.front();
      pattern.remove_prefix(1);
    } else if (operators.find(c) != std::string_view::npos) {
      return false;
    }
    if (c >= 0 && c < ' ' && c != '\t') return false;
    text.text += c;
  }
  return !text.text.empty();
}

/// Of what stands between bars; empty where one is not plain.
std::vector<TextPattern::Text> TextPattern::read_texts(std::string_view pattern) {
  std::vector<Text> texts;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= pattern.size(); ++i) {
    if (i < pattern.size() && pattern[i] == '\\') {
      ++i;
      continue;
    }
    if (i < pattern.size() && pattern[i] != '|') continue;
    if (texts.size() == most_texts || !read_text(pattern.substr(begin, i - begin), texts.emplace_back())) return {};
    begin = i + 1;
  }
  return texts;
}

TextPattern TextPattern::compile(const config_value::Regexp& pattern) {
  TextPattern made(Regexp::compile(pattern.source, {pattern.ignore_case, pattern.multiline, pattern.extended}));
  if (!pattern.ignore_case && !pattern.extended) made.texts_ = read_texts(pattern.source);
  return made;
}

bool TextPattern::ends_well(const Text& text, std::string_view subject, std::size_t end) noexcept {
  return text.end == At::anywhere || end == subject.size() || (text.end == At::line && subject[end] == '\n');
}

bool TextPattern::matches(const Text& text, std::string_view subject) noexcept {
  const std::string_view wanted = text.text;
  if (text.begin == At::anywhere) {
    if (text.end == At::subject) return subject.ends_with(wanted);
    for (std::size_t from = 0;;) {
      const std::size_t at = find_text(subject.substr(from), wanted);
      if (at == std::string_view::npos) return false;
      if (ends_well(text, subject, from + at + wanted.size())) return true;
      from += at + 1;
    }
  }
  for (std::size_t line = 0;;) {
    const bool begins =
        subject.size() - line >= wanted.size() && same_bytes(subject.data() + line, wanted.data(), wanted.size());
    if (begins && ends_well(text, subject, line + wanted.size())) return true;
    if (text.begin == At::subject) return false;
    const std::size_t line_end = subject.find('\n', line);
    if (line_end == std::string_view::npos) return false;
    line = line_end + 1;
  }
}

SearchResult TextPattern::search_texts(std::string_view subject) const noexcept {
  for (const Text& text : texts_) {
    if (matches(text, subject)) return SearchResult::match;
  }
  return SearchResult::no_match;
}

}  // namespace logboom
