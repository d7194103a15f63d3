#pragma once

#include <deque>
#include <set>
#include <string>

#include "pipeline/pipeline.hpp"
#include "pipeline/worker_sections.hpp"

namespace logboom {

/// Makes a pipeline's parts from a configuration.
class PipelineBuilder {
 public:
  explicit PipelineBuilder(Pipeline& pipeline) : pipeline_(pipeline) {}
  void build(const Element& root);

 private:
  friend class NodeContext;
  using RuleLabels = std::vector<std::string>;
  void read_top(const Element& parent, const RuleLabels& labels, const std::string& source_label,
                const WorkerViews& views);
  void read_rule(const Element& element, const RuleLabels& labels);
  void read_label(const Element& element);
  void add_input(const Element& element, const std::string& source_label);
  void add_match(const Element& element, const RuleLabels& labels);
  void add_filter(const Element& element, const RuleLabels& labels);
  std::size_t add_output(const Element& element, const std::string& type, const std::string& label);
  Log& log_of(const Element& element);
  void use_label(const std::string& name, const SourcePos& pos);
  std::unique_ptr<Sink> make_sink(OutputNode& node, const Element& element, const MetricLabels& labels);
  ChunkOutput* make_secondary(OutputNode& node, const Element& element);
  void place_emits(OutputNode& node, const Element& element, const std::string& label);
  void check_labels();
  std::string claim_id(const Element& element, const std::string& fallback);

  struct LabelUse {
    std::string label;
    SourcePos pos;
  };

  Pipeline& pipeline_;
  std::set<std::string> ids_;
  std::vector<LabelUse> label_uses_;
  std::deque<Element> stores_;  // sections without what their parent reads of them
};

}  // namespace logboom
