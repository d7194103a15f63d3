#pragma once

#include <map>
#include <string>

#include <logboom/filter.hpp>

namespace logboom {

/// One filter's decisions on one batch, made into new batches. What stays as it is keeps its place in memory.
class FilterRun final : public FilterSink {
 public:
  explicit FilterRun(const BatchPtr& batch) : batch_(batch) {}

  void keep(const Event& event) override;
  void replace(const Event& event, const EventTime& time, std::string_view record) override;
  void drop(const Event& event) override;
  void fail(const Event& event, std::string_view reason) override;
  /// The filter itself broke: everything that it did not decide on fails.
  void fail_all(std::string_view reason);

  /// After the filter: returns how many events it dropped. An event that it passed over counts as dropped too.
  std::uint64_t finish();
  /// What goes on; null where that is nothing.
  BatchPtr kept() { return kept_ ? BatchPtr(std::move(kept_)) : BatchPtr(); }
  const std::map<std::string, BatchPtr>& failed() const noexcept { return failed_; }

 private:
  EventBatch& made(std::unique_ptr<EventBatch>& slot) const;
  static Span span_of(const Event& event) {
    return {event.entry.begin(), static_cast<std::uint32_t>(event.entry.size()), 1};
  }

  const BatchPtr& batch_;
  std::unique_ptr<EventBatch> kept_;
  std::map<std::string, std::unique_ptr<EventBatch>> failing_;
  std::map<std::string, BatchPtr> failed_;
  std::uint64_t decided_ = 0;
  std::uint64_t dropped_ = 0;
  SlabPtr written_;
  std::size_t written_used_ = 0;
};

}  // namespace logboom
