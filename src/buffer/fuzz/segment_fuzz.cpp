#include <logboom/event.hpp>
#include <logboom/segment.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>

/// Any bytes as a segment: what is read is what stands there, in order, and what is not is named.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace logboom;
  segment::Reader reader(
      [data, size](std::uint8_t* to, std::size_t wanted, std::uint64_t offset) {
        const std::size_t count = std::min<std::size_t>(wanted, size - std::min<std::size_t>(offset, size));
        if (count > 0) std::memcpy(to, data + offset, count);
        return static_cast<std::int64_t>(count);
      },
      size);
  segment::Frame frame;
  std::uint64_t end = 0;
  while (reader.next(frame)) {
    if (frame.offset < end || frame.offset + frame.size() > size) std::abort();
    end = frame.offset + frame.size();
    std::uint64_t events = 0;
    for (const segment::Section& section : frame.sections) events += section.events;
    if (events != frame.events || reader.payload().size() != frame.stored) std::abort();
    std::string_view fields = frame.fields;
    while (segment::next_text(fields)) {
    }
    OutBuffer entries;
    if (frame.bytes < 1 << 24) segment::unpack(frame, reader.payload(), entries);
  }
  if (reader.intact() > size || reader.intact() < end) std::abort();
  return 0;
}
