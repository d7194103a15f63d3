#include "base/suggest.hpp"
#include "config/includes.hpp"
#include "config/yaml_value.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <sstream>
#include <utility>

namespace logboom::config {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 5> rule_sections{"source", "match", "filter", "label", "worker"};
constexpr std::array<std::string_view, 4> reserved{"$type", "$id", "$label", "$log_level"};
constexpr std::array<std::string_view, 3> arguments{"$tag", "$arg", "$name"};

template <class Range>
bool contains(const Range& range, std::string_view value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

class YamlFile {
 public:
  YamlFile(const Source& source, const fs::path& include_base, const ParseOptions& options, Includes& includes)
      : values_(source, options_), include_base_(include_base), options_(options), includes_(includes) {}

  void read(const YAML::Node& document, Element& into, unsigned depth);

 private:
  using Member = std::pair<YAML::Node, YAML::Node>;

  void read_top(const YAML::Node& map, Element& root);
  void read_rules(const YAML::Node& list, Element& into, unsigned depth);
  void read_section(const std::string& name, const YAML::Node& key, const YAML::Node& body, Element& parent,
                    unsigned depth);
  void read_body(const YAML::Node& map, Element& into, unsigned depth);
  void read_member(const Member& member, Element& into, unsigned depth);
  void add_attribute(std::string name, const Member& member, Element& into);
  void add_sections(const Member& member, Element& into, unsigned depth);
  void set_argument(const YAML::Node& value, Element& into);
  std::vector<Member> members(const YAML::Node& map, unsigned depth);
  bool include(const YAML::Node& node, Element& into, unsigned depth);
  SourcePos position(const YAML::Node& node) const { return values_.position(node); }
  void warn(const YAML::Node& node, std::string message) const {
    if (options_.warn) options_.warn(position(node), std::move(message));
  }
  [[noreturn]] void fail(const YAML::Node& node, std::string message) const {
    throw ConfigError(position(node), std::move(message));
  }

  YamlValues values_;
  const fs::path& include_base_;
  ParseOptions options_;
  Includes& includes_;
};

void YamlFile::read(const YAML::Node& document, Element& into, unsigned depth) {
  if (!document.IsDefined() || document.IsNull()) return;
  if (include(document, into, depth)) return;
  if (document.IsSequence()) return read_rules(document, into, depth);
  if (!document.IsMap()) fail(document, "expected a mapping with 'system' and 'config', or a list of sections");
  if (into.name == "ROOT") return read_top(document, into);
  read_body(document, into, depth);
}

void YamlFile::read_top(const YAML::Node& map, Element& root) {
  const std::array<std::string, 2> known{"system", "config"};
  for (const auto& [key, value] : members(map, 0)) {
    const std::string name = values_.name(key);
    if (name == "system" || contains(rule_sections, name)) {
      add_sections({key, value}, root, 0);
    } else if (name == "config") {
      read_rules(value, root, 0);
    } else {
      warn(key, in_quotes(name) + " has no effect at the top of a YAML configuration" + did_you_mean(name, known) +
                    ": 'system' and 'config' are read there");
    }
  }
}

void YamlFile::read_rules(const YAML::Node& list, Element& into, unsigned depth) {
  values_.count(list);
  if (list.IsNull()) return;
  if (include(list, into, depth)) return;
  if (list.IsMap()) {
    for (const Member& member : members(list, depth)) add_sections(member, into, depth);
    return;
  }
  if (!list.IsSequence()) fail(list, "expected a list of sections, such as '- source: …' and '- match: …'");
  if (depth > max_section_depth) fail(list, "lists nested more than " + std::to_string(max_section_depth) + " deep");
  for (const YAML::Node& item : list) {
    if (!item.IsMap() && !item.IsSequence() && item.Tag() != "!include") {
      fail(item, "expected a section, such as '- source: …', or '- !include FILE'");
    }
    read_rules(item, into, depth + (item.IsSequence() ? 1 : 0));
  }
}

void YamlFile::add_sections(const Member& member, Element& into, unsigned depth) {
  const auto& [key, value] = member;
  const std::string name = values_.name(key);
  if (!value.IsSequence()) return read_section(name, key, value, into, depth);
  for (const YAML::Node& body : value) read_section(name, key, body, into, depth);
}

void YamlFile::read_section(const std::string& name, const YAML::Node& key, const YAML::Node& body, Element& parent,
                            unsigned depth) {
  if (depth >= max_section_depth) {
    fail(key, "sections nested more than " + std::to_string(max_section_depth) + " deep");
  }
  const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), is_name_character);
  if (!is_name) {
    fail(key, in_quotes(name) + " can't be the name of a section (letters, digits, _); for a value that is a " +
                  "mapping write '!fluent/json {…}'");
  }
  Element section;
  section.name = name;
  section.pos = position(key);
  if (!body.IsNull() && !include(body, section, depth + 1)) {
    if (!body.IsMap()) fail(body, "expected the parameters of the section " + in_quotes(name) + " as a mapping");
    read_body(body, section, depth + 1);
  }
  parent.children.push_back(std::move(section));
}

void YamlFile::read_body(const YAML::Node& map, Element& into, unsigned depth) {
  const int outer_worker = options_.worker_id;
  const std::vector<Member> all = members(map, depth);
  for (const auto& [key, value] : all) {
    if (contains(arguments, values_.name(key))) set_argument(value, into);
  }
  if (into.name == "worker") options_.worker_id = first_worker(into.arg, outer_worker);
  for (const Member& member : all) read_member(member, into, depth);
  options_.worker_id = outer_worker;
}

void YamlFile::read_member(const Member& member, Element& into, unsigned depth) {
  const auto& [key, value] = member;
  const std::string name = values_.name(key);
  if (contains(arguments, name)) return;
  if (name == "config" && (into.name == "label" || into.name == "worker")) return read_rules(value, into, depth);
  if (contains(reserved, name)) return add_attribute("@" + name.substr(1), member, into);
  const bool is_data = value.Tag() == "!fluent/json" || value.Tag() == "!fluent/s";
  const bool is_list = value.IsSequence() && (value.size() == 0 || !(*value.begin()).IsMap());
  const bool is_section = value.IsMap() || value.IsSequence() || value.Tag() == "!include";
  if (is_section && !is_data && !is_list) return add_sections(member, into, depth);
  add_attribute(name, member, into);
}

void YamlFile::add_attribute(std::string name, const Member& member, Element& into) {
  Attribute attribute;
  attribute.key = std::move(name);
  attribute.key_pos = position(member.first);
  attribute.value_pos = position(member.second);
  check_reserved(into, attribute, options_);
  Literal literal = values_.value(member.second);
  attribute.value = std::move(literal.text);
  attribute.is_nil = literal.is_nil;
  attribute.is_default = literal.is_default;
  into.attributes.push_back(std::move(attribute));
}

// A list of tags means any of them; of chunk keys, all of them.
void YamlFile::set_argument(const YAML::Node& value, Element& into) {
  const bool is_pattern = into.name == "match" || into.name == "filter";
  const auto text = [&](const YAML::Node& node) {
    const Literal literal = values_.value(node);
    if (literal.is_nil || literal.is_default || node.IsMap() || node.IsSequence()) {
      fail(node, "expected a text, or a list of texts");
    }
    return literal.text;
  };
  into.arg.clear();
  if (!value.IsSequence()) {
    if (!value.IsNull()) into.arg = text(value);
    return;
  }
  for (const YAML::Node& item : value) {
    if (!into.arg.empty()) into.arg += is_pattern ? ' ' : ',';
    into.arg += text(item);
  }
}

// A mapping's members in the file's order, those of `<<` first. Of a name that stands twice the last counts.
std::vector<YamlFile::Member> YamlFile::members(const YAML::Node& map, unsigned depth) {
  if (depth > max_section_depth) fail(map, "'<<' nested more than " + std::to_string(max_section_depth) + " deep");
  std::vector<Member> out;
  const auto set = [&](const Member& member, bool merged) {
    const std::string name = values_.name(member.first);
    const auto same = std::find_if(out.begin(), out.end(), [&](const Member& m) { return m.first.Scalar() == name; });
    if (same == out.end()) return out.push_back(member);
    if (!merged) warn(member.first, in_quotes(name) + " replaces what stands before it; write a list for several");
    same->first.reset(member.first);  // an assignment would change the document
    same->second.reset(member.second);
  };
  std::vector<Member> own;
  for (const auto& pair : map) {
    values_.count(pair.first);
    if (!pair.first.IsScalar()) fail(pair.first, "expected a name");
    if (pair.first.Scalar() != "<<") {
      own.emplace_back(pair.first, pair.second);
    } else if (pair.second.IsMap()) {
      for (const Member& member : members(pair.second, depth + 1)) set(member, true);
    } else {
      fail(pair.second, "expected a mapping behind '<<'");
    }
  }
  const std::size_t merged = out.size();
  for (std::size_t i = 0; i < own.size(); ++i) {
    const std::string& name = own[i].first.Scalar();
    const auto first_end = out.begin() + static_cast<std::ptrdiff_t>(merged);
    const bool replaces_merged =
        std::any_of(out.begin(), first_end, [&](const Member& m) { return m.first.Scalar() == name; });
    set(own[i], replaces_merged);
  }
  return out;
}

// False when the node is no `!include`.
bool YamlFile::include(const YAML::Node& node, Element& into, unsigned depth) {
  if (node.Tag() != "!include") return false;
  if (!node.IsScalar() || node.Scalar().empty()) fail(node, "!include needs a file, such as '!include conf.d/*.yaml'");
  std::string pattern = node.Scalar();
  if (pattern.find('\0') != std::string::npos) fail(node, "NUL in the name of a file to include");
  const SourcePos pos = position(node);
  for (const fs::path& file : includes_.find("!include", pattern, include_base_, pos)) {
    includes_.read(file, pos, into, depth, options_);
  }
  return true;
}

/// Of a YAML document, only where it begins.
class Beginning final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { offset = static_cast<std::size_t>(mark.pos); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  std::size_t offset = 0;
};

// Where a second document begins. yaml-cpp takes what it can't read behind a document for a document without end.
std::optional<std::size_t> second_document(const Source& source) {
  std::istringstream text{std::string(source.text())};
  YAML::Parser parser(text);
  Beginning beginning;
  if (!parser.HandleNextDocument(beginning) || !parser.HandleNextDocument(beginning)) return std::nullopt;
  const std::string_view rest = source.text().substr(std::min(beginning.offset, source.text().size()));
  if (!rest.starts_with("---")) {
    throw ConfigError(source.position(beginning.offset),
                      "this is not YAML: expected the end of the document but found " + in_quotes(rest.substr(0, 10)));
  }
  return beginning.offset;
}

}  // namespace

void read_yaml(const Source& source, const fs::path& include_base, const ParseOptions& options, Includes& includes,
               Element& into, unsigned depth) {
  YAML::Node document;
  std::optional<std::size_t> second;
  try {
    document = YAML::Load(std::string(source.text()));
    second = second_document(source);
  } catch (const YAML::Exception& error) {
    const std::size_t offset = error.mark.is_null() ? 0 : static_cast<std::size_t>(error.mark.pos);
    throw ConfigError(source.position(offset), "this is not YAML: " + error.msg);
  }
  YamlFile(source, include_base, options, includes).read(document, into, depth);
  if (second && options.warn) {
    options.warn(source.position(*second), "only the first of the YAML documents in a file is read");
  }
}

}  // namespace logboom::config
