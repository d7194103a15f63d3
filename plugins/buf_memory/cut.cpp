#include "cut.hpp"

#include <functional>

namespace logboom {

namespace {

SlabPtr slab_of(const EventBatch& batch, const std::uint8_t* data) {
  const std::less_equal<const std::uint8_t*> not_above;
  for (const SlabPtr& slab : batch.slabs()) {
    if (slab && not_above(slab->data(), data) && not_above(data, slab->data() + slab->capacity())) return slab;
  }
  return SlabPtr();
}

bool in_one_slice(const EventBatch& batch, TimeSlices& slices, std::int64_t& slice) {
  bool first = true;
  bool one = true;
  batch.for_each([&](const Event& event) {
    const std::int64_t start = slices.start_of(event.time.sec);
    if (first) slice = start;
    first = false;
    one = one && start == slice;
  });
  return one;
}

}  // namespace

std::vector<SlicePart> cut_by_slice(const BatchPtr& batch, TimeSlices& slices) {
  std::vector<SlicePart> parts;
  std::int64_t slice = 0;
  if (in_one_slice(*batch, slices, slice)) {
    parts.push_back({batch, slice});
    return parts;
  }
  std::unique_ptr<EventBatch> part;
  for (const Span& span : batch->spans()) {
    const SlabPtr slab = slab_of(*batch, span.data);
    EntryCursor cursor(span);
    Event event;
    while (cursor.next(event)) {
      const std::int64_t start = slices.start_of(event.time.sec);
      if (part != nullptr && start != slice) parts.push_back({BatchPtr(std::move(part)), slice});
      if (part == nullptr) part = std::make_unique<EventBatch>(batch->tag());
      slice = start;
      part->add(Span{event.entry.begin(), static_cast<std::uint32_t>(event.entry.size()), 1}, slab);
    }
  }
  parts.push_back({BatchPtr(std::move(part)), slice});
  return parts;
}

}  // namespace logboom
