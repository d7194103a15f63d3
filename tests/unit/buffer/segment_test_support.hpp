#pragma once

#include <logboom/crc32c.hpp>
#include <logboom/segment.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace logboom::test {

inline constexpr std::uint64_t test_nonce = 0x1122334455667788;

/// The bytes of a segment with these payloads, a frame each; their ends in `ends`.
struct TestSegment {
  std::string bytes;
  std::vector<std::size_t> ends;

  TestSegment() : bytes(segment::file_head_size, '\0') {
    segment::write_file_head({7, test_nonce, 99, 1234, 0, 0}, reinterpret_cast<std::uint8_t*>(bytes.data()));
  }
  void add(std::string_view payload, std::uint64_t chunk = 1, std::uint32_t events = 1) {
    segment::Frame frame;
    frame.offset = bytes.size();
    frame.chunk = chunk;
    frame.written_ms = 42;
    frame.events = events;
    frame.bytes = frame.stored = static_cast<std::uint32_t>(payload.size());
    frame.payload_crc = crc32c(payload);
    frame.sections.push_back({"app.web", events, frame.bytes});
    frame.messages.push_back({{chunk, bytes.size()}, 1});
    OutBuffer head;
    segment::write_frame_head(frame, test_nonce, head);
    bytes.append(head.text()).append(payload);
    ends.push_back(bytes.size());
  }
};

inline segment::Reader reader_of(const std::string& bytes) {
  return segment::Reader(
      [&bytes](std::uint8_t* to, std::size_t size, std::uint64_t offset) {
        const std::size_t count =
            std::min<std::size_t>(size, bytes.size() - std::min<std::size_t>(offset, bytes.size()));
        if (count > 0) std::memcpy(to, bytes.data() + offset, count);
        return static_cast<std::int64_t>(count);
      },
      bytes.size());
}

inline std::vector<std::string> payloads(segment::Reader& reader) {
  std::vector<std::string> out;
  segment::Frame frame;
  while (reader.next(frame)) out.emplace_back(reader.payload());
  return out;
}

}  // namespace logboom::test
