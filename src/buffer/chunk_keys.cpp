#include <functional>
#include <limits>
#include <map>
#include <memory>

#include <logboom/chunk_queue.hpp>
#include <logboom/value_text.hpp>

#include "buffer/packed_fields.hpp"

namespace logboom {

namespace {

SlabPtr slab_of(const EventBatch& batch, const std::uint8_t* data) {
  const std::less_equal<const std::uint8_t*> not_above;
  for (const SlabPtr& slab : batch.slabs()) {
    if (slab && not_above(slab->data(), data) && not_above(data, slab->data() + slab->capacity())) return slab;
  }
  return SlabPtr();
}

/// Reads the keys of one event after another.
class KeyReader {
 public:
  KeyReader(const std::optional<TimeSlices>& slices, const std::vector<RecordAccessor>& fields)
      : slices_(slices), fields_(fields) {}

  void read(const Event& event) {
    if (slices_) slice = slices_->start_of(event.time.sec);
    values.clear();
    for (const RecordAccessor& field : fields_) pack_field(value_text(field.find(event.record), scratch_), values);
  }

  std::int64_t slice = 0;
  std::string values;

 private:
  std::optional<TimeSlices> slices_;
  const std::vector<RecordAccessor>& fields_;
  OutBuffer scratch_;
};

/// Parts that grow, found by their keys. What would grow larger than a chunk goes on in another part.
class Parts {
 public:
  Parts(const Tag& tag, const ChunkLimits& limits) : tag_(tag), limits_(limits) {}

  void add(const KeyReader& key, const Event& event, const SlabPtr& slab) {
    const Span entry{event.entry.begin(), static_cast<std::uint32_t>(event.entry.size()), 1};
    EventBatch* part = &at(key.slice, key.values);
    if (part->events() != 0 && !limits_.fits(part->bytes() + entry.size, part->events() + 1)) {
      places_[{key.slice, key.values}] = last_ = grown_.size();
      grown_.push_back({std::make_unique<EventBatch>(tag_), key.slice, key.values});
      part = grown_.back().batch.get();
    }
    part->add(entry, slab);
  }
  ChunkParts take() {
    ChunkParts parts;
    parts.reserve(grown_.size());
    for (Grown& grown : grown_) parts.push_back({BatchPtr(std::move(grown.batch)), grown.slice, grown.fields});
    return parts;
  }

 private:
  EventBatch& at(std::int64_t slice, const std::string& fields) {
    if (last_ < grown_.size() && grown_[last_].slice == slice && grown_[last_].fields == fields)
      return *grown_[last_].batch;
    const auto [found, is_new] = places_.try_emplace({slice, fields}, grown_.size());
    if (is_new) grown_.push_back({std::make_unique<EventBatch>(tag_), slice, fields});
    last_ = found->second;
    return *grown_[last_].batch;
  }

  struct Grown {
    std::unique_ptr<EventBatch> batch;
    std::int64_t slice;
    std::string fields;
  };
  const Tag& tag_;
  const ChunkLimits& limits_;
  std::vector<Grown> grown_;
  std::map<std::pair<std::int64_t, std::string>, std::size_t> places_;
  std::size_t last_ = 0;
};

/// True where all events have the keys that the reader holds afterwards.
bool in_one_chunk(const EventBatch& batch, KeyReader& reader) {
  bool first = true;
  bool one = true;
  std::int64_t slice = 0;
  std::string values;
  batch.for_each([&](const Event& event) {
    if (!one) return;
    reader.read(event);
    if (first) {
      slice = reader.slice;
      values = reader.values;
      first = false;
    }
    one = slice == reader.slice && values == reader.values;
  });
  return one;
}

}  // namespace

ChunkKeys::ChunkKeys(const BufferSettings& settings)
    : limits_{settings.chunk_limit, settings.chunk_limit_records.value_or(std::numeric_limits<std::uint64_t>::max())} {
  if (settings.by_time) slices_.emplace(*settings.timekey, settings.zone);
  for (const std::string& field : settings.fields) fields_.push_back(RecordAccessor::compile(field));
}

ChunkParts ChunkKeys::cut(const BatchPtr& batch) const {
  ChunkParts parts;
  const bool fits = limits_.fits(batch->bytes(), batch->events());
  if (batch->events() == 0) return parts;
  if (fits && !slices_ && fields_.empty()) {
    parts.push_back({batch});
    return parts;
  }
  KeyReader reader(slices_, fields_);
  if (fits && in_one_chunk(*batch, reader)) {
    parts.push_back({batch, reader.slice, reader.values});
    return parts;
  }
  Parts grown(batch->tag(), limits_);
  for (const Span& span : batch->spans()) {
    const SlabPtr slab = slab_of(*batch, span.data);
    EntryCursor cursor(span);
    Event event;
    while (cursor.next(event)) {
      reader.read(event);
      grown.add(reader, event, slab);
    }
  }
  return grown.take();
}

}  // namespace logboom
