#include "route/why_not.hpp"

#include <algorithm>
#include <vector>

namespace logboom {
namespace {

bool is_literal(std::string_view text) { return text.find_first_of("*{}\\,/") == std::string_view::npos; }

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

/// Patterns whose parts can be looked at one by one: no stars that go beyond a part, no dots inside braces.
bool is_by_parts(std::string_view text) {
  if (text.find("**") != std::string_view::npos || text.find('\\') != std::string_view::npos) return false;
  bool inside = false;
  for (const char c : text) {
    if (c == '{') inside = true;
    if (c == '}') inside = false;
    if (c == '.' && inside) return false;
  }
  return text.empty() || text.back() != '.';
}

std::string by_parts(std::string_view pattern, std::string_view tag) {
  const auto wanted = parts_of(pattern);
  const auto have = parts_of(tag);
  if (wanted.size() != have.size()) {
    return "the tag has " + std::to_string(have.size()) + (have.size() == 1 ? " part" : " parts") + ", the pattern " +
           std::to_string(wanted.size());
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (Pattern::compile(wanted[i]).matches(have[i])) continue;
    return "part " + std::to_string(i + 1) + " is '" + std::string(have[i]) + "', not '" + std::string(wanted[i]) + "'";
  }
  return {};
}

std::string why_not(const Pattern& pattern, std::string_view tag) {
  const std::string_view text = pattern.text();
  if (pattern.is_regexp()) return "the regular expression does not match";
  if (is_literal(text)) return "the tag is not '" + std::string(text) + "'";
  if (text.ends_with(".**") && is_literal(text.substr(0, text.size() - 3))) {
    return "the tag does not begin with the part '" + std::string(text.substr(0, text.size() - 3)) + "'";
  }
  if (text.starts_with("**.") && is_literal(text.substr(3))) {
    return "the tag does not end with the part '" + std::string(text.substr(3)) + "'";
  }
  return is_by_parts(text) ? by_parts(text, tag) : std::string();
}

}  // namespace

std::string why_not(const PatternList& patterns, std::string_view tag) {
  std::string out;
  for (const Pattern& pattern : patterns.patterns()) {
    const std::string why = why_not(pattern, tag);
    if (why.empty()) continue;
    if (!out.empty()) out += "; ";
    out += patterns.patterns().size() > 1 ? pattern.text() + ": " + why : why;
  }
  return out;
}

std::string text_of(const PatternList& patterns) {
  std::string out;
  for (const Pattern& pattern : patterns.patterns()) out += (out.empty() ? "" : " ") + pattern.text();
  return out;
}

}  // namespace logboom
