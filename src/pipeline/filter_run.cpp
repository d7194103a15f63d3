#include "pipeline/filter_run.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace logboom {

namespace {

constexpr std::size_t written_size = 64 * 1024;

}  // namespace

EventBatch& FilterRun::made(std::unique_ptr<EventBatch>& slot) const {
  if (!slot) {
    slot = std::make_unique<EventBatch>(batch_->tag());
    slot->hold(*batch_);
  }
  return *slot;
}

void FilterRun::keep(const Event& event) {
  ++decided_;
  made(kept_).add_held(span_of(event));
}

void FilterRun::replace(const Event&, const EventTime& time, std::string_view record) {
  ++decided_;
  OutBuffer head;
  msgpack::Writer writer(head);
  writer.array(2);
  if (time.sec >= 0 && time.sec <= std::numeric_limits<std::uint32_t>::max()) {
    writer.event_time(static_cast<std::uint32_t>(time.sec), time.nsec);
  } else {
    writer.integer(time.sec);
  }
  const std::size_t size = head.size() + record.size();
  if (!written_ || written_->capacity() - written_used_ < size) {
    written_ = SlabPtr(Slab::make(std::max(size, written_size)));
    written_used_ = 0;
  }
  std::uint8_t* at = written_->data() + written_used_;
  std::memcpy(at, head.data(), head.size());
  std::memcpy(at + head.size(), record.data(), record.size());
  written_used_ += size;
  made(kept_).add({at, static_cast<std::uint32_t>(size), 1}, written_);
}

void FilterRun::drop(const Event&) {
  ++decided_;
  ++dropped_;
}

void FilterRun::fail(const Event& event, std::string_view reason) {
  ++decided_;
  made(failing_[std::string(reason)]).add_held(span_of(event));
}

void FilterRun::fail_all(std::string_view reason) {
  std::uint64_t index = 0;
  const std::uint64_t decided = decided_;
  batch_->for_each([&](const Event& event) {
    if (index++ >= decided) fail(event, reason);
  });
}

std::uint64_t FilterRun::finish() {
  for (auto& [reason, batch] : failing_) failed_.emplace(reason, BatchPtr(std::move(batch)));
  failing_.clear();
  const std::uint64_t passed_over = batch_->events() > decided_ ? batch_->events() - decided_ : 0;
  return dropped_ + passed_over;
}

}  // namespace logboom
