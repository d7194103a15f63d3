#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "pipeline/pipeline.hpp"

namespace logboom {

/// The nodes of the pipeline that runs, for the next one to take those that are unchanged. Each is taken once.
class KeptNodes {
 public:
  /// `previous` may be null.
  explicit KeptNodes(const Pipeline* previous);

  /// Whether one of them has this id, taken or not.
  bool has_id(const std::string& id) const { return ids_.contains(id); }
  /// One that says the same and is of the same rules; null where there is none.
  std::shared_ptr<InputNode> take_input(const std::string& identity, const std::string& content,
                                        const std::string& label);
  std::shared_ptr<FilterNode> take_filter(const std::string& identity, const std::string& content,
                                          const std::string& label);
  /// An output comes with all its stores; one of which another output has taken a store is not there any more.
  /// `as_store`: of several alike, rather one that is a store than one that is not.
  std::shared_ptr<OutputNode> take_output(const std::string& identity, const std::string& content,
                                          const std::string& label, bool as_store);

 private:
  using Free = std::multimap<std::string, std::shared_ptr<Node>>;

  template <class N>
  std::shared_ptr<N> take(const std::string& identity, const std::string& content, const std::string& label);
  bool is_free(const OutputNode& output) const;
  bool fits(const OutputNode& output, const std::string& content, const std::string& label) const;
  void take_with_stores(const OutputNode& output);

  Free free_;  // by identity
  std::set<const Node*> stores_;
  std::set<std::string> ids_;
};

}  // namespace logboom
