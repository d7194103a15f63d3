#include "pipeline/worker_sections.hpp"

#include <charconv>
#include <string_view>

#include <logboom/log.hpp>

namespace logboom {

namespace {

const char* number(const char* from, const char* end, unsigned& out) {
  const auto [stop, error] = std::from_chars(from, end, out);
  return error == std::errc() ? stop : nullptr;
}

void check_contents(const Element& worker) {
  for (const Element& child : worker.children) {
    const bool fine =
        child.name == "source" || child.name == "match" || child.name == "filter" || child.name == "label";
    if (!fine) {
      throw ConfigError(child.pos, cat("<", child.name,
                                       "> can't stand in <worker>: only <source>, <match>, <filter> "
                                       "and <label> can; move it out"));
    }
  }
}

}  // namespace

WorkerRange worker_range(const Element& element) {
  WorkerRange range;
  const char* const end = element.arg.data() + element.arg.size();
  const char* at = number(element.arg.data(), end, range.first);
  range.last = range.first;
  if (at != nullptr && at != end && *at == '-') at = number(at + 1, end, range.last);
  if (at != end || range.last < range.first) {
    throw ConfigError(element.pos, cat("<worker ", element.arg,
                                       ">: expected a worker's number as in <worker 0>, or a "
                                       "range as in <worker 0-1>"));
  }
  return range;
}

void check_worker_sections(const Element& root, unsigned workers, const WarnFn& warn) {
  bool warned = false;
  for (const Element* worker : root.sections("worker")) {
    const WorkerRange range = worker_range(*worker);
    if (range.last >= workers) {
      throw ConfigError(worker->pos,
                        cat("<worker ", worker->arg, ">: with ", workers, workers == 1 ? " worker" : " workers",
                            " there are only the numbers 0 to ", workers - 1, "; set 'workers' in <system> to ",
                            range.last + 1, ", or correct the number"));
    }
    check_contents(*worker);
    if (!warned) {
      warn(worker->pos,
           "<worker>: logboom's workers are threads of one process, so what stands in the section runs once and on all "
           "of them; its sources' events follow the rules that Fluentd's worker of that number would have, all other "
           "events those of worker 0");
    }
    warned = true;
  }
}

WorkerViews::WorkerViews(const Element& root) : views_{{0, ""}} {
  std::map<unsigned, std::string> found;
  bool has_rules = false;
  for (const Element* worker : root.sections("worker")) {
    const unsigned first = worker_range(*worker).first;
    for (const char* rules : {"match", "filter", "label"}) has_rules = has_rules || !worker->sections(rules).empty();
    if (first > 0 && !worker->sections("source").empty()) found.emplace(first, cat("worker ", first));
  }
  if (has_rules) views_.merge(found);
}

std::vector<std::string> WorkerViews::all() const {
  std::vector<std::string> out;
  for (const auto& [worker, label] : views_) out.push_back(label);
  return out;
}

std::vector<std::string> WorkerViews::of_rules(const Element& worker) const {
  const WorkerRange range = worker_range(worker);
  std::vector<std::string> out;
  for (const auto& [number, label] : views_) {
    if (range.has(number)) out.push_back(label);
  }
  return out;
}

std::string WorkerViews::of_sources(const Element& worker) const {
  const auto found = views_.find(worker_range(worker).first);
  return found == views_.end() ? std::string() : found->second;
}

}  // namespace logboom
