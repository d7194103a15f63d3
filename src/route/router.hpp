#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "route/pattern.hpp"

namespace logboom {

/// What a tag meets under one label: the filters above the first match, in order, and that match.
struct RuleMatch {
  std::vector<std::size_t> filters;
  std::optional<std::size_t> output;
};

/// The `<match>` and `<filter>` rules of each label, in the configuration's order. The label "" is the top level.
/// Immutable once built; threads: any.
class Router {
 public:
  struct Rule {
    PatternList patterns;
    bool is_filter;
    std::size_t target;
  };
  void add_label(std::string name) { labels_.try_emplace(std::move(name)); }
  bool has_label(const std::string& name) const { return labels_.contains(name); }
  void add_filter(const std::string& label, PatternList patterns, std::size_t filter);
  void add_match(const std::string& label, PatternList patterns, std::size_t output);

  RuleMatch match(const std::string& label, std::string_view tag) const;
  /// All rules of a label in order; none where there is no such label.
  const std::vector<Rule>& rules(const std::string& label) const;

 private:
  std::map<std::string, std::vector<Rule>> labels_;
};

}  // namespace logboom
