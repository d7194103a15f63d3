#include "rules.hpp"

#include <algorithm>
#include <stdexcept>

namespace logboom::plugins::rewrite {
namespace {

constexpr std::string_view old_name = "rewriterule";

/// Where each part of a rule stands.
struct Places {
  SourcePos key;
  SourcePos pattern;
  SourcePos tag;
  SourcePos label;
};

/// Nothing where it can't be made, which is an error.
template <class Make>
auto compiled(const SourcePos& pos, ConfigErrorCollector& errors, Make&& make) -> std::optional<decltype(make())> {
  try {
    return make();
  } catch (const std::invalid_argument& error) {
    errors.add(ConfigError(pos, error.what()));
    return std::nullopt;
  }
}

void check_placeholders(const TagPattern& tag, const SourcePos& pos, BuildContext& context) {
  for (const std::string& name : tag.unknown()) {
    if (name.find("..") != std::string::npos) {
      throw ConfigError(pos, cat(name, ": a range of parts is not supported; write ${tag_parts[0]}.${tag_parts[1]}"));
    }
    context.warn(pos, cat("the placeholder ", name,
                          " is unknown and gives nothing; there are ${tag}, ${tag_parts[n]}, ", "${hostname} and $1"));
  }
}

Rule make_rule(const RuleOptions& options, const std::string& hostname, const Places& places, BuildContext& context) {
  ConfigErrorCollector errors;
  auto key = compiled(places.key, errors, [&] { return RecordAccessor::compile(options.key); });
  auto pattern = compiled(places.pattern, errors, [&] { return TextPattern::compile(options.pattern); });
  TagPattern tag(options.tag, hostname, !options.invert);
  errors.attempt([&] { check_placeholders(tag, places.tag, context); });
  if (options.label.value_or("") != "") errors.attempt([&] { context.label(*options.label, places.label); });
  errors.throw_if_any();
  return {*std::move(key), *std::move(pattern), std::move(tag), options.label.value_or(""), options.invert};
}

/// `rewriterule1 key regexp tag`; the regexp may be in double quotes, and a `!` before it inverts.
RuleOptions read_old(const Attribute& attribute) {
  const std::string_view text = attribute.value;
  const std::size_t key_end = text.find_first_of(" \t");
  const std::size_t tag_begin = text.find_last_of(" \t");
  const std::size_t begin = text.find_first_not_of(" \t", key_end);
  const std::size_t end = text.find_last_not_of(" \t", tag_begin);
  if (key_end == std::string_view::npos || begin >= tag_begin) {
    throw ConfigError(attribute.value_pos,
                      cat(attribute.key, " needs a field, a pattern and a tag; a <rule> is clearer"));
  }
  RuleOptions rule;
  rule.key = text.substr(0, key_end);
  rule.tag = text.substr(tag_begin + 1);
  std::string_view pattern = text.substr(begin, end - begin + 1);
  rule.invert = pattern.starts_with('!');
  if (rule.invert) pattern.remove_prefix(1);
  if (pattern.size() > 1 && pattern.starts_with('"') && pattern.ends_with('"')) {
    pattern = pattern.substr(1, pattern.size() - 2);
  }
  rule.pattern.source = pattern;
  return rule;
}

}  // namespace

std::vector<Rule> read_rules(const std::vector<RuleOptions>& options, const std::string& hostname,
                             BuildContext& context) {
  std::vector<Rule> rules;
  ConfigErrorCollector errors;
  const auto add = [&](const RuleOptions& rule, const Places& places) {
    errors.attempt([&] { rules.push_back(make_rule(rule, hostname, places, context)); });
  };
  const Element& element = context.element();
  const std::vector<const Element*> sections = element.sections("rule");
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto pos = [&](std::string_view key) {
      const Attribute* attribute = sections.at(i)->find(key);
      return attribute != nullptr ? attribute->value_pos : sections.at(i)->pos;
    };
    add(options[i], {pos("key"), pos("pattern"), pos("tag"), pos("label")});
  }
  std::vector<std::pair<int, const Attribute*>> old;
  for (const Attribute& attribute : element.attributes) {
    if (!attribute.key.starts_with(old_name) || attribute.is_nil || attribute.is_default) continue;
    old.emplace_back(std::atoi(attribute.key.c_str() + old_name.size()), &attribute);
  }
  std::stable_sort(old.begin(), old.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& one : old) {
    const Attribute& attribute = *one.second;
    const SourcePos& pos = attribute.value_pos;
    errors.attempt([&] { add(read_old(attribute), {pos, pos, pos, pos}); });
  }
  errors.throw_if_any();
  if (rules.empty()) throw ConfigError(element.pos, "rewrite_tag_filter needs at least one <rule>");
  return rules;
}

}  // namespace logboom::plugins::rewrite
