#pragma once

#include <logboom/chunk.hpp>
#include <logboom/output.hpp>

namespace logboom {

/// Some of a chunk's events, read from the chunk, which it must not outlive.
class PickedEvents final : public ChunkSource {
 public:
  PickedEvents(const Chunk& chunk, const EventSet& which) noexcept : chunk_(chunk), which_(which) {}

  void read(const Visit& visit) const override {
    std::uint64_t place = 0;
    chunk_.for_each_batch([&](const BatchPtr& batch) {
      auto picked = std::make_unique<EventBatch>(batch->tag());
      picked->hold(*batch);
      batch->for_each([&](const Event& event) {
        if (which_.contains(place++))
          picked->add_held({event.entry.begin(), static_cast<std::uint32_t>(event.entry.size()), 1});
      });
      return picked->events() == 0 || visit(BatchPtr(std::move(picked)));
    });
  }

 private:
  const Chunk& chunk_;
  const EventSet& which_;
};

}  // namespace logboom
