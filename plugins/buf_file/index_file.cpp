#include "index_file.hpp"

#include <algorithm>
#include <limits>
#include <logboom/crc32c.hpp>
#include <logboom/little_endian.hpp>

namespace logboom::buf_file {

namespace {

constexpr std::uint64_t magic = 0x0158444e494247;  // "GBINDX\x01"
constexpr std::size_t head_size = 48;
constexpr std::size_t crc_from = 16;
constexpr std::size_t entry_size = 24;
constexpr std::size_t message_size = 28;

std::uint8_t* bytes_of(std::string& text) { return reinterpret_cast<std::uint8_t*>(text.data()); }

}  // namespace

void SegmentIndex::add(const segment::Frame& frame) {
  const std::uint64_t frame_size = frame.size();
  written_ms = std::max(written_ms, frame.written_ms);
  for (const segment::MessagePart& part : frame.messages) messages.push_back({part, frame.written_ms});
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  if (!entries.empty()) {
    Entry& last = entries.back();
    if (last.chunk == frame.chunk && std::uint64_t{last.offset} + last.size == frame.offset &&
        last.size + frame_size <= most && std::uint64_t{last.bytes} + frame.bytes <= most &&
        std::uint64_t{last.events} + frame.events <= most) {
      last.size += static_cast<std::uint32_t>(frame_size);
      last.events += frame.events;
      last.bytes += frame.bytes;
      return;
    }
  }
  entries.push_back({frame.chunk, static_cast<std::uint32_t>(frame.offset), static_cast<std::uint32_t>(frame_size),
                     frame.events, frame.bytes});
}

std::string encode(const SegmentIndex& index) {
  std::string out(head_size + index.entries.size() * entry_size + index.messages.size() * message_size, '\0');
  LittleEndianWriter to(bytes_of(out) + crc_from);
  to.put(index.nonce);
  to.put(index.size);
  to.put(static_cast<std::uint64_t>(index.written_ms));
  to.put(static_cast<std::uint32_t>(index.entries.size()));
  to.put(static_cast<std::uint32_t>(index.messages.size()));
  for (const SegmentIndex::Entry& entry : index.entries) {
    to.put(entry.chunk);
    for (const std::uint32_t number : {entry.offset, entry.size, entry.events, entry.bytes}) to.put(number);
  }
  for (const SegmentIndex::Message& message : index.messages) {
    to.put(message.part.message.high);
    to.put(message.part.message.low);
    to.put(message.part.parts);
    to.put(static_cast<std::uint64_t>(message.written_ms));
  }
  LittleEndianWriter head(bytes_of(out));
  head.put(magic);
  head.put(crc32c(std::string_view(out).substr(crc_from)));
  return out;
}

std::optional<SegmentIndex> decode_index(std::string_view bytes) {
  if (bytes.size() < head_size) return std::nullopt;
  LittleEndianReader from(reinterpret_cast<const std::uint8_t*>(bytes.data()));
  if (from.get<std::uint64_t>() != magic || from.get<std::uint32_t>() != crc32c(bytes.substr(crc_from)))
    return std::nullopt;
  from.skip(4);
  SegmentIndex index;
  index.nonce = from.get<std::uint64_t>();
  index.size = from.get<std::uint64_t>();
  index.written_ms = static_cast<std::int64_t>(from.get<std::uint64_t>());
  const std::uint64_t entries = from.get<std::uint32_t>();
  const std::uint64_t messages = from.get<std::uint32_t>();
  if (bytes.size() != head_size + entries * entry_size + messages * message_size) return std::nullopt;
  index.entries.resize(entries);
  for (SegmentIndex::Entry& entry : index.entries) {
    entry.chunk = from.get<std::uint64_t>();
    for (std::uint32_t* number : {&entry.offset, &entry.size, &entry.events, &entry.bytes})
      *number = from.get<std::uint32_t>();
  }
  index.messages.resize(messages);
  for (SegmentIndex::Message& message : index.messages) {
    message.part.message.high = from.get<std::uint64_t>();
    message.part.message.low = from.get<std::uint64_t>();
    message.part.parts = from.get<std::uint32_t>();
    message.written_ms = static_cast<std::int64_t>(from.get<std::uint64_t>());
  }
  return index;
}

}  // namespace logboom::buf_file
