#include <functional>
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

/// Parts that grow, found by their keys.
class Parts {
 public:
  explicit Parts(const Tag& tag) : tag_(tag) {}

  EventBatch& at(std::int64_t slice, const std::string& fields) {
    if (last_ < grown_.size() && grown_[last_].slice == slice && grown_[last_].fields == fields)
      return *grown_[last_].batch;
    const auto [found, is_new] = places_.try_emplace({slice, fields}, grown_.size());
    if (is_new) grown_.push_back({std::make_unique<EventBatch>(tag_), slice, fields});
    last_ = found->second;
    return *grown_[last_].batch;
  }
  ChunkParts take() {
    ChunkParts parts;
    parts.reserve(grown_.size());
    for (Grown& grown : grown_) parts.push_back({BatchPtr(std::move(grown.batch)), grown.slice, grown.fields});
    return parts;
  }

 private:
  struct Grown {
    std::unique_ptr<EventBatch> batch;
    std::int64_t slice;
    std::string fields;
  };
  const Tag& tag_;
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

ChunkKeys::ChunkKeys(const BufferSettings& settings) {
  if (settings.by_time) slices_.emplace(*settings.timekey, settings.zone);
  for (const std::string& field : settings.fields) fields_.push_back(RecordAccessor::compile(field));
}

ChunkParts ChunkKeys::cut(const BatchPtr& batch) const {
  if (batch->events() == 0) return {};
  ChunkParts one;
  if (!slices_ && fields_.empty()) {
    one.push_back({batch});
    return one;
  }
  KeyReader reader(slices_, fields_);
  if (in_one_chunk(*batch, reader)) {
    one.push_back({batch, reader.slice, reader.values});
    return one;
  }
  Parts parts(batch->tag());
  for (const Span& span : batch->spans()) {
    const SlabPtr slab = slab_of(*batch, span.data);
    EntryCursor cursor(span);
    Event event;
    while (cursor.next(event)) {
      reader.read(event);
      const Span entry{event.entry.begin(), static_cast<std::uint32_t>(event.entry.size()), 1};
      parts.at(reader.slice, reader.values).add(entry, slab);
    }
  }
  return parts.take();
}

}  // namespace logboom
