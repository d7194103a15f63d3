#include "record/entry_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace logboom {

namespace {

constexpr std::size_t slab_size = 128 * 1024;
// An array's head, and an EventTime or the longest integer.
constexpr std::size_t head_size = 1 + 10;

void store_be(std::uint8_t* at, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * (bytes - 1 - i)));
}

/// `[time,` – returns how long it is.
std::size_t write_head(std::uint8_t* at, const EventTime& time) {
  *at++ = 0x92;
  if (time.sec >= 0 && time.sec <= std::numeric_limits<std::uint32_t>::max()) {
    *at++ = 0xd7;
    *at++ = 0x00;
    store_be(at, static_cast<std::uint64_t>(time.sec), 4);
    store_be(at + 4, time.nsec, 4);
    return head_size;
  }
  *at++ = 0xd3;
  store_be(at, static_cast<std::uint64_t>(time.sec), 8);
  return head_size - 1;
}

}  // namespace

void EntryWriter::make_room(std::size_t size) {
  if (slab_ && slab_->unique()) used_ = 0;
  if (slab_ && slab_->capacity() - used_ >= size) return;
  slab_ = SlabPtr(Slab::make(std::max(size, slab_size)));
  used_ = 0;
}

Span EntryWriter::write(const EventTime& time, std::string_view record) {
  make_room(head_size + record.size());
  std::uint8_t* const at = slab_->data() + used_;
  const std::size_t head = write_head(at, time);
  std::memcpy(at + head, record.data(), record.size());
  used_ += head + record.size();
  return {at, static_cast<std::uint32_t>(head + record.size()), 1};
}

}  // namespace logboom
