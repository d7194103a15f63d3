#pragma once

#include <logboom/params.hpp>

namespace logboom {

/// The workers of a `<worker N>` or `<worker N-M>`, both included.
struct WorkerRange {
  unsigned first = 0;
  unsigned last = 0;
  bool has(unsigned worker) const noexcept { return first <= worker && worker <= last; }
};

/// Throws ConfigError for an argument that is no such range.
WorkerRange worker_range(const Element& element);

/// Looks at the `<worker>` sections of a configuration with so many workers. Throws ConfigError for what Fluentd
/// refuses: a worker that there is not, and a section that can't stand there. Warns once of what they mean here: a
/// worker is a thread, and each section's contents run once.
void check_worker_sections(const Element& root, unsigned workers, const WarnFn& warn);

}  // namespace logboom
