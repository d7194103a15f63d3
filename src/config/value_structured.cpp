#include <logboom/config_element.hpp>

#include "base/suggest.hpp"
#include "config/literal.hpp"
#include "config/source.hpp"
#include "config/value_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace logboom::config_value {
namespace {

using config::fail_expected;
using config::fail_value;
using config::value_of;

constexpr std::string_view expected_array = "a JSON array or a comma-separated list";
constexpr std::string_view expected_hash = "a JSON object or a list such as key:value,key2:value2";

// A JSON value, comments and needless white space removed.
std::string compact_json(const Attribute& attribute, std::string_view text) {
  try {
    const config::Source source(std::string(text), {});
    config::Cursor cursor(source);
    std::string out = config::scan_json(cursor, nullptr);
    cursor.skip_spacing();
    if (!cursor.at_end()) cursor.fail("text behind the end of the JSON value");
    return out;
  } catch (const ConfigError& error) {
    fail_value(attribute, error.message() + " (within the value: " + config::line_and_column(error.pos()) + ")");
  }
}

// The parts of compact JSON text between its outer brackets: elements, or `"name":value` pairs.
std::vector<std::string_view> split_members(std::string_view json) {
  std::vector<std::string_view> out;
  std::size_t depth = 0, start = 1;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    }
    const bool ends = !in_string && ((c == ',' && depth == 1) || (i + 1 == json.size() && i > start));
    if (ends) {
      out.push_back(json.substr(start, i - start));
      start = i + 1;
    }
  }
  return out;
}

std::size_t string_end(std::string_view json) {
  std::size_t i = 1;
  while (json[i] != '"') i += json[i] == '\\' ? 2U : 1U;
  return i + 1;
}

std::string scalar_text(const Attribute& attribute, std::string_view json) {
  if (json == "null") return {};
  if (!json.starts_with('"')) return std::string(json);
  const nlohmann::json parsed = nlohmann::json::parse(json, nullptr, false);
  if (!parsed.is_string()) {
    fail_value(attribute, "the JSON string " + config::in_quotes(json) + " is not valid UTF-8 or half of a \\u pair");
  }
  return parsed.get<std::string>();
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view white_space = " \t\r\n";
  const std::size_t first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

// Like Ruby's split: empty parts count, but not at the end.
std::vector<std::string_view> split_commas(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t comma = text.find(',');
    out.push_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  while (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

// Keys keep the place of their first occurrence, as in Ruby.
void set_member(std::vector<std::pair<std::string, std::string>>& members, std::string key, std::string value) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.first == key; });
  if (found == members.end()) {
    members.emplace_back(std::move(key), std::move(value));
  } else {
    found->second = std::move(value);
  }
}

}  // namespace

bool boolean(const Attribute& attribute) {
  constexpr std::string_view expected = "true (or yes) or false (or no)";
  const std::string_view text = value_of(attribute, expected);
  if (text.empty() || text == "true" || text == "yes" || text.starts_with('#')) return true;
  if (text == "false" || text == "no") return false;
  fail_expected(attribute, expected);
}

std::vector<std::string> array(const Attribute& attribute) {
  const std::string_view text = value_of(attribute, expected_array);
  std::vector<std::string> out;
  if (text.starts_with('{')) fail_expected(attribute, expected_array);
  if (text.starts_with('[')) {
    const std::string json = compact_json(attribute, text);
    for (const std::string_view member : split_members(json)) out.push_back(scalar_text(attribute, member));
  } else {
    for (const std::string_view member : split_commas(text)) out.emplace_back(member);
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> hash(const Attribute& attribute) {
  const std::string_view text = value_of(attribute, expected_hash);
  std::vector<std::pair<std::string, std::string>> out;
  if (text.starts_with('[')) fail_expected(attribute, expected_hash);
  if (text.starts_with('{')) {
    const std::string json = compact_json(attribute, text);
    for (const std::string_view member : split_members(json)) {
      const std::size_t colon = string_end(member);
      set_member(out, scalar_text(attribute, member.substr(0, colon)),
                 scalar_text(attribute, member.substr(colon + 1)));
    }
    return out;
  }
  for (const std::string_view member : split_commas(text)) {
    const std::size_t colon = member.find(':');
    if (colon == std::string_view::npos) {
      fail_expected(attribute, expected_hash, config::in_quotes(member) + " has no ':'");
    }
    set_member(out, std::string(member.substr(0, colon)), std::string(member.substr(colon + 1)));
  }
  return out;
}

Regexp regexp(const Attribute& attribute) {
  constexpr std::string_view expected = "a regular expression such as /…/ or /…/imx";
  const std::string_view text = value_of(attribute, expected);
  if (!text.starts_with('/')) return {attribute.value, false, false, false};
  const std::size_t end = text.rfind('/');
  if (end == 0) fail_expected(attribute, expected, "the closing '/' is missing");
  Regexp out;
  out.source = text.substr(1, end - 1);
  for (const char option : text.substr(end + 1)) {
    switch (option) {
      case 'i': out.ignore_case = true; break;
      case 'm': out.multiline = true; break;
      case 'x': out.extended = true; break;
      default:
        fail_expected(attribute, expected,
                      "behind the closing '/' only the options i, m and x may stand, not " +
                          config::in_quotes(text.substr(end + 1)));
    }
  }
  return out;
}

std::string enumeration(const Attribute& attribute, std::span<const std::string_view> allowed) {
  std::vector<std::string> names(allowed.begin(), allowed.end());
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  const std::string expected = "one of " + list;
  const std::string_view text = value_of(attribute, expected);
  if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return std::string(text);
  const std::vector<std::string> near = nearest(text, names);
  fail_expected(attribute, expected, near.empty() ? std::string() : "did you mean '" + near.front() + "'?");
}

}  // namespace logboom::config_value
