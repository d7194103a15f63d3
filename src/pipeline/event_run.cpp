#include "pipeline/event_run.hpp"

#include <algorithm>
#include <utility>

namespace logboom {

void BatchDraft::add(const Span& span) {
  events_ += span.events;
  if (!spans_.empty()) {
    Span& last = spans_.back();
    if (last.data + last.size == span.data) {
      last.size += span.size;
      last.events += span.events;
      return;
    }
  }
  spans_.push_back(span);
}

void BatchDraft::write(EntryWriter& writer, const EventTime& time, std::string_view record) {
  add(writer.write(time, record));
  if (written_.empty() || !(written_.back() == writer.slab())) written_.push_back(writer.slab());
}

BatchPtr BatchDraft::make(Tag tag, const EventBatch& original) const {
  auto batch = std::make_unique<EventBatch>(std::move(tag));
  if (keeps_) batch->hold(original);
  for (const SlabPtr& slab : written_) batch->hold(slab);
  for (const Span& span : spans_) batch->add_held(span);
  return BatchPtr(std::move(batch));
}

void FilterRun::keep(const Event& event) {
  ++decided_;
  kept_.keep(event);
}

void FilterRun::replace(const Event&, const EventTime& time, std::string_view record) {
  ++decided_;
  kept_.write(place_.writer, time, record);
}

void FilterRun::add(const EventTime& time, std::string_view record) {
  ++tally_.made;
  kept_.write(place_.writer, time, record);
}

void FilterRun::release(const EventTime& time, std::string_view record, std::uint64_t held) {
  tally_.let_go += held;
  ++tally_.released;
  kept_.write(place_.writer, time, record);
}

BatchPtr FilterRun::finish() {
  count_passed_over();
  if (kept_.empty()) return {};
  if (kept_.is_whole(*place_.batch)) return place_.batch;
  return kept_.make(place_.batch->tag(), *place_.batch);
}

BatchDraft& EmitRun::draft(std::string_view tag) {
  if (last_ < targets_.size() && targets_[last_].tag.text() == tag) return targets_[last_].draft;
  const auto found =
      std::find_if(targets_.begin(), targets_.end(), [&](const Target& t) { return t.tag.text() == tag; });
  last_ = static_cast<std::size_t>(found - targets_.begin());
  if (found == targets_.end()) targets_.push_back({tags_.intern(tag), {}});
  return targets_[last_].draft;
}

void EmitRun::emit(std::string_view tag, const Event& event) {
  ++decided_;
  draft(tag).keep(event);
}

void EmitRun::replace(std::string_view tag, const Event&, const EventTime& time, std::string_view record) {
  ++decided_;
  draft(tag).write(place_.writer, time, record);
}

void EmitRun::release(std::string_view tag, const EventTime& time, std::string_view record, std::uint64_t held) {
  tally_.let_go += held;
  ++tally_.released;
  draft(tag).write(place_.writer, time, record);
}

std::vector<BatchPtr> EmitRun::finish() {
  count_passed_over();
  std::vector<BatchPtr> batches;
  batches.reserve(targets_.size());
  for (const Target& target : targets_) batches.push_back(target.draft.make(target.tag, *place_.batch));
  return batches;
}

}  // namespace logboom
