#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include <logboom/filter.hpp>
#include <logboom/input.hpp>
#include <logboom/output.hpp>

#include "output/sink.hpp"
#include "pipeline/registry.hpp"
#include "route/router.hpp"

namespace logboom {

struct InputNode {
  std::string id;
  MetricLabels labels;
  std::string label;  // where its events enter; empty: the top level
  std::unique_ptr<Input> plugin;
  Counter events;
  SourcePos pos;
};

struct FilterNode {
  std::string id;
  std::string label;  // whose rules it is one of; empty: the top level
  std::unique_ptr<Filter> plugin;
  SourcePos pos;
};

struct OutputNode {
  std::string id;
  std::unique_ptr<Output> plugin;
  std::unique_ptr<Output> secondary;
  std::unique_ptr<Sink> sink;   // null where the output only routes
  EmitOutput* emits = nullptr;  // the plugin, where it sends events on
  std::string emit_label;       // into whose rules
  SourcePos pos;
};

/// A plugin that holds events back, and where it gives them back.
struct HolderPlace {
  Holder* holder;
  const Filter* filter;  // behind this filter; null: at the top
  std::string label;     // of the rules of this label
};

/// What happened to events between inputs and outputs.
struct RoutingCounters {
  Counter made;  // copies beyond the first, for outputs that send events to several
  Counter filtered;
  Counter merged;  // held events that became part of another one
  Counter unmatched;
  Counter dropped_loop;
  Counter dropped_filter_error;
  Counter dropped_shutdown;
  Gauge parked;
  Gauge held;  // in the memory of filters that wait for more
};

/// Everything that one configuration built. Immutable once it is made, but for the counters.
///
/// Threads: made and started on the main thread, then read by all workers.
/// Lifetime: outlives the workers' last batch; the log, the metrics and the registry outlive it.
class Pipeline {
 public:
  struct Context {
    const Registry& registry;
    Log& log;
    Metrics& metrics;
    SystemSettings system;
    std::uint64_t generation;
    WarnFn warn;
  };

  /// Throws ConfigError for everything that is wrong in the configuration.
  Pipeline(const Element& root, Context context);
  ~Pipeline();

  std::uint64_t generation() const noexcept { return context_.generation; }
  const Router& router() const noexcept { return router_; }
  Filter& filter(std::size_t index) const { return *filters_[index].plugin; }
  const std::vector<HolderPlace>& holders() const noexcept { return holders_; }
  const OutputNode& output(std::size_t index) const { return outputs_[index]; }
  const std::vector<OutputNode>& outputs() const noexcept { return outputs_; }
  std::list<InputNode>& inputs() noexcept { return inputs_; }
  RoutingCounters& counters() const noexcept { return counters_; }
  Log& log() const noexcept { return context_.log; }
  const SystemSettings& system() const noexcept { return context_.system; }

  /// Starts all outputs. Throws what an output's start throws, behind the place in the configuration.
  void start_outputs();
  /// One line at 1, 2, 4 … 256 events that nothing takes, then every 512; `tag` is one of theirs.
  void report_unmatched(std::string_view tag, std::uint64_t events) const;

 private:
  friend class PipelineBuilder;
  Context context_;
  Router router_;
  std::vector<std::unique_ptr<Log>> plugin_logs_;  // of plugins with a level of their own, which they outlive
  std::vector<FilterNode> filters_;
  std::vector<OutputNode> outputs_;
  std::list<InputNode> inputs_;
  std::vector<HolderPlace> holders_;
  mutable RoutingCounters counters_;
  mutable std::atomic<std::uint64_t> unmatched_seen_{0};
};

}  // namespace logboom
