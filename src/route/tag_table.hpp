#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_map>

#include <logboom/tag.hpp>

namespace logboom {

/// One worker's tags of one input, each text once. Bounded: tags that nobody holds any more make room for new ones.
class TagTable {
 public:
  explicit TagTable(std::size_t limit = 16384) : limit_(limit) {}

  Tag intern(std::string_view text);
  std::size_t size() const noexcept { return tags_.size(); }

 private:
  void make_room();

  std::size_t limit_;
  std::unordered_map<std::string_view, Tag> tags_;
};

}  // namespace logboom
