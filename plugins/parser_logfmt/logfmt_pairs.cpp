#include "logfmt_pairs.hpp"

#include <algorithm>
#include <charconv>

#include <logboom/ascii.hpp>

namespace logboom::plugins {

void LogfmtPairs::start(std::string_view line) {
  rest_ = line;
  unescaped_.clear();
}

bool LogfmtPairs::next() {
  while (!rest_.empty() && (is_space(rest_[0]) || rest_[0] == '=' || rest_[0] == '"')) rest_.remove_prefix(1);
  if (rest_.empty()) return false;
  const auto* end =
      std::find_if(rest_.begin(), rest_.end(), [](char c) { return is_space(c) || c == '=' || c == '"'; });
  const auto length = static_cast<std::size_t>(end - rest_.begin());
  pair_.key = rest_.substr(0, length);
  pair_.kind = Kind::flag;
  rest_.remove_prefix(length);
  if (!rest_.starts_with('=')) return true;
  rest_.remove_prefix(1);
  read_value();
  return true;
}

void LogfmtPairs::read_value() {
  if (rest_.empty() || is_space(rest_[0])) {
    pair_.kind = Kind::nothing;
  } else if (rest_[0] == '"') {
    read_quoted();
  } else {
    read_word();
  }
}

void LogfmtPairs::read_quoted() {
  pair_.kind = Kind::text;
  std::size_t end = 1;
  bool escaped = false;
  for (; end < rest_.size() && rest_[end] != '"'; ++end) {
    if (rest_[end] != '\\' || end + 1 == rest_.size()) continue;
    escaped = true;
    ++end;
  }
  const std::string_view inner = rest_.substr(1, end - 1);
  if (!escaped) {
    pair_.text = inner;
  } else {
    if (unescaped_.empty()) unescaped_.reserve(rest_.size());
    const std::size_t begin = unescaped_.size();
    for (std::size_t i = 0; i < inner.size(); ++i) {
      char c = inner[i];
      if (c == '\\' && i + 1 < inner.size()) {
        c = inner[++i];
        c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
      }
      unescaped_ += c;
    }
    pair_.text = std::string_view(unescaped_).substr(begin);
  }
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
}

/// A word that is a whole decimal number is one.
void LogfmtPairs::read_word() {
  const auto length = static_cast<std::size_t>(std::find_if(rest_.begin(), rest_.end(), is_space) - rest_.begin());
  pair_.kind = Kind::text;
  pair_.text = rest_.substr(0, length);
  rest_.remove_prefix(length);
  const char* const begin = pair_.text.data();
  const char* const end = begin + pair_.text.size();
  const char* const digits = *begin == '-' ? begin + 1 : begin;
  if (digits == end || !is_digit(*digits) || !is_digit(end[-1])) return;
  const char* const point = std::find_if_not(digits, end, is_digit);
  if (point == end) {
    if (std::from_chars(begin, end, pair_.integer).ec == std::errc()) pair_.kind = Kind::integer;
  } else if (*point == '.' && std::all_of(point + 1, end, is_digit)) {
    if (std::from_chars(begin, end, pair_.number).ec == std::errc()) pair_.kind = Kind::number;
  }
}

}  // namespace logboom::plugins
