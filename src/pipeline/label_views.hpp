#pragma once

#include <map>
#include <string>
#include <utility>

namespace logboom {

/// Labels as each worker of the configuration's `<worker>` sections has them. Worker 0's go by their own names, those
/// of another one's view by a name that only the router knows. Immutable once made; threads: any.
class LabelViews {
 public:
  /// Label `name` of this view, "" for its top level; returns what the router is to call it. View "" is worker 0's.
  const std::string& add(const std::string& view, const std::string& name) {
    const auto [at, added] = names_.try_emplace({view, name});
    if (!added) return at->second;
    at->second = view.empty() ? name : name.empty() ? view : name + " of " + view;
    if (!view.empty()) views_[at->second] = view;
    return at->second;
  }
  /// What `name` means to the rules of the label `from`, which is one of the router's. Where that view has no label of
  /// this name, worker 0's. Valid as long as both this and `name`.
  const std::string& find(const std::string& from, const std::string& name) const {
    const auto view = views_.find(from);
    if (view == views_.end()) return name;
    const auto found = names_.find({view->second, name});
    return found == names_.end() ? name : found->second;
  }

 private:
  std::map<std::string, std::string> views_;                          // of labels, but for worker 0's
  std::map<std::pair<std::string, std::string>, std::string> names_;  // by view and name
};

}  // namespace logboom
