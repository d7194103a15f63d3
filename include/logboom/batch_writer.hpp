#pragma once

#include <memory>
#include <string_view>

#include <logboom/event.hpp>
#include <logboom/net.hpp>

namespace logboom {

/// Writes new events into the worker's slabs, and sends them on in batches of one tag each. For inputs whose events
/// don't stand in what was received.
///
/// Threads: those of its source. Lifetime: not longer than the source.
class BatchWriter {
 public:
  explicit BatchWriter(net::Source& source) : source_(source) {}

  /// One event; `record` is one whole msgpack map, and is copied. A batch that has become large is sent on.
  void add(std::string_view tag, const EventTime& time, std::string_view record);
  void add(std::string_view tag, const EventTime& time, const msgpack::Value& record) {
    add(tag, time, {reinterpret_cast<const char*>(record.begin()), record.size()});
  }
  /// The same, but the record is written where it stays: `write(at)` writes one whole map of at most `most` bytes, and
  /// returns its end.
  template <class Write>
  void write(std::string_view tag, const EventTime& time, std::size_t most, Write&& write) {
    std::uint8_t* const record = begin(tag, time, most);
    end(write(record));
  }
  /// Sends on what was collected, and holds no memory any more.
  void flush();

  /// What is added from here to `end_receipt` is part of this promise.
  void begin_receipt(Receipt receipt);
  void end_receipt();

 private:
  std::uint8_t* room(std::size_t size);
  std::uint8_t* begin(std::string_view tag, const EventTime& time, std::size_t most);
  void end(std::uint8_t* record_end);
  void send();

  net::Source& source_;
  std::unique_ptr<EventBatch> batch_;
  Tag tag_;
  SlabPtr slab_;
  std::size_t used_ = 0;
  std::uint8_t* begin_ = nullptr;  // of the entry that is being written
  Receipt receipt_;
};

}  // namespace logboom
