#include "staging.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace logboom::buf_file {

namespace {

using namespace std::chrono_literals;

/// Batches with fewer bytes are copied: one small event does not keep the slab that it was received in.
constexpr std::uint64_t copy_below = 16 * 1024;
/// Where nobody waits, the writer lets so much gather, but not for longer than this.
constexpr std::uint64_t gather_bytes = 1024 * 1024;
constexpr auto gather_time = 5ms;
/// What a draft costs beside its events.
constexpr std::uint64_t draft_memory = 512;

}  // namespace

void Staging::changed(std::uint64_t more) {
  epoch_.memory += more;
  memory_ += more;
  memory_changed_(memory_);
}

Draft& Staging::draft_of(const ChunkRecordPtr& chunk, std::uint64_t more) {
  if (chunk->epoch == epoch_number_ && epoch_.drafts[chunk->draft].bytes + more <= frame_limit_)
    return epoch_.drafts[chunk->draft];
  chunk->epoch = epoch_number_;
  chunk->draft = epoch_.drafts.size();
  changed(draft_memory);
  catalog_.expect(*chunk);
  return epoch_.drafts.emplace_back(chunk);
}

void Staging::add(const ChunkRecordPtr& chunk, const BatchPtr& batch, const Message& message) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const bool was_empty = epoch_.empty();
    const bool was_urgent = urgent();
    Draft& draft = draft_of(chunk, batch->bytes());
    if (draft.sections.empty() || draft.sections.back().tag.text() != batch->tag().text()) {
      draft.sections.push_back({batch->tag(), 0, 0});
      changed(sizeof(Draft::Section));
    }
    draft.sections.back().events += static_cast<std::uint32_t>(batch->events());
    draft.sections.back().bytes += static_cast<std::uint32_t>(batch->bytes());
    draft.events += static_cast<std::uint32_t>(batch->events());
    draft.bytes += static_cast<std::uint32_t>(batch->bytes());
    if (message.part.message) draft.messages.push_back(message.part);
    if (message.promised) promise(message.part.message);
    if (batch->bytes() < copy_below) {
      copy(draft, *batch);
    } else {
      share(draft, batch);
    }
    wake = was_empty || (!was_urgent && urgent());
  }
  if (wake) arrived_.notify_one();
}

void Staging::promise(const MessageId& id) {
  epoch_.promised = true;
  if (id && (epoch_.messages.empty() || !(epoch_.messages.back() == id))) epoch_.messages.push_back(id);
}

void Staging::copy(Draft& draft, const EventBatch& batch) {
  for (const Span& span : batch.spans()) {
    if (!block_ || block_->capacity() - used_ < span.size) {
      block_ = pool_.take();
      used_ = 0;
      changed(block_->capacity());
    }
    std::uint8_t* const at = block_->data() + used_;
    std::memcpy(at, span.data, span.size);
    used_ += span.size;
    if (draft.blocks.empty() || draft.blocks.back() != block_) {
      draft.blocks.push_back(block_);
    } else if (draft.entries.back().data() + draft.entries.back().size() == at) {
      draft.entries.back() = {draft.entries.back().data(), draft.entries.back().size() + span.size};
      continue;
    }
    draft.entries.emplace_back(at, span.size);
    changed(sizeof(std::span<const std::uint8_t>));
  }
}

void Staging::share(Draft& draft, const BatchPtr& batch) {
  std::uint64_t memory = 0;
  for (const Span& span : batch->spans()) draft.entries.emplace_back(span.data, span.size);
  for (const SlabPtr& slab : batch->slabs()) {
    if (slab && slab.get() != last_shared_) memory += slab->capacity();
    last_shared_ = slab.get();
  }
  draft.batches.push_back(batch);
  changed(memory);
}

void Staging::wait_for_sync(Receipts receipts) {
  {
    const std::lock_guard lock(mutex_);
    epoch_.waiting.push_back(std::move(receipts));
  }
  arrived_.notify_one();
}

bool Staging::urgent() const noexcept { return kicked_ || !epoch_.waiting.empty() || epoch_.memory >= gather_bytes; }

Epoch Staging::take() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return kicked_ || !epoch_.empty(); });
  arrived_.wait_for(lock, gather_time, [this] { return urgent(); });
  kicked_ = false;
  ++epoch_number_;
  block_ = SlabPtr();
  last_shared_ = nullptr;
  return std::exchange(epoch_, Epoch());
}

void Staging::kick() {
  {
    const std::lock_guard lock(mutex_);
    kicked_ = true;
  }
  arrived_.notify_one();
}

void Staging::copy_drafts(const ChunkRecord& chunk, std::vector<Draft>& drafts) const {
  const std::lock_guard lock(mutex_);
  for (const Draft& draft : epoch_.drafts) {
    if (draft.chunk.get() == &chunk) drafts.push_back(draft);
  }
}

void Staging::release(std::uint64_t memory) {
  const std::lock_guard lock(mutex_);
  memory_ -= memory;
  memory_changed_(memory_);
}

std::uint64_t Staging::memory() const {
  const std::lock_guard lock(mutex_);
  return memory_;
}

}  // namespace logboom::buf_file
