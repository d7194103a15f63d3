#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/expression_program.hpp"

namespace logboom::expression {

/// The tag without the empty parts at its end, which Ruby's split leaves out.
inline std::string_view significant_tag(std::string_view tag) noexcept {
  while (tag.ends_with('.')) tag.remove_suffix(1);
  return tag;
}

/// tag_parts[index], tag_prefix[index], tag_suffix[index]; negative from the end. False where there is none.
inline bool part_of_tag(std::string_view tag, TagView view, std::int64_t index, std::string_view& part) noexcept {
  tag = significant_tag(tag);
  if (tag.empty()) return false;
  if (index < 0) {
    index += 1 + std::count(tag.begin(), tag.end(), '.');
    if (index < 0) return false;
  }
  std::size_t begin = 0;
  for (; index > 0; --index) {
    begin = tag.find('.', begin);
    if (begin == std::string_view::npos) return false;
    ++begin;
  }
  const std::size_t end = std::min(tag.find('.', begin), tag.size());
  switch (view) {
    case TagView::parts: part = tag.substr(begin, end - begin); break;
    case TagView::prefix: part = tag.substr(0, end); break;
    case TagView::suffix: part = tag.substr(begin); break;
  }
  return true;
}

}  // namespace logboom::expression
