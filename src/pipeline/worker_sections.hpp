#pragma once

#include <map>
#include <string>
#include <vector>

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

/// The top-level rules as the workers of Fluentd would see them: those outside of `<worker>` and those of its sections.
/// Where no section has rules of its own, or none has sources, all see the same.
class WorkerViews {
 public:
  /// Throws ConfigError for an argument that is no range.
  explicit WorkerViews(const Element& root);

  /// The labels of all views; the first, "", is worker 0's, and that of all sources outside of `<worker>`.
  std::vector<std::string> all() const;
  /// The views that a section's rules belong to; the first of none is "".
  std::vector<std::string> of_rules(const Element& worker) const;
  /// The view that a section's sources send events to.
  std::string of_sources(const Element& worker) const;

 private:
  std::map<unsigned, std::string> views_;
};

}  // namespace logboom
