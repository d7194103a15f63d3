#include "pipeline/event_run.hpp"

#include <utility>

namespace logboom {

void BatchDraft::grow() { spans_.reserve(4 * spans_.capacity()); }

void BatchDraft::write(EntryWriter& writer, const EventTime& time, std::string_view record) {
  add(writer.write(time, record));
  if (written_.empty() || !(written_.back() == writer.slab())) written_.push_back(writer.slab());
}

BatchPtr BatchDraft::make(Tag tag, const EventBatch& original) const {
  auto batch = std::make_unique<EventBatch>(std::move(tag));
  if (keeps_) batch->hold(original);
  for (const SlabPtr& slab : written_) batch->hold(slab);
  batch->add_held({spans_.data(), spans_.size()});
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

BatchDraft& EmitRun::draft(std::string_view label, std::string_view tag) {
  if (last_ == nullptr || last_->tag.text() != tag || *last_->label != label) last_ = &target(label, tag);
  return last_->draft;
}

EmitRun::Target& EmitRun::target(std::string_view label, std::string_view tag) {
  if (const auto found = places_.find({label, tag}); found != places_.end()) return *found->second;
  const auto table = tags_.try_emplace(std::string(label)).first;
  Target& made = targets_.emplace_back(Target{&table->first, table->second.intern(tag), {}});
  places_.emplace(std::pair<std::string_view, std::string_view>{*made.label, made.tag.text()}, &made);
  return made;
}

void EmitRun::emit(std::string_view tag, const Event& event) {
  ++decided_;
  draft(tag).keep(event);
}

void EmitRun::emit_to(std::string_view label, std::string_view tag, const Event& event) {
  ++decided_;
  draft(label == "@ROOT" ? std::string_view() : label, tag).keep(event);
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

std::vector<EmitRun::Emitted> EmitRun::finish() {
  count_passed_over();
  std::vector<Emitted> emitted;
  emitted.reserve(targets_.size());
  for (const Target& target : targets_) {
    emitted.push_back({*target.label, target.draft.make(target.tag, *place_.batch)});
  }
  return emitted;
}

}  // namespace logboom
