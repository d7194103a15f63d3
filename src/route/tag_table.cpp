#include "route/tag_table.hpp"

#include <algorithm>

namespace logboom {

Tag TagTable::intern(std::string_view text) {
  const auto found = tags_.find(text);
  if (found != tags_.end()) return found->second;
  if (tags_.size() >= limit_) make_room();
  Tag tag = Tag::make(text);
  tags_.emplace(tag.text(), tag);
  return tag;
}

/// A tag that is in use elsewhere stays: its route must stay the one that its holders know. Where most are, the table
/// grows, so that the search for room stays rare.
void TagTable::make_room() {
  std::erase_if(tags_, [](const auto& item) { return item.second.unique(); });
  limit_ = std::max(limit_, tags_.size() * 2);
}

}  // namespace logboom
