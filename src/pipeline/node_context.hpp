#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <logboom/plugin.hpp>

#include "pipeline/pipeline.hpp"

namespace logboom {

/// What a plugin's wishes need of the one who builds the pipeline.
class NodeOwner {
 public:
  virtual ~NodeOwner() = default;
  /// The node sends events to this label, which the configuration must have.
  virtual void use_label(Node& node, const std::string& name, const SourcePos& pos) = 0;
  /// Makes an output that belongs to another. Null where it can't be made: the pipeline is then not going to be used.
  virtual std::shared_ptr<OutputNode> make_store(const Element& element, const std::string& type,
                                                 const std::string& label) = 0;
};

/// What one plugin sees while it is made.
class NodeContext final : public BuildContext {
 public:
  /// `owner`: while the pipeline is built; null for a plugin that is made later, by another one. All references are to
  /// outlive the context, but for those of a factory, which outlive the node's plugin.
  NodeContext(std::shared_ptr<const Pipeline::Context> context, NodeOwner* owner, Node& node, const Element& element,
              MetricLabels labels, const char* id_suffix = "");

  const std::string& id() const override { return id_; }
  const Element& element() const override { return element_; }
  Log& log() override { return *log_; }
  Metrics& metrics() override { return *node_.metrics; }
  MetricLabels labels() const override { return labels_; }
  const SystemSettings& system() const override { return context_->system; }
  std::shared_ptr<Counter> regexp_counter() override;
  void warn(const SourcePos& pos, std::string message) override;

  FormatterFactory formatter(const PluginSection& section) override;
  ParserFactory parser(const PluginSection& section) override;
  Reemitter& reemitter() override;
  void label(const std::string& name, const SourcePos& pos) override { owner_->use_label(node_, name, pos); }
  std::size_t store(const PluginSection& section, const std::vector<std::string>& own) override;

  /// Makes what a section names, unless the plugin itself did, for the errors in it.
  void try_section(PluginKind kind, const PluginSection& section);

 private:
  template <class P>
  std::function<std::unique_ptr<P>()> factory(PluginKind kind, const char* name, const PluginSection& section);

  std::shared_ptr<const Pipeline::Context> context_;
  NodeOwner* owner_;
  Node& node_;
  const Element& element_;
  std::string id_;
  MetricLabels labels_;
  Log* log_;
  std::set<const Element*> stores_;  // that the plugin asked for
  bool quiet_ = false;
};

}  // namespace logboom
