#include "held_chunk.hpp"

#include <algorithm>
#include <cstring>

namespace logboom {

namespace {

constexpr std::size_t first_block = 4 * 1024;
constexpr std::uint64_t batch_overhead = sizeof(EventBatch) + sizeof(BatchPtr);

}  // namespace

std::uint64_t reservation_of(const EventBatch& batch) noexcept {
  std::uint64_t bytes = batch_overhead;
  if (batch.bytes() < copy_below) return bytes + batch.bytes();
  for (const SlabPtr& slab : batch.slabs()) bytes += slab ? slab->capacity() : 0;
  return bytes;
}

void HeldChunk::add(const BatchPtr& batch, const MessageId& id) {
  if (id) ids_.push_back(id);
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
  if (!ids_.empty()) duplicates_.settle(ids_, time_.now(), dropped != DropReason::shutdown);
}

void HeldChunk::seal() {
  finish_batch();
  block_ = SlabPtr();
}

}  // namespace logboom
