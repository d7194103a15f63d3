#pragma once

#include <boost/container/small_vector.hpp>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/filter.hpp>
#include <logboom/output.hpp>

#include "record/entry_writer.hpp"
#include "route/tag_table.hpp"

namespace logboom {

/// What became of the events that a filter or an emitting output saw, beside those that go on.
struct RunTally {
  std::uint64_t dropped = 0;
  std::uint64_t made = 0;
  std::uint64_t held = 0;
  /// Events that were held before and are no longer, and how many they became.
  std::uint64_t let_go = 0;
  std::uint64_t released = 0;
};

/// Spans of a batch and entries written beside it, on their way to become a batch.
class BatchDraft {
 public:
  void keep(const Event& event) {
    keeps_ = true;
    add({event.entry.begin(), static_cast<std::uint32_t>(event.entry.size()), 1});
  }
  void write(EntryWriter& writer, const EventTime& time, std::string_view record);
  bool empty() const noexcept { return spans_.empty(); }
  /// True where this is all of the original and nothing else.
  bool is_whole(const EventBatch& original) const noexcept { return written_.empty() && events_ == original.events(); }
  /// A batch that holds the memory of the original where it needs to.
  BatchPtr make(Tag tag, const EventBatch& original) const;

 private:
  void add(const Span& span) {
    events_ += span.events;
    if (!spans_.empty()) {
      Span& last = spans_.back();
      if (last.data + last.size == span.data) {
        last.size += span.size;
        last.events += span.events;
        return;
      }
    }
    if (spans_.size() == spans_.capacity()) grow();
    spans_.emplace_back(span);  // inline, which push_back is not
  }
  void grow();

  boost::container::small_vector<Span, 16> spans_;
  boost::container::small_vector<SlabPtr, 1> written_;
  std::uint64_t events_ = 0;
  bool keeps_ = false;
};

/// Where an event run happens, and with what.
struct RunPlace {
  const BatchPtr& batch;
  EntryWriter& writer;
  unsigned worker;
};

/// One plugin's decisions on one batch: the part that filters and emitting outputs share.
template <class Base>
class EventRun : public Base {
 public:
  explicit EventRun(const RunPlace& place) : place_(place) {}

  unsigned worker() const noexcept final { return place_.worker; }
  void drop(const Event&) final {
    ++decided_;
    ++tally_.dropped;
  }
  void fail(const Event& event, std::string_view reason) final {
    ++decided_;
    auto at = failed_.find(reason);
    if (at == failed_.end()) at = failed_.try_emplace(std::string(reason)).first;
    at->second.keep(event);
  }
  void hold(const Event&) final {
    ++decided_;
    ++tally_.held;
  }
  /// The plugin itself broke: everything that it did not decide on fails.
  void fail_rest(std::string_view reason) {
    std::uint64_t index = 0;
    const std::uint64_t decided = decided_;
    place_.batch->for_each([&](const Event& event) {
      if (index++ >= decided) fail(event, reason);
    });
  }

  const RunTally& tally() const noexcept { return tally_; }
  /// Failed events by reason.
  const std::map<std::string, BatchDraft, std::less<>>& failed() const noexcept { return failed_; }

 protected:
  void count_passed_over() noexcept {
    if (place_.batch->events() > decided_) tally_.dropped += place_.batch->events() - decided_;
  }

  RunPlace place_;
  std::uint64_t decided_ = 0;
  RunTally tally_;

 private:
  std::map<std::string, BatchDraft, std::less<>> failed_;
};

/// What stays as it is keeps its place in memory, and a batch that is kept whole is not made again.
class FilterRun final : public EventRun<FilterSink> {
 public:
  using EventRun::EventRun;

  void keep(const Event& event) override;
  void replace(const Event& event, const EventTime& time, std::string_view record) override;
  void add(const EventTime& time, std::string_view record) override;
  void release(const EventTime& time, std::string_view record, std::uint64_t held) override;

  /// After the filter: what goes on, null where that is nothing.
  BatchPtr finish();

 private:
  BatchDraft kept_;
};

/// A batch for each label and tag that is emitted to, in the order in which they came up.
class EmitRun final : public EventRun<EmitSink> {
 public:
  /// `tags`: of all labels. `label`: where events go of which the output does not say it.
  EmitRun(const RunPlace& place, std::map<std::string, TagTable>& tags, const std::string& label)
      : EventRun(place), tags_(tags), label_(label) {}

  void emit(std::string_view tag, const Event& event) override;
  void emit_to(std::string_view label, std::string_view tag, const Event& event) override;
  void replace(std::string_view tag, const Event& event, const EventTime& time, std::string_view record) override;
  void release(std::string_view tag, const EventTime& time, std::string_view record, std::uint64_t held) override;

  struct Emitted {
    const std::string& label;  // lives as long as the tags
    BatchPtr batch;
  };
  /// After the output: what it emits.
  std::vector<Emitted> finish();

 private:
  struct Target {
    const std::string* label;
    Tag tag;
    BatchDraft draft;
  };
  BatchDraft& draft(std::string_view tag) { return draft(label_, tag); }
  BatchDraft& draft(std::string_view label, std::string_view tag);
  Target& target(std::string_view label, std::string_view tag);

  std::map<std::string, TagTable>& tags_;
  const std::string& label_;
  std::list<Target> targets_;
  std::map<std::pair<std::string_view, std::string_view>, Target*> places_;
  Target* last_ = nullptr;
};

}  // namespace logboom
