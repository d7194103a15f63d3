#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <logboom/event.hpp>
#include <logboom/holder.hpp>

#include "base/stack_trace_detector.hpp"

namespace logboom::stack_traces {

/// One event, kept.
struct Kept {
  EventTime time;
  std::string record;

  explicit Kept(const Event& event)
      : time(event.time),
        record(reinterpret_cast<const char*>(event.record.value().begin()), event.record.value().size()) {}
  Record view() const noexcept {
    const auto* data = reinterpret_cast<const std::uint8_t*>(record.data());
    return Record(msgpack::Value(data, data + record.size()));
  }
};

/// The lines of one stream that are, or may be, a stack trace.
struct Trace {
  using Clock = Holder::Clock;

  std::string key;  // the stream
  std::string tag;  // to emit under
  Clock::time_point began;
  State state = State::start;
  std::vector<Kept> first;  // the event that begins it, if there is one for certain
  std::string text;         // the texts that are certain, joined
  bool ends_line = false;   // the last one of these had a line end
  std::uint64_t lines = 0;  // of these
  std::vector<Kept> maybe;  // lines behind them, that belong to them if another one does
  std::size_t maybe_bytes = 0;

  std::uint64_t events() const noexcept { return lines + maybe.size(); }
  std::size_t bytes() const noexcept { return text.size() + maybe_bytes; }
  /// Memory that it needs, roughly.
  std::size_t cost() const noexcept {
    return sizeof(Trace) + 192 + key.size() + tag.size() + text.capacity() + 2 * maybe_bytes +
           maybe.capacity() * sizeof(Kept) + (first.empty() ? 0 : first[0].record.size());
  }
};

/// The traces of one worker, in the order in which they began.
class Traces {
 public:
  bool empty() const noexcept { return traces_.empty(); }
  std::size_t size() const noexcept { return places_.size(); }
  std::size_t cost() const noexcept { return cost_; }
  Trace* find(std::string_view key);
  Trace* oldest() noexcept { return traces_.empty() ? nullptr : &traces_.front(); }
  const Trace* oldest() const noexcept { return traces_.empty() ? nullptr : &traces_.front(); }
  Trace& open(std::string_view key, std::string_view tag, Trace::Clock::time_point now);
  void close(Trace& trace);
  /// `change` changes the trace.
  template <class F>
  void change(Trace& trace, F&& change) {
    cost_ -= trace.cost();
    change();
    cost_ += trace.cost();
  }

 private:
  std::list<Trace> traces_;
  std::unordered_map<std::string_view, std::list<Trace>::iterator> places_;
  std::size_t cost_ = 0;
};

}  // namespace logboom::stack_traces
