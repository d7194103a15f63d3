#include <logboom/batch_writer.hpp>

#include <cstring>

namespace logboom {

namespace {

// An array's head, and an EventTime or the longest integer.
constexpr std::size_t longest_head = 1 + 10;
constexpr std::uint64_t large_batch = 128 * 1024;

void store_be(std::uint8_t* at, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * (bytes - 1 - i)));
}

/// `[time,`; returns what is behind it.
std::uint8_t* write_head(std::uint8_t* at, const EventTime& time) {
  *at++ = 0x92;
  if (time.sec < 0 || time.sec > UINT32_MAX) {
    *at++ = 0xd3;
    store_be(at, static_cast<std::uint64_t>(time.sec), 8);
    return at + 8;
  }
  *at++ = 0xd7;
  *at++ = 0x00;
  store_be(at, static_cast<std::uint64_t>(time.sec), 4);
  store_be(at + 4, time.nsec, 4);
  return at + 8;
}

}  // namespace

std::uint8_t* BatchWriter::room(std::size_t size) {
  if (!slab_ || slab_->capacity() - used_ < size) {
    slab_ = SlabPtr();
    slab_ = size <= source_.slabs().slab_size() ? source_.slabs().take() : SlabPtr(Slab::make(size));
    used_ = 0;
  }
  return slab_->data() + used_;
}

std::uint8_t* BatchWriter::begin(std::string_view tag, const EventTime& time, std::size_t most) {
  if (!tag_ || tag_.text() != tag) {
    send();
    tag_ = source_.tag(tag);
  }
  if (batch_ && batch_->bytes() >= large_batch) send();
  begin_ = room(longest_head + most);
  return write_head(begin_, time);
}

void BatchWriter::end(std::uint8_t* record_end) {
  const auto size = static_cast<std::size_t>(record_end - begin_);
  if (!batch_) batch_ = std::make_unique<EventBatch>(tag_);
  batch_->add(Span{begin_, static_cast<std::uint32_t>(size), 1}, slab_);
  used_ += size;
}

void BatchWriter::add(std::string_view tag, const EventTime& time, std::string_view record) {
  std::uint8_t* const at = begin(tag, time, record.size());
  std::memcpy(at, record.data(), record.size());
  end(at + record.size());
}

void BatchWriter::flush() {
  send();
  slab_ = SlabPtr();
}

void BatchWriter::send() {
  if (!batch_) return;
  Delivery delivery{BatchPtr(std::move(batch_)), {}};
  if (receipt_) delivery.receipts.add(receipt_.share());
  source_.emit(std::move(delivery));
}

void BatchWriter::begin_receipt(Receipt receipt) {
  flush();
  receipt_ = std::move(receipt);
}

void BatchWriter::end_receipt() {
  flush();
  receipt_.confirm();
}

}  // namespace logboom
