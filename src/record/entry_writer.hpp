#pragma once

#include <string_view>

#include <logboom/event.hpp>

namespace logboom {

/// A worker's memory for entries that are written anew. While nobody holds what was written before, the same memory is
/// used again. Threads: one.
class EntryWriter {
 public:
  /// One entry with this time and record (one msgpack map).
  Span write(const EventTime& time, std::string_view record);
  /// Where the last entry stands.
  const SlabPtr& slab() const noexcept { return slab_; }

 private:
  void make_room(std::size_t size);

  SlabPtr slab_;
  std::size_t used_ = 0;
};

}  // namespace logboom
