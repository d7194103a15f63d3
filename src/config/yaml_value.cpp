#include "config/yaml_value.hpp"

#include "config/literal.hpp"

#include <yaml-cpp/yaml.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace logboom::config {
namespace {

constexpr std::size_t max_nodes = 100'000;
constexpr unsigned max_json_depth = 100;

enum class Word { none, null, yes, no };

// What a scalar without quotes and tag is in YAML 1.1.
Word word_of(const YAML::Node& node) {
  if (node.Tag() != "?") return Word::none;
  std::string text = node.Scalar();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  if (text.empty() || text == "~" || text == "null") return Word::null;
  if (text == "true" || text == "yes" || text == "on") return Word::yes;
  if (text == "false" || text == "no" || text == "off") return Word::no;
  return Word::none;
}

bool is_json_number(const std::string& text) {
  const bool begins = !text.empty() && (text.front() == '-' || (text.front() >= '0' && text.front() <= '9'));
  return begins && nlohmann::json::accept(text);
}

bool is_known_tag(const std::string& tag) {
  constexpr std::array<std::string_view, 5> known{"", "?", "!", "!fluent/s", "!fluent/json"};
  return std::find(known.begin(), known.end(), tag) != known.end() || tag.starts_with("tag:yaml.org,2002:");
}

}  // namespace

SourcePos YamlValues::position(const YAML::Node& node) const {
  const YAML::Mark mark = node.Mark();
  return source_.position(mark.is_null() ? 0 : static_cast<std::size_t>(mark.pos));
}

std::string YamlValues::name(const YAML::Node& key) const {
  if (!key.IsScalar()) throw ConfigError(position(key), "expected a name");
  return key.Scalar();
}

void YamlValues::count(const YAML::Node& node) {
  if (++nodes_ > max_nodes) {
    throw ConfigError(position(node), "more than " + std::to_string(max_nodes) + " values, aliases followed");
  }
}

Literal YamlValues::value(const YAML::Node& node) {
  count(node);
  const std::string& tag = node.Tag();
  if (!is_known_tag(tag)) {
    throw ConfigError(position(node), "the tag " + in_quotes(tag) +
                                          " is unknown; there are !include, !fluent/s for text with #{…}, and "
                                          "!fluent/json for lists and mappings as JSON");
  }
  if (tag == "!fluent/s") return evaluated(node);
  if (tag == "!fluent/json" || node.IsSequence() || node.IsMap()) return {json(node, 0), false, false};
  if (node.IsNull()) return {{}, true, false};
  switch (word_of(node)) {
    case Word::null: return {{}, true, false};
    case Word::yes: return {"true", false, false};
    case Word::no: return {"false", false, false};
    case Word::none: break;
  }
  if (options_.warn && node.Scalar().find("#{") != std::string::npos) {
    options_.warn(position(node), "#{…} is evaluated behind the tag !fluent/s only; this value is taken as it stands");
  }
  return {node.Scalar(), false, false};
}

std::string YamlValues::json(const YAML::Node& node, unsigned depth) {
  count(node);
  if (depth == max_json_depth) {
    throw ConfigError(position(node), "values nested more than " + std::to_string(max_json_depth) + " deep");
  }
  if (node.IsMap()) return json_members(node, depth);
  if (node.IsSequence()) {
    std::string out = "[";
    for (const YAML::Node& item : node) out += (out.size() > 1 ? "," : "") + json(item, depth + 1);
    return out + "]";
  }
  if (node.Tag() == "!fluent/s") return json_string(evaluated(node).text);
  if (node.IsNull()) return "null";
  switch (word_of(node)) {
    case Word::null: return "null";
    case Word::yes: return "true";
    case Word::no: return "false";
    case Word::none: break;
  }
  return node.Tag() == "?" && is_json_number(node.Scalar()) ? node.Scalar() : json_string(node.Scalar());
}

std::string YamlValues::json_members(const YAML::Node& map, unsigned depth) {
  std::string out = "{";
  for (const auto& member : map) {
    if (out.size() > 1) out += ',';
    out += json_string(name(member.first)) + ":" + json(member.second, depth + 1);
  }
  return out + "}";
}

// Positions within the text are not known where YAML folds or escapes it: all is said at its beginning.
Literal YamlValues::evaluated(const YAML::Node& node) const {
  if (!node.IsScalar()) throw ConfigError(position(node), "!fluent/s is for text");
  ParseOptions options = options_;
  options.refused = nullptr;
  try {
    const Source text(node.Scalar(), {});
    Cursor cursor(text);
    return scan_unquoted_text(cursor, options);
  } catch (const ConfigError& error) {
    ConfigError placed(position(node), error.message() + " (in " + in_quotes(node.Scalar()) + ", column " +
                                           std::to_string(error.pos().column) + ")");
    if (options_.refused == nullptr) throw placed;
    options_.refused->push_back(std::move(placed));
    return {{}, false, true};
  }
}

}  // namespace logboom::config
