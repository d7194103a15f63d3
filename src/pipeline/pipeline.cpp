#include "pipeline/pipeline.hpp"

#include "pipeline/builder.hpp"
#include "pipeline/old_parameters.hpp"

#include <stdexcept>

namespace logboom {

namespace {

/// The next count after `seen` that is worth a line.
std::uint64_t next_report(std::uint64_t seen) {
  constexpr std::uint64_t every = 512;
  if (seen >= every / 2) return (seen / every + 1) * every;
  std::uint64_t next = 1;
  while (next <= seen) next *= 2;
  return next;
}

bool looks_like_container_id(std::string_view tag) {
  return tag.size() == 12 && tag.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Pipeline::Pipeline(const Element& root, Context context) : context_(std::move(context)) {
  Element modern = root;
  modernize(modern, context_.registry, context_.warn);
  PipelineBuilder(*this).build(modern);
  const auto count = [this](const char* name, const char* reason, const Counter& counter) {
    MetricLabels labels;
    if (reason != nullptr) labels.emplace_back("reason", reason);
    context_.metrics.counter(name, std::move(labels), counter);
  };
  count("logboom_routing_made_events_total", nullptr, counters_.made);
  count("logboom_routing_filtered_events_total", nullptr, counters_.filtered);
  count("logboom_routing_merged_events_total", nullptr, counters_.merged);
  count("logboom_routing_unmatched_events_total", nullptr, counters_.unmatched);
  count("logboom_routing_dropped_events_total", "relabel_loop", counters_.dropped_loop);
  count("logboom_routing_dropped_events_total", "filter_error", counters_.dropped_filter_error);
  count("logboom_routing_dropped_events_total", "shutdown", counters_.dropped_shutdown);
  context_.metrics.gauge("logboom_routing_parked_events", {}, [this] { return counters_.parked.value(); });
  context_.metrics.gauge("logboom_routing_held_events", {}, [this] { return counters_.held.value(); });
}

Pipeline::~Pipeline() = default;

void Pipeline::start_outputs() {
  for (OutputNode& output : outputs_) {
    try {
      output.sink ? output.sink->start() : output.plugin->start();
    } catch (const ConfigError&) {
      throw;
    } catch (const std::exception& error) {
      throw std::runtime_error(cat(output.pos.to_string(), ": ", output.id, ": ", std::string_view(error.what())));
    }
  }
}

void Pipeline::report_unmatched(std::string_view tag, std::uint64_t events) const {
  counters_.unmatched.add(events);
  const std::uint64_t before = unmatched_seen_.fetch_add(events, std::memory_order_relaxed);
  const std::uint64_t report = next_report(before);
  if (before + events < report) return;
  std::string hint;
  if (before == 0) {
    hint = looks_like_container_id(tag) ? ". That is a container's id, Docker's default tag: give the container one "
                                          "with --log-opt tag=docker.{{.Name}}, or add a <match **>"
                                        : ". Add a <match> for it, or a <match **> at the end";
  }
  context_.log.warn(cat("no patterns matched tag=\"", tag, "\" (", before + events,
                        " events so far were counted as unmatched and not kept)", hint));
}

}  // namespace logboom
