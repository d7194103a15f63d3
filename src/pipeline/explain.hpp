#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "pipeline/pipeline.hpp"

namespace logboom {

/// The event whose way is asked for.
struct ExplainedEvent {
  std::string label;  // where it enters; empty: the top level
  std::string tag;
  EventTime time;
  std::string record;  // one msgpack map
};

struct Explanation {
  /// The rules that the event meets, in order, as objects. `rule` is "filter" or "match", with `position`, `pattern`,
  /// `type`, `id`, `matches` and, where it does not match, `why`. A filter that matches has `result` (kept, changed,
  /// dropped, failed, held) and `records`; a match has `output`: `id`, `type`, `position`, and `settings` of a sink,
  /// `label` and `path`, `stores` or `emits`. The last element may be {"end": "unmatched"} or {"end": "loop"}.
  nlohmann::ordered_json path;
  bool unmatched = false;  // somewhere on the way, by this event or one made of it
};

/// Follows one event through a pipeline that is not started: filters and outputs that emit are run, sinks are not.
/// `root` is what the pipeline was made from.
Explanation explain(const Pipeline& pipeline, const Element& root, const ExplainedEvent& event);

}  // namespace logboom
