#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <logboom/buffer.hpp>
#include <logboom/filter.hpp>
#include <logboom/input.hpp>
#include <logboom/output.hpp>

#include "base/metrics.hpp"
#include "net/input_host.hpp"
#include "output/sink.hpp"
#include "pipeline/accounts.hpp"
#include "pipeline/label_views.hpp"
#include "pipeline/registry.hpp"
#include "pipeline/way_back.hpp"
#include "route/router.hpp"

namespace logboom {

/// What all nodes have: one plugin of the configuration. Pipelines that follow one another share the nodes that did not
/// change, with all that these hold and have counted.
struct Node {
  explicit Node(std::unique_ptr<MetricsGroup> group) : metrics(std::move(group)) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  std::string id;
  std::string type;      // the plugin's name
  std::string identity;  // by which a reload finds it
  std::string content;   // what its element says
  std::string label;     // whose rules it is one of; an input: where its events enter. Empty: the top level
  SourcePos pos;
  std::vector<std::string> labels_used;     // which the configuration must have
  std::vector<std::unique_ptr<Log>> logs;   // those of a level of their own
  std::shared_ptr<Counter> regexp_counter;  // where a regexp has asked for it
  std::unique_ptr<MetricsGroup> metrics;
};

struct InputNode final : Node {
  using Node::Node;
  ~InputNode() override { metrics->retire(); }

  MetricLabels labels;
  Counter events;
  std::unique_ptr<net::InputHost> host;  // once it is started
  std::unique_ptr<Input> plugin;
};

struct FilterNode final : Node {
  using Node::Node;
  ~FilterNode() override { metrics->retire(); }

  std::unique_ptr<Filter> plugin;
};

struct OutputNode final : Node {
  using Node::Node;
  ~OutputNode() override { metrics->retire(); }

  std::vector<std::shared_ptr<OutputNode>> stores;  // its own outputs, by their number in a RoutePlan
  std::unique_ptr<Output> plugin;
  std::unique_ptr<Output> secondary;
  std::unique_ptr<Sink> sink;       // null where the output only routes
  std::optional<Keeping> keeping;   // of its buffer, where that confirms what it is given before it is written
  std::string buffer_path;          // of a buffer in files: where it is
  SourcePos buffer_pos;             // and where that is said
  std::shared_ptr<void> counted;    // the sink's place in the ledger
  EmitOutput* emits = nullptr;      // the plugin, where it sends events on
  std::unique_ptr<Reemitter> back;  // its way into the rules, where it has asked for one
  std::string emit_label;           // into whose rules
  bool started = false;
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

  /// Null for what is counted elsewhere.
  Counter* of(Term term) noexcept;
};

/// What pipelines that follow one another have in common.
struct RoutingState {
  RoutingCounters counters;
  std::atomic<std::uint64_t> unmatched_seen{0};
};

/// Takes nodes that no pipeline has any more, on whatever thread the last one was left.
using Bury = std::function<void(std::unique_ptr<Node>)>;

/// Everything that one configuration built. Immutable once it is made, but for the counters.
///
/// Threads: made and started on the main thread, then read by all workers; released on any.
/// Lifetime: lives until the last batch on its routes is gone. The log, the metrics and the registry outlive it.
class Pipeline {
 public:
  struct Context {
    const Registry& registry;
    Log& log;
    MetricsRegistry& metrics;
    SystemSettings system;
    std::uint64_t generation;
    WarnFn warn;
    Bury bury{};                                                // empty: destroyed where they are left
    WayBack* back = nullptr;                                    // null: what outputs emit goes nowhere
    DeadLetters* dead_letters = nullptr;                        // null: what can't be delivered is dropped
    std::uint64_t dead_letters_limit = std::uint64_t{1} << 30;  // bytes
  };

  /// Throws ConfigError, or ConfigErrors with everything that is wrong in the configuration. With `previous` the nodes
  /// that are unchanged are those of that pipeline; what is new is not shown in the metrics before `replace` says so.
  Pipeline(const Element& root, Context context, const Pipeline* previous = nullptr);
  ~Pipeline();

  std::uint64_t generation() const noexcept { return context_->generation; }
  const Router& router() const noexcept { return router_; }
  const LabelViews& views() const noexcept { return views_; }
  Filter& filter(std::size_t index) const { return *filters_[index]->plugin; }
  const std::vector<HolderPlace>& holders() const noexcept { return holders_; }
  const OutputNode& output(std::size_t index) const { return *outputs_[index]; }
  const std::vector<std::shared_ptr<FilterNode>>& filters() const noexcept { return filters_; }
  const std::vector<std::shared_ptr<OutputNode>>& outputs() const noexcept { return outputs_; }
  const std::vector<std::shared_ptr<InputNode>>& inputs() const noexcept { return inputs_; }
  bool has(const Node& node) const { return nodes_.contains(&node); }
  RoutingCounters& counters() const noexcept { return state_->counters; }
  Log& log() const noexcept { return context_->log; }
  const Context& context() const noexcept { return *context_; }
  const SystemSettings& system() const noexcept { return context_->system; }

  /// Puts other sinks in the place of all outputs' own; before anything is started.
  void replace_sinks(const std::function<std::unique_ptr<Sink>(const OutputNode&)>& make);
  /// Starts all outputs that don't run yet. Throws what an output's start throws, behind the place in the
  /// configuration.
  void start_outputs();
  /// This pipeline is now the one that runs: its metrics are shown, and those of the nodes that only `previous` has are
  /// added to what is retired.
  void replace(const Pipeline& previous);
  /// One line at 1, 2, 4 … 256 events that nothing takes, then every 512; `tag` is one of theirs.
  void report_unmatched(std::string_view tag, std::uint64_t events) const;

 private:
  friend class PipelineBuilder;
  void register_counters();
  void show_metrics();

  std::shared_ptr<const Context> context_;  // shared with plugins that make others later
  std::shared_ptr<RoutingState> state_;
  Router router_;
  LabelViews views_;
  std::vector<std::shared_ptr<FilterNode>> filters_;
  std::vector<std::shared_ptr<OutputNode>> outputs_;
  std::vector<std::shared_ptr<InputNode>> inputs_;
  std::vector<HolderPlace> holders_;
  std::set<const Node*> nodes_;
};

}  // namespace logboom
