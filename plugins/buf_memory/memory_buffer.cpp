#include "memory_buffer.hpp"

namespace logboom {

MemoryBuffer::~MemoryBuffer() {
  if (started_) discard();
}

void MemoryBuffer::start(const BufferSettings& settings, OutputCounters& counters) {
  started_ = true;
  settings_ = settings;
  duplicates_.start(settings.duplicates);
  keys_ = ChunkKeys(settings);
  queue_.start(settings, counters, [this] { return std::make_unique<HeldChunk>(blocks_, duplicates_, settings_); });
}

void MemoryBuffer::append(Delivery delivery) {
  const std::uint64_t bytes = reservation_of(*delivery.batch);
  if (!queue_.admit(*delivery.batch, bytes)) return;
  const ChunkParts parts = keys_.cut(delivery.batch);
  const AckLevel level = delivery.receipts.level;
  const bool waits = !delivery.receipts.empty() && level != AckLevel::memory &&
                     (level == AckLevel::delivered || settings_.ack_when_written);
  if (delivery.id && !is_first(delivery, parts, waits)) {
    queue_.append_none(*delivery.batch, bytes, DropReason::duplicate);
  } else {
    const MessageId settled_later = waits ? delivery.id : MessageId();
    queue_.append(delivery, parts, bytes, [&](QueuedChunk& chunk, std::size_t part) {
      static_cast<HeldChunk&>(chunk).add(parts[part].batch, settled_later);
    });
  }
  delivery.receipts.confirm();
}

/// False: the message is here, or was. Receipts that wait for the first one's are then gone from the delivery.
bool MemoryBuffer::is_first(Delivery& delivery, const ChunkParts& parts, bool waits) {
  const auto parts_to_settle = waits ? static_cast<std::uint32_t>(parts.size()) : 0U;
  return duplicates_.meet(delivery, settings_.time->now(), parts_to_settle) == Duplicates::Met::first;
}

namespace plugins {

PluginInfo buf_memory() {
  return describe_plugin<MemoryBuffer>(PluginKind::buffer, "memory", "Keeps events in memory until they are written.");
}

}  // namespace plugins

}  // namespace logboom
