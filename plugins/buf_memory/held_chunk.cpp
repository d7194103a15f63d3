#include "held_chunk.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <span>
#include <utility>

#include <logboom/compress.hpp>

namespace logboom {

namespace {

constexpr std::size_t first_block = 4 * 1024;
constexpr std::uint64_t batch_overhead = sizeof(EventBatch) + sizeof(BatchPtr);
// Of a message that waits: its id here and in the window, its receipt, and the answer that is owed.
constexpr std::uint64_t waiting_overhead = 200;

/// A smaller chunk, or one that becomes hardly smaller, is not worth the work.
constexpr std::uint64_t worth_compressing = 4 * 1024;

bool decompress(BufferCompression compression, std::string_view packed, std::uint64_t size, std::uint8_t* to) {
  static DecompressBudget budget(std::numeric_limits<std::uint64_t>::max());
  DecompressBudget::Share share(budget);
  std::uint64_t done = 0;
  const auto keep = [&](std::string_view piece) {
    std::memcpy(to + done, piece.data(), piece.size());
    done += piece.size();
    return true;
  };
  const std::span<const std::string_view> input(&packed, 1);
  const auto unpack = compression == BufferCompression::gzip ? decompress_gzip : decompress_zstd;
  return unpack(input, size, share, keep) == DecompressStatus::ok && done == size;
}

}  // namespace

std::uint64_t reservation_of(const EventBatch& batch) noexcept {
  std::uint64_t bytes = batch_overhead;
  if (batch.bytes() < copy_below) return bytes + batch.bytes();
  for (const SlabPtr& slab : batch.slabs()) bytes += slab ? slab->capacity() : 0;
  return bytes;
}

void HeldChunk::add(const BatchPtr& batch, const MessageId& id) {
  if (id) {
    ids_.push_back(id);
    held += waiting_overhead;
  }
  if (batch->bytes() < copy_below) {
    add_copy(*batch);
  } else {
    add_shared(batch);
  }
  chunk.events += batch->events();
  chunk.bytes += batch->bytes();
}

void HeldChunk::add_copy(const EventBatch& batch) {
  if (growing_ != nullptr && !growing_->tag().same_object(batch.tag()) &&
      growing_->tag().text() != batch.tag().text()) {
    finish_batch();
  }
  if (growing_ == nullptr) {
    growing_ = std::make_unique<EventBatch>(batch.tag());
    held += batch_overhead;
  }
  for (const Span& span : batch.spans()) {
    std::uint8_t* at = room_for(span.size);
    std::memcpy(at, span.data, span.size);
    growing_->add(Span{at, span.size, span.events}, block_);
    used_ += span.size;
  }
}

std::uint8_t* HeldChunk::room_for(std::size_t size) {
  if (!block_ || block_->capacity() - used_ < size) {
    const std::size_t next =
        std::max(size, block_ ? std::min(block_->capacity() * 2, blocks_.slab_size()) : first_block);
    block_ = next == blocks_.slab_size() ? blocks_.take() : SlabPtr(Slab::make(next));
    used_ = 0;
    held += block_->capacity();
  }
  return block_->data() + used_;
}

void HeldChunk::add_shared(const BatchPtr& batch) {
  finish_batch();
  held += batch_overhead;
  for (const SlabPtr& slab : batch->slabs()) {
    if (slab.get() != last_shared_ && slab) held += slab->capacity();
    last_shared_ = slab.get();
  }
  chunk.batches.push_back(batch);
}

void HeldChunk::finish_batch() {
  if (growing_ != nullptr) chunk.batches.emplace_back(std::move(growing_));
}

void HeldChunk::finish(std::optional<DropReason> dropped) noexcept {
  if (!ids_.empty()) duplicates_.settle(ids_, settings_.time->now(), dropped != DropReason::shutdown);
}

void HeldChunk::seal() {
  finish_batch();
  block_ = SlabPtr();
}

bool HeldChunk::can_shrink() const {
  return settings_.compression != BufferCompression::text && !tried_ && chunk.bytes >= worth_compressing;
}

void HeldChunk::shrink() {
  tried_ = true;
  try {
    compress();
  } catch (const std::bad_alloc&) {
    packed_.release_memory();
  }
}

void HeldChunk::compress() {
  OutBuffer plain;
  static_cast<void>(plain.reserve(chunk.bytes));
  for (const BatchPtr& batch : chunk.batches) {
    for (const Span& span : batch->spans()) plain.append(span.data, span.size);
  }
  if (settings_.compression == BufferCompression::gzip) {
    gzip_compress(plain.text(), packed_);
  } else {
    zstd_compress(plain.text(), packed_);
  }
  const std::uint64_t packed = packed_.size() + batch_overhead * chunk.batches.size() + waiting_overhead * ids_.size();
  if (packed > held / 4 * 3) return packed_.release_memory();
  for (const BatchPtr& batch : chunk.batches) {
    outlines_.push_back(
        {batch->tag(), static_cast<std::uint32_t>(batch->bytes()), static_cast<std::uint32_t>(batch->events())});
  }
  chunk.batches.clear();
  chunk.source = this;
  held = packed;
}

/// Empty where the bytes are damaged.
std::vector<BatchPtr> HeldChunk::unpack() const {
  std::vector<BatchPtr> batches;
  const SlabPtr slab(Slab::make(chunk.bytes));
  if (!decompress(settings_.compression, packed_.text(), chunk.bytes, slab->data())) return batches;
  const std::uint8_t* at = slab->data();
  for (const Outline& outline : outlines_) {
    auto batch = std::make_unique<EventBatch>(outline.tag);
    batch->add(Span{at, outline.bytes, outline.events}, slab);
    at += outline.bytes;
    batches.emplace_back(std::move(batch));
  }
  return batches;
}

QueuedChunk::Loaded HeldChunk::load() {
  if (outlines_.empty()) return {};
  chunk.batches = unpack();
  if (chunk.batches.empty()) return {true, std::exchange(chunk.events, 0)};
  return {};
}

void HeldChunk::read(const Visit& visit) const {
  const std::vector<BatchPtr> batches = unpack();
  if (batches.empty()) throw ChunkUnreadable("it can't be decompressed");
  for (const BatchPtr& batch : batches) {
    if (!visit(batch)) return;
  }
}

void HeldChunk::unload() noexcept {
  if (!outlines_.empty()) chunk.batches = {};
}

}  // namespace logboom
