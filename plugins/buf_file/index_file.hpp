#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/segment.hpp>

namespace logboom::buf_file {

/// A larger index file is not read.
inline constexpr std::size_t largest_index = std::size_t{1} << 30;

/// What stands in a segment, so that nobody need read it at the start. Written beside a segment that is complete and
/// synced, as `segment.<16 hex digits>.index`; nothing is lost without it.
struct SegmentIndex {
  /// Frames of one chunk behind one another.
  struct Entry {
    std::uint64_t chunk = 0;
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    std::uint32_t events = 0;
    std::uint32_t bytes = 0;
  };
  struct Message {
    segment::MessagePart part;
    std::int64_t written_ms = 0;
  };
  std::uint64_t nonce = 0;
  std::uint64_t size = 0;  // of the segment
  std::int64_t written_ms = 0;
  std::vector<Entry> entries;
  std::vector<Message> messages;

  void add(const segment::Frame& frame);
};

std::string encode(const SegmentIndex& index);
/// Nothing where these are not the bytes of an index, whole.
std::optional<SegmentIndex> decode_index(std::string_view bytes);

}  // namespace logboom::buf_file
