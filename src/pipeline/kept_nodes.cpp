#include "pipeline/kept_nodes.hpp"

#include <algorithm>

namespace logboom {

KeptNodes::KeptNodes(const Pipeline* previous) {
  if (previous == nullptr) return;
  const auto keep = [this](const auto& nodes) {
    for (const auto& node : nodes) {
      free_.emplace(node->identity, node);
      ids_.insert(node->id);
    }
  };
  keep(previous->inputs());
  keep(previous->filters());
  keep(previous->outputs());
  for (const auto& output : previous->outputs()) {
    for (const auto& store : output->stores) stores_.insert(store.get());
  }
}

template <class N>
std::shared_ptr<N> KeptNodes::take(const std::string& identity, const std::string& content, const std::string& label) {
  const auto [first, last] = free_.equal_range(identity);
  for (auto at = first; at != last; ++at) {
    auto node = std::dynamic_pointer_cast<N>(at->second);
    if (!node || node->content != content || node->label != label) continue;
    free_.erase(at);
    return node;
  }
  return nullptr;
}

std::shared_ptr<InputNode> KeptNodes::take_input(const std::string& identity, const std::string& content,
                                                 const std::string& label) {
  return take<InputNode>(identity, content, label);
}

std::shared_ptr<FilterNode> KeptNodes::take_filter(const std::string& identity, const std::string& content,
                                                   const std::string& label) {
  return take<FilterNode>(identity, content, label);
}

std::shared_ptr<OutputNode> KeptNodes::take_output(const std::string& identity, const std::string& content,
                                                   const std::string& label, bool as_store) {
  const auto [first, last] = free_.equal_range(identity);
  std::shared_ptr<OutputNode> found;
  for (auto at = first; at != last; ++at) {
    const auto output = std::dynamic_pointer_cast<OutputNode>(at->second);
    if (!output || !fits(*output, content, label)) continue;
    const bool alike = stores_.contains(output.get()) == as_store;
    if (!found || alike) found = output;
    if (alike) break;
  }
  if (found) take_with_stores(*found);
  return found;
}

/// Where events come from does not matter to a sink, but to what sends them on.
bool KeptNodes::fits(const OutputNode& output, const std::string& content, const std::string& label) const {
  const bool routes = output.emits != nullptr || !output.stores.empty();
  return output.content == content && (!routes || output.label == label) && is_free(output);
}

bool KeptNodes::is_free(const OutputNode& output) const {
  const auto [first, last] = free_.equal_range(output.identity);
  return std::any_of(first, last, [&output](const auto& item) { return item.second.get() == &output; }) &&
         std::all_of(output.stores.begin(), output.stores.end(), [this](const auto& store) { return is_free(*store); });
}

void KeptNodes::take_with_stores(const OutputNode& output) {
  const auto [first, last] = free_.equal_range(output.identity);
  const auto at = std::find_if(first, last, [&output](const auto& item) { return item.second.get() == &output; });
  // The new pipeline's own share keeps the node; an output that keeps its stores does the same for them.
  if (at != last) free_.erase(at);
  for (const auto& store : output.stores) take_with_stores(*store);
}

}  // namespace logboom
