#include "pipeline/lint_model.hpp"

#include <algorithm>
#include <stdexcept>

namespace logboom::lint_detail {

Model::Model(const Element& top, const Registry& plugins) : root(top), registry(plugins) {
  const WorkerViews views(top);
  for (const std::string& label : views.all()) labels[label];
  read_top(top, views.all(), "", views);
}

void Model::read_top(const Element& parent, const Labels& rules_of, const std::string& source_label,
                     const WorkerViews& views) {
  for (const Element& element : parent.children) {
    if (element.name == "source") {
      std::string label = value_of(element, "@label").value_or(source_label);
      sources.push_back({&element, label == "@ROOT" ? std::string() : std::move(label)});
    } else if (element.name == "worker") {
      read_top(element, views.of_rules(element), views.of_sources(element), views);
    } else if (element.name == "label" && !element.arg.empty()) {
      labels[element.arg].element = &element;
      for (const Element& rule : element.children) read_rule(rule, {element.arg});
    } else {
      read_rule(element, rules_of);
    }
  }
}

void Model::read_rule(const Element& element, const Labels& rules_of) {
  if (element.name != "match" && element.name != "filter") return;
  for (const std::string& label : rules_of) {
    try {
      labels[label].rules.push_back({&element, element.name == "match", PatternList::compile(element.arg)});
    } catch (const std::invalid_argument&) {
      labels[label].has_broken_pattern = true;
    }
  }
}

std::optional<std::string> value_of(const Element& element, std::string_view key) {
  const Attribute* attribute = element.find(key);
  if (attribute == nullptr || attribute->is_nil || attribute->is_default) return std::nullopt;
  return attribute->value;
}

namespace {

const ParamInfo* param_of(const std::vector<Schema::Param>& params, std::string_view key) {
  const auto found = std::find_if(params.begin(), params.end(), [&](const auto& p) { return p.info.name == key; });
  return found == params.end() ? nullptr : &found->info;
}

}  // namespace

std::optional<std::string> value_or_default(const Element& element, const PluginInfo& info, std::string_view key) {
  if (auto value = value_of(element, key)) return value;
  const Schema schema = info.schema();
  const ParamInfo* param = param_of(schema.params(), key);
  if (param == nullptr || param->default_text.empty()) return std::nullopt;
  return param->default_text;
}

const PluginInfo* info_of(const Registry& registry, PluginKind kind, const Element& element) {
  const auto type = value_of(element, "@type");
  if (!type) return nullptr;
  try {
    return &registry.find(kind, *type, element.pos);
  } catch (const ConfigError&) {
    return nullptr;
  }
}

bool has_param(const PluginInfo& info, std::string_view key) {
  const Schema schema = info.schema();
  return param_of(schema.params(), key) != nullptr;
}

std::string title(const Element& element) {
  return "<" + element.name + (element.arg.empty() ? "" : " " + element.arg) + ">";
}

}  // namespace logboom::lint_detail
