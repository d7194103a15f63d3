#pragma once

#include <deque>
#include <set>
#include <string>

#include "pipeline/pipeline.hpp"

namespace logboom {

/// Makes a pipeline's parts from a configuration.
class PipelineBuilder {
 public:
  explicit PipelineBuilder(Pipeline& pipeline) : pipeline_(pipeline) {}
  void build(const Element& root);

 private:
  friend class NodeContext;
  void read_rules(const Element& parent, const std::string& label);
  void read_label(const Element& element);
  void add_input(const Element& element);
  void add_match(const Element& element, const std::string& label);
  void add_filter(const Element& element, const std::string& label);
  std::size_t add_output(const Element& element, const std::string& type, const std::string& label);
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
