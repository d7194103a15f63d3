#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/config_element.hpp>

#include "pipeline/problem.hpp"
#include "pipeline/registry.hpp"
#include "pipeline/worker_sections.hpp"
#include "route/pattern.hpp"

namespace logboom::lint_detail {

/// A `<match>` or `<filter>`.
struct Rule {
  const Element* element;
  bool is_match;
  PatternList patterns;
};

/// The rules of the top level (element: null) or of a label.
struct Rules {
  const Element* element = nullptr;
  std::vector<Rule> rules;
  bool has_broken_pattern = false;  // a rule was left out, so that nothing can be said to be taken by none
};

struct Source {
  const Element* element;
  std::string label;  // where its events enter
};

/// A configuration as the checks want it. Points into the elements. A rule outside of `<worker>` sections may be one of
/// several workers' rules, which have labels of their own.
struct Model {
  const Element& root;
  const Registry& registry;
  std::map<std::string, Rules> labels;
  std::vector<Source> sources;

  /// Throws ConfigError for `<worker>` sections that can't be understood.
  Model(const Element& root, const Registry& registry);

 private:
  using Labels = std::vector<std::string>;
  void read_top(const Element& parent, const Labels& rules_of, const std::string& source_label,
                const WorkerViews& views);
  void read_rule(const Element& element, const Labels& rules_of);
};

/// The value of a parameter that is given, else the one that its declaration has, else nothing.
std::optional<std::string> value_of(const Element& element, std::string_view key);
std::optional<std::string> value_or_default(const Element& element, const PluginInfo& info, std::string_view key);
/// Null where the type is missing or unknown.
const PluginInfo* info_of(const Registry& registry, PluginKind kind, const Element& element);
bool has_param(const PluginInfo& info, std::string_view key);
/// "<match a.**>".
std::string title(const Element& element);

void check_rules(const Model& model, std::vector<Problem>& problems);
void check_labels(const Model& model, std::vector<Problem>& problems);
void check_sources(const Model& model, std::vector<Problem>& problems);
void check_listeners(const Model& model, std::vector<Problem>& problems);
void check_stores(const Model& model, std::vector<Problem>& problems);

}  // namespace logboom::lint_detail
