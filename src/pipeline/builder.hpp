#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "pipeline/kept_nodes.hpp"
#include "pipeline/node_context.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/worker_sections.hpp"

namespace logboom {

/// Makes a pipeline's parts from a configuration, and takes from the pipeline before it what is unchanged. What is
/// wrong with one element doesn't keep the others from being looked at: `build` throws all errors together, at its end.
class PipelineBuilder final : private NodeOwner {
 public:
  /// `previous` may be null.
  PipelineBuilder(Pipeline& pipeline, const Pipeline* previous);
  void build(const Element& root);

 private:
  /// What an element says of itself before its plugin is made.
  struct Wanted {
    const Element& element;
    PluginKind kind;
    const PluginInfo& info;
    std::string label;
    std::string content;
    std::string identity;
  };
  using RuleLabels = std::vector<std::string>;

  void read_top(const Element& parent, const RuleLabels& labels, const std::string& source_label,
                const WorkerViews& views);
  void warn_of_parameters(const Element& parent);
  void read_rule(const Element& element, const RuleLabels& labels);
  void declare_labels(const Element& parent, const RuleLabels& in, const WorkerViews& views);
  void declare_label(const Element& element, const RuleLabels& in);
  void read_label(const Element& element, const RuleLabels& in);
  void add_input(const Element& element, const std::string& source_label);
  void add_match(const Element& element, const RuleLabels& labels);
  void add_filter(const Element& element, const RuleLabels& labels);
  std::shared_ptr<OutputNode> add_output(const Element& element, const std::string& type, const std::string& label,
                                         bool as_store);
  std::unique_ptr<Plugin> make_plugin(const PluginInfo& info, const Element& element, NodeContext& context);
  void check_inside(const PluginInfo& info, const Element& element, NodeContext& context);
  void make_output(const std::shared_ptr<OutputNode>& node, const Wanted& wanted);
  void list_output(const std::shared_ptr<OutputNode>& node);
  std::unique_ptr<Sink> make_sink(OutputNode& node, const Element& element, const MetricLabels& labels);
  void use_label(Node& node, const std::string& name, const SourcePos& pos) override;
  std::shared_ptr<OutputNode> make_store(const Element& element, const std::string& type,
                                         const std::string& label) override;
  ChunkOutput* make_secondary(OutputNode& node, const Element& element);
  void plan_labels(OutputNode& node, const Element& element);
  void place_emits(OutputNode& node, const Element& element);
  void check_labels();
  void claim_id(const Element& element);
  std::string id_of(const Wanted& wanted);

  Wanted wanted(PluginKind kind, const Element& element, const std::string& type, const std::string& label);
  template <class N>
  std::shared_ptr<N> make_node(const Wanted& wanted);
  void keep_labels(const Node& node, const SourcePos& pos);
  void keep_stores(const OutputNode& node);

  struct LabelUse {
    std::string label;
    SourcePos pos;
  };

  Pipeline& pipeline_;
  std::set<std::string> ids_;
  std::set<std::string> label_names_;
  std::vector<LabelUse> label_uses_;
  ConfigErrorCollector errors_;
  KeptNodes kept_;
};

}  // namespace logboom
