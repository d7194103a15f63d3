#include "pipeline/ledger_outputs.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace logboom {

namespace {

void add(LedgerOutputs::Counts& to, const LedgerOutputs::Counts& more) {
  to.output.in += more.output.in;
  to.output.delivered += more.output.delivered;
  to.output.buffered += more.output.buffered;
  for (std::size_t i = 0; i < to.output.dropped.size(); ++i) to.output.dropped[i] += more.output.dropped[i];
  to.recovered += more.recovered;
  to.left_behind += more.left_behind;
  to.there = to.there || more.there;
  to.opening = to.opening || more.opening;
  if (!to.before) to.before = more.before;
  if (more.output.ever) to.output.ever = more.output.ever;
}

std::int64_t number(std::uint64_t count) { return static_cast<std::int64_t>(count); }

void note_ever(LedgerOutputs::Counts& counts, const EverCounts& before) {
  counts.before = {before.buffer, before.since_ms, number(before.delivered), {}};
  counts.output.ever = counts.before;
  counts.output.ever->delivered += counts.output.delivered;
  for (std::size_t i = 0; i < before.dropped.size(); ++i) {
    counts.before->dropped[i] = number(before.dropped[i]);
    counts.output.ever->dropped[i] = number(before.dropped[i]) + counts.output.dropped[i];
  }
}

}  // namespace

LedgerOutputs::Place LedgerOutputs::enter(const std::string& id, const Sink& sink) {
  const std::lock_guard lock(mutex_);
  return sinks_.emplace(sinks_.end(), id, &sink);
}

void LedgerOutputs::leave(Place place) {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_of(*place->second);
  counts.left_behind = std::exchange(counts.output.buffered, 0);
  counts.there = counts.opening = false;
  if (counts.output.in != 0 || counts.before) add(gone_[place->first], counts);
  sinks_.erase(place);
}

/// Some counts are made outside the buffer's lock, so that it may take another look to see them all.
LedgerOutputs::Counts LedgerOutputs::counts_of(const Sink& sink) {
  constexpr int most_looks = 200;
  Counts counts;
  counts.there = true;
  for (int look = 0; look < most_looks; ++look) {
    if (look != 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
    const OutputTotals totals = sink.totals();
    counts.output.in = number(totals.events_in);
    counts.output.delivered = number(totals.delivered);
    counts.output.buffered = number(totals.buffered_events);
    counts.recovered = number(totals.recovered);
    counts.opening = totals.opening;
    const OutputCounters* const counters = sink.counters();
    for (std::size_t i = 0; i < counts.output.dropped.size(); ++i) {
      counts.output.dropped[i] = counters == nullptr ? 0 : number(counters->dropped[i].value());
    }
    if (totals.before) note_ever(counts, *totals.before);
    if (counts.output.difference() == 0) break;
  }
  return counts;
}

std::map<std::string, LedgerOutputs::Counts> LedgerOutputs::read() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, Counts> out = gone_;
  for (const auto& [id, sink] : sinks_) add(out[id], counts_of(*sink));
  return out;
}

}  // namespace logboom
