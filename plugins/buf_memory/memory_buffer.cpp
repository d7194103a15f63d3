#include "memory_buffer.hpp"

namespace logboom {

MemoryBuffer::~MemoryBuffer() {
  if (started_) discard();
}

void MemoryBuffer::start(const BufferSettings& settings, OutputCounters& counters) {
  started_ = true;
  keys_ = ChunkKeys(settings);
  queue_.start(settings, counters, [this] { return std::make_unique<HeldChunk>(blocks_); });
}

void MemoryBuffer::append(Delivery delivery) {
  const std::uint64_t bytes = reservation_of(*delivery.batch);
  if (!queue_.admit(*delivery.batch, bytes)) return;
  const ChunkParts parts = keys_.cut(delivery.batch);
  queue_.append(delivery, parts, bytes, [&parts](QueuedChunk& chunk, std::size_t part) {
    static_cast<HeldChunk&>(chunk).add(parts[part].batch);
  });
  delivery.receipts.confirm();
}

namespace plugins {

PluginInfo buf_memory() {
  return describe_plugin<MemoryBuffer>(PluginKind::buffer, "memory", "Keeps events in memory until they are written.");
}

}  // namespace plugins

}  // namespace logboom
