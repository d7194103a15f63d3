#include "route/router.hpp"

#include <utility>

namespace logboom {

void Router::add_filter(const std::string& label, PatternList patterns, std::size_t filter) {
  labels_[label].push_back({std::move(patterns), true, filter});
}

void Router::add_match(const std::string& label, PatternList patterns, std::size_t output) {
  labels_[label].push_back({std::move(patterns), false, output});
}

const std::vector<Router::Rule>& Router::rules(const std::string& label) const {
  static const std::vector<Rule> none;
  const auto found = labels_.find(label);
  return found == labels_.end() ? none : found->second;
}

RuleMatch Router::match(const std::string& label, std::string_view tag) const {
  RuleMatch result;
  const auto found = labels_.find(label);
  if (found == labels_.end()) return result;
  for (const Rule& rule : found->second) {
    if (!rule.patterns.matches(tag)) continue;
    if (!rule.is_filter) {
      result.output = rule.target;
      return result;
    }
    result.filters.push_back(rule.target);
  }
  return result;
}

}  // namespace logboom
