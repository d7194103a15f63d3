#include "targets.hpp"

#include <utility>

namespace logboom {

Target* Targets::find(std::string_view key) {
  const auto at = by_key_.find(key);
  if (at == by_key_.end()) return nullptr;
  list_.splice(list_.begin(), list_, at->second);
  return &list_.front();
}

Target& Targets::add(Target target) {
  list_.push_front(std::move(target));
  by_key_.emplace(list_.front().key, list_.begin());
  return list_.front();
}

void Targets::erase_oldest() {
  by_key_.erase(list_.back().key);
  list_.pop_back();
}

}  // namespace logboom
