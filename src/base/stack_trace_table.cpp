#include "base/stack_trace_table.hpp"

#include <iterator>

namespace logboom::stack_traces {

Trace* Traces::find(std::string_view key) {
  if (traces_.empty()) return nullptr;
  const auto place = places_.find(key);
  return place == places_.end() ? nullptr : &*place->second;
}

Trace& Traces::open(std::string_view key, std::string_view tag, Trace::Clock::time_point now) {
  Trace& trace = traces_.emplace_back();
  trace.key = key;
  trace.tag = tag;
  trace.began = now;
  places_.emplace(trace.key, std::prev(traces_.end()));
  cost_ += trace.cost();
  return trace;
}

void Traces::close(Trace& trace) {
  cost_ -= trace.cost();
  const auto place = places_.find(trace.key);
  const auto node = place->second;
  places_.erase(place);
  traces_.erase(node);
}

}  // namespace logboom::stack_traces
