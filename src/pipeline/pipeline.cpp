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

Counter* RoutingCounters::of(Term term) noexcept {
  switch (term) {
    case Term::made: return &made;
    case Term::filtered: return &filtered;
    case Term::merged: return &merged;
    case Term::relabel_loop: return &dropped_loop;
    case Term::filter_error: return &dropped_filter_error;
    case Term::shutdown: return &dropped_shutdown;
    default: return nullptr;
  }
}

Pipeline::Pipeline(const Element& root, Context context, const Pipeline* previous)
    : context_(std::make_shared<const Context>(std::move(context))),
      state_(previous != nullptr ? previous->state_ : std::make_shared<RoutingState>()) {
  Element modern = root;
  modernize(modern, context_->registry, context_->warn);
  PipelineBuilder(*this, previous).build(modern);
  if (previous != nullptr) return;
  register_counters();
  show_metrics();
}

/// The series keep the counters alive: the registry may be asked when no pipeline is there any more.
void Pipeline::register_counters() {
  MetricsRegistry& metrics = context_->metrics;
  const auto count = [&metrics](const char* name, const char* reason, const Counter& counter) {
    MetricLabels labels;
    if (reason != nullptr) labels.emplace_back("reason", reason);
    metrics.counter(name, std::move(labels), counter);
  };
  const RoutingCounters& counters = state_->counters;
  count("logboom_routing_made_events_total", nullptr, counters.made);
  count("logboom_routing_filtered_events_total", nullptr, counters.filtered);
  count("logboom_routing_merged_events_total", nullptr, counters.merged);
  count("logboom_routing_unmatched_events_total", nullptr, counters.unmatched);
  count("logboom_routing_dropped_events_total", "relabel_loop", counters.dropped_loop);
  count("logboom_routing_dropped_events_total", "filter_error", counters.dropped_filter_error);
  count("logboom_routing_dropped_events_total", "shutdown", counters.dropped_shutdown);
  metrics.gauge("logboom_routing_parked_events", {}, [state = state_] { return state->counters.parked.value(); });
  metrics.gauge("logboom_routing_held_events", {}, [state = state_] { return state->counters.held.value(); });
}

void Pipeline::show_metrics() {
  for (const auto& node : inputs_) node->metrics->enter();
  for (const auto& node : filters_) node->metrics->enter();
  for (const auto& node : outputs_) node->metrics->enter();
}

void Pipeline::replace(const Pipeline& previous) {
  const auto leave = [this](const auto& nodes) {
    for (const auto& node : nodes) {
      if (!has(*node)) node->metrics->leave();
    }
  };
  leave(previous.inputs_);
  leave(previous.filters_);
  leave(previous.outputs_);
  show_metrics();
}

Pipeline::~Pipeline() = default;

void Pipeline::replace_sinks(const std::function<std::unique_ptr<Sink>(const OutputNode&)>& make) {
  for (const auto& output : outputs_) {
    if (output->sink) output->sink = make(*output);
  }
}

void Pipeline::start_outputs() {
  for (const auto& output : outputs_) {
    if (output->started) continue;
    try {
      output->sink ? output->sink->start() : output->plugin->start();
      output->started = true;
    } catch (const ConfigError&) {
      throw;
    } catch (const std::exception& error) {
      throw std::runtime_error(cat(output->pos.to_string(), ": ", output->id, ": ", std::string_view(error.what())));
    }
  }
}

void Pipeline::report_unmatched(std::string_view tag, std::uint64_t events) const {
  state_->counters.unmatched.add(events);
  const std::uint64_t before = state_->unmatched_seen.fetch_add(events, std::memory_order_relaxed);
  const std::uint64_t report = next_report(before);
  if (before + events < report) return;
  std::string hint;
  if (before == 0) {
    hint = looks_like_container_id(tag) ? ". That is a container's id, Docker's default tag: give the container one "
                                          "with --log-opt tag=docker.{{.Name}}, or add a <match **>"
                                        : ". Add a <match> for it, or a <match **> at the end";
  }
  context_->log.warn(cat("no patterns matched tag=\"", tag, "\" (", before + events,
                         " events so far were counted as unmatched and not kept)", hint));
}

}  // namespace logboom
