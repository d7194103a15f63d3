#include "tag_pattern.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include <logboom/ascii.hpp>

namespace logboom::plugins::rewrite {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// Ruby's capitalize, for ASCII letters.
void append_capitalized(std::string& out, std::string_view text) {
  if (text.empty()) return;
  out += upper(text.front());
  std::transform(text.begin() + 1, text.end(), std::back_inserter(out), lower);
}

/// The number of digits that `text` begins with, and its value; 0 digits where it does not fit.
std::size_t read_number(std::string_view text, std::size_t& number) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? static_cast<std::size_t>(end - text.data()) : 0;
}

}  // namespace

TagValues::TagValues(std::string_view text) : tag(text) {
  for (;;) {
    const std::size_t dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return;
    text.remove_prefix(dot + 1);
  }
}

TagPattern::TagPattern(std::string_view text, std::string hostname, bool groups)
    : hostname_(std::move(hostname)), groups_(groups) {
  while (!text.empty()) {
    if (read_placeholder(text)) continue;
    add_text(text.substr(0, 1));
    text.remove_prefix(1);
  }
}

void TagPattern::add_text(std::string_view text) {
  if (pieces_.empty() || pieces_.back().kind != Kind::text) add(Kind::text);
  pieces_.back().text += text;
}

/// Takes a placeholder from the start of `left`, if one is there.
bool TagPattern::read_placeholder(std::string_view& left) {
  std::size_t size = 0;
  if (left.starts_with("${")) {
    const std::size_t close = left.find('}');
    if (close == std::string_view::npos || !read_name(left.substr(2, close - 2), left.substr(0, close + 1))) {
      return false;
    }
    size = close + 1;
  } else if (left.starts_with("__")) {
    const std::size_t close = left.find("__", 2);
    if (close == std::string_view::npos) return false;
    std::string name(left.substr(2, close - 2));
    if (name.empty() || std::any_of(name.begin(), name.end(), [](char c) { return c != upper(c); })) return false;
    std::transform(name.begin(), name.end(), name.begin(), lower);
    if (!read_name(name, left.substr(0, close + 2))) return false;
    size = close + 2;
  } else if (groups_ && left.size() > 1 && left[0] == '$' && is_digit(left[1])) {
    std::size_t number = 0;
    size = 1 + read_number(left.substr(1), number);
    if (size == 1) return false;
    add(Kind::group, number);
    uses_groups_ = true;
  }
  left.remove_prefix(size);
  return size != 0;
}

bool TagPattern::read_name(std::string_view name, std::string_view written) {
  constexpr std::string_view part = "tag_parts[";
  std::size_t number = 0;
  if (name == "tag") {
    add(Kind::tag);
  } else if (name == "hostname") {
    add_text(hostname_);
    uses_hostname_ = true;
  } else if (name.starts_with(part) && name.ends_with(']') && name.size() > part.size() + 1 &&
             read_number(name.substr(part.size()), number) == name.size() - part.size() - 1) {
    add(Kind::tag_part, number);
  } else if (!name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
               return c == '_' || c == '[' || c == ']' || c == '.' || is_digit(c) || (c >= 'a' && c <= 'z');
             })) {
    unknown_.emplace_back(written);
  } else {
    return false;
  }
  return true;
}

void TagPattern::expand(const TagValues& values, const MatchRegion& groups, bool capitalize, std::string& out) const {
  out.clear();
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Kind::text: out += piece.text; break;
      case Kind::tag: out += values.tag; break;
      case Kind::tag_part:
        if (piece.number < values.parts.size()) out += values.parts[piece.number];
        break;
      case Kind::group: {
        const std::string_view group = piece.number == 0 ? "" : groups.group(piece.number).value_or("");
        capitalize ? append_capitalized(out, group) : void(out += group);
        break;
      }
    }
  }
}

}  // namespace logboom::plugins::rewrite
