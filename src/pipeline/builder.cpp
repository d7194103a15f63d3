#include "pipeline/builder.hpp"

#include "base/suggest.hpp"
#include "pipeline/ack_levels.hpp"
#include "pipeline/buffer_folders.hpp"
#include "pipeline/element_facts.hpp"
#include "pipeline/identity.hpp"

#include <logboom/buffer.hpp>

#include <optional>
#include <utility>

namespace logboom {

namespace {

/// Where a file buffer keeps its events, as plugins/buf_file/README.md says.
std::string buffer_path(const Element& section, const std::string& id, const std::string& root_dir) {
  const Attribute* const path = given(section, "path");
  return path != nullptr ? path->value : cat(root_dir, "/worker0/", id, "/buffer");
}

}  // namespace

PipelineBuilder::PipelineBuilder(Pipeline& pipeline, const Pipeline* previous) : pipeline_(pipeline), kept_(previous) {}

void PipelineBuilder::build(const Element& root) {
  Element known = root;
  std::erase_if(known.children, [this](const Element& element) {
    return element.name == "worker" && !errors_.attempt([&element] { static_cast<void>(worker_range(element)); });
  });
  const WorkerViews views(known);
  for (const std::string& view : views.all()) pipeline_.router_.add_label(pipeline_.views_.add(view, ""));
  declare_labels(known, views.all(), views);
  read_top(known, views.all(), "", views);
  check_labels();
  check_buffer_folders(pipeline_, errors_);
  check_ack_levels(pipeline_, errors_);
  errors_.throw_if_any();
}

/// `labels`: where the rules go. `source_label`: where the sources' events go.
void PipelineBuilder::read_top(const Element& parent, const RuleLabels& labels, const std::string& source_label,
                               const WorkerViews& views) {
  warn_of_parameters(parent);
  for (const Element& element : parent.children) {
    if (element.name == "source") {
      errors_.attempt([&] { add_input(element, source_label); });
    } else if (element.name == "label") {
      read_label(element, labels);
    } else if (element.name == "worker") {
      read_top(element, views.of_rules(element), views.of_sources(element), views);
    } else if (element.name != "system") {
      errors_.attempt([&] { read_rule(element, labels); });
    }
  }
}

/// Of a place that only has sections in it.
void PipelineBuilder::warn_of_parameters(const Element& parent) {
  const std::string place = parent.name == "ROOT" ? "at the top level" : cat("in <", parent.name, ">");
  for (const Attribute& attribute : parent.attributes) {
    pipeline_.context_->warn(attribute.key_pos, cat("parameter '", attribute.key, "' has no effect ", place,
                                                    ": only sections are read there"));
  }
}

void PipelineBuilder::read_rule(const Element& element, const RuleLabels& labels) {
  if (element.name == "match") {
    add_match(element, labels);
  } else if (element.name == "filter") {
    add_filter(element, labels);
  } else {
    pipeline_.context_->warn(element.pos, cat("section <", element.name, "> is unknown here and has no effect"));
  }
}

/// All labels, before anything that names them is read. `in`: the views that they are part of.
void PipelineBuilder::declare_labels(const Element& parent, const RuleLabels& in, const WorkerViews& views) {
  for (const Element& element : parent.children) {
    if (element.name == "worker") declare_labels(element, views.of_rules(element), views);
    if (element.name == "label") errors_.attempt([&] { declare_label(element, in); });
  }
}

void PipelineBuilder::declare_label(const Element& element, const RuleLabels& in) {
  if (element.arg.empty()) throw ConfigError(element.pos, "<label> needs a name: <label @NAME>", "bad-label");
  if (element.arg == "@ROOT")
    throw ConfigError(element.pos, "@ROOT means the top level and can't be a <label>", "bad-label");
  label_names_.insert(element.arg);
  for (const std::string& view : in) {
    const std::string& name = pipeline_.views_.add(view, element.arg);
    if (pipeline_.router_.has_label(name))
      throw ConfigError(element.pos, cat("<label ", element.arg, "> is there twice: put both together"),
                        "duplicate-label");
    pipeline_.router_.add_label(name);
  }
}

void PipelineBuilder::read_label(const Element& element, const RuleLabels& in) {
  warn_of_parameters(element);
  RuleLabels labels;
  for (const std::string& view : in) labels.push_back(pipeline_.views_.add(view, element.arg));
  for (const Element& rule : element.children) errors_.attempt([&] { read_rule(rule, labels); });
}

void PipelineBuilder::claim_id(const Element& element) {
  const Attribute* id = given(element, "@id");
  if (id == nullptr || ids_.insert("id " + id->value).second) return;
  errors_.add(
      ConfigError(id->value_pos, cat("@id '", id->value, "' is used twice: ids must be unique"), "duplicate-id"));
}

/// Null where the plugin refuses its configuration; its sections are then looked at on their own.
std::unique_ptr<Plugin> PipelineBuilder::make_plugin(const PluginInfo& info, const Element& element,
                                                     NodeContext& context) {
  try {
    return info.make(element, context);
  } catch (const ConfigError& error) {
    errors_.add(error);
  } catch (const std::exception& error) {
    errors_.add(ConfigError(element.pos, cat(context.id(), ": ", std::string_view(error.what()))));
  }
  check_inside(info, element, context);
  return nullptr;
}

void PipelineBuilder::check_inside(const PluginInfo& info, const Element& element, NodeContext& context) {
  const Schema schema = info.schema();
  for (const Element& child : element.children) {
    for (const Schema::Section& section : schema.sections()) {
      if (section.info.name != child.name || !section.info.plugin) continue;
      const Attribute* type = given(child, "@type");
      const PluginSection named{type != nullptr ? type->value : section.info.default_plugin, &child};
      errors_.attempt([&] { context.try_section(*section.info.plugin, named); });
    }
    if (child.name != "buffer" || info.kind != PluginKind::output) continue;
    BufferOptions ignored;
    const auto quiet = [](const SourcePos&, const std::string&) {};
    errors_.attempt([&] { schema_of<BufferOptions>().apply(child, &ignored, quiet); });
  }
  if (const Attribute* label = given(element, "@label"); label != nullptr && info.kind != PluginKind::filter) {
    label_uses_.push_back({label_named(label->value), label->value_pos});
  }
}

PipelineBuilder::Wanted PipelineBuilder::wanted(PluginKind kind, const Element& element, const std::string& type,
                                                const std::string& label) {
  const PluginInfo& info = pipeline_.context_->registry.find(kind, type, type_pos(element));
  claim_id(element);
  const Attribute* id = given(element, "@id");
  std::string content = cat(info.name, " ", content_of(element));
  if (kind == PluginKind::output) content += permissions_of(pipeline_.context_->system);
  std::string identity = identity_of(kind, info.name, id != nullptr ? id->value : std::string(), content);
  return {element, kind, info, label, std::move(content), std::move(identity)};
}

/// The id of a new node. One without an `@id` is called by its place: an older node may still be known by that, and
/// another one may stand on the same line of another file.
std::string PipelineBuilder::id_of(const Wanted& wanted) {
  if (const Attribute* id = given(wanted.element, "@id")) return id->value;
  const std::string place = cat(kind_prefix(wanted.kind), "_", wanted.info.name, ":", wanted.element.pos.line);
  std::string id = place;
  if (kept_.has_id(id)) id += cat(".", pipeline_.generation());
  for (int more = 2; !ids_.insert("id " + id).second; ++more) id = cat(place, ".", pipeline_.generation(), ".", more);
  return id;
}

template <class N>
std::shared_ptr<N> PipelineBuilder::make_node(const Wanted& wanted) {
  auto made = std::make_unique<N>(pipeline_.context_->metrics.group());
  made->id = id_of(wanted);
  made->type = wanted.info.name;
  made->identity = wanted.identity;
  made->content = wanted.content;
  made->label = wanted.label;
  made->pos = wanted.element.pos;
  if (!pipeline_.context_->bury) return made;
  return std::shared_ptr<N>(made.release(),
                            [bury = pipeline_.context_->bury](N* node) { bury(std::unique_ptr<Node>(node)); });
}

/// What a node that stays needs of the configuration must still be there.
void PipelineBuilder::keep_labels(const Node& node, const SourcePos& pos) {
  for (const std::string& label : node.labels_used) label_uses_.push_back({label, pos});
}

void PipelineBuilder::add_input(const Element& element, const std::string& source_label) {
  std::string label = source_label;
  const Attribute* given_label = given(element, "@label");
  if (given_label != nullptr) label = pipeline_.views_.find(source_label, label_named(given_label->value));
  const Wanted wanted = this->wanted(PluginKind::input, element, type_of(element, ""), label);
  std::shared_ptr<InputNode> node = kept_.take_input(wanted.identity, wanted.content, wanted.label);
  if (node) {
    keep_labels(*node, element.pos);
  } else {
    node = make_node<InputNode>(wanted);
    node->labels = {{"id", node->id}, {"type", wanted.info.name}};
    if (given_label != nullptr) use_label(*node, given_label->value, given_label->value_pos);
    NodeContext context(pipeline_.context_, this, *node, element, node->labels);
    node->plugin.reset(static_cast<Input*>(make_plugin(wanted.info, element, context).release()));
    node->metrics->counter("logboom_input_events_total", node->labels, node->events);
  }
  pipeline_.nodes_.insert(node.get());
  pipeline_.inputs_.push_back(std::move(node));
}

// What is emitted or held goes on in the first of the labels.
void PipelineBuilder::add_match(const Element& element, const RuleLabels& labels) {
  std::optional<PatternList> patterns;
  errors_.attempt([&] { patterns = patterns_of(element); });
  if (add_output(element, type_of(element, ""), labels.empty() ? "" : labels.front(), false) == nullptr || !patterns)
    return;
  const std::size_t output = pipeline_.outputs_.size() - 1;
  for (const std::string& label : labels) pipeline_.router_.add_match(label, *patterns, output);
}

void PipelineBuilder::add_filter(const Element& element, const RuleLabels& labels) {
  std::optional<PatternList> patterns;
  errors_.attempt([&] { patterns = patterns_of(element); });
  if (const Attribute* given_label = given(element, "@label")) {
    pipeline_.context_->warn(given_label->key_pos,
                             "@label has no effect in a <filter>: its events go on to the rules below it");
  }
  const std::string label = labels.empty() ? "" : labels.front();
  const Wanted wanted = this->wanted(PluginKind::filter, element, type_of(element, ""), label);
  std::shared_ptr<FilterNode> node = kept_.take_filter(wanted.identity, wanted.content, wanted.label);
  if (node) {
    keep_labels(*node, element.pos);
  } else {
    node = make_node<FilterNode>(wanted);
    NodeContext context(pipeline_.context_, this, *node, element, {{"id", node->id}, {"type", wanted.info.name}});
    node->plugin.reset(static_cast<Filter*>(make_plugin(wanted.info, element, context).release()));
  }
  if (node->plugin == nullptr || !patterns) return;
  if (Holder* holder = node->plugin->holder()) pipeline_.holders_.push_back({holder, node->plugin.get(), label});
  pipeline_.nodes_.insert(node.get());
  pipeline_.filters_.push_back(std::move(node));
  for (const std::string& each : labels) {
    pipeline_.router_.add_filter(each, *patterns, pipeline_.filters_.size() - 1);
  }
}

/// Its own place in the list of outputs is behind those of its stores. Null where its plugin can't be made.
std::shared_ptr<OutputNode> PipelineBuilder::add_output(const Element& element, const std::string& type,
                                                        const std::string& label, bool as_store) {
  const Wanted wanted = this->wanted(PluginKind::output, element, type, label);
  std::shared_ptr<OutputNode> node = kept_.take_output(wanted.identity, wanted.content, wanted.label, as_store);
  if (node) {
    keep_labels(*node, element.pos);
    keep_stores(*node);
  } else {
    node = make_node<OutputNode>(wanted);
    make_output(node, wanted);
    if (node->plugin == nullptr) return nullptr;
  }
  list_output(node);
  return node;
}

void PipelineBuilder::make_output(const std::shared_ptr<OutputNode>& node, const Wanted& wanted) {
  const MetricLabels labels{{"id", node->id}, {"type", wanted.info.name}};
  NodeContext context(pipeline_.context_, this, *node, wanted.element, labels);
  node->plugin.reset(static_cast<Output*>(make_plugin(wanted.info, wanted.element, context).release()));
  if (node->plugin == nullptr) return;
  node->sink = make_sink(*node, wanted.element, labels);
  node->emits = dynamic_cast<EmitOutput*>(node->plugin.get());
  if (node->emits != nullptr) place_emits(*node, wanted.element);
  plan_labels(*node, wanted.element);
}

/// The stores of an output that stays stay with it.
void PipelineBuilder::keep_stores(const OutputNode& node) {
  for (const std::shared_ptr<OutputNode>& store : node.stores) {
    if (!ids_.insert("id " + store->id).second)
      errors_.add(
          ConfigError(store->pos, cat("@id '", store->id, "' is used twice: ids must be unique"), "duplicate-id"));
    keep_labels(*store, store->pos);
    keep_stores(*store);
    list_output(store);
  }
}

void PipelineBuilder::list_output(const std::shared_ptr<OutputNode>& node) {
  if (node->emits != nullptr) {
    if (Holder* holder = node->emits->holder()) pipeline_.holders_.push_back({holder, nullptr, node->emit_label});
  }
  pipeline_.nodes_.insert(node.get());
  pipeline_.outputs_.push_back(node);
}

void PipelineBuilder::plan_labels(OutputNode& node, const Element& element) {
  class Labels final : public RoutePlan {
   public:
    Labels(PipelineBuilder& builder, OutputNode& output, SourcePos pos)
        : builder_(builder), node_(output), pos_(std::move(pos)) {}
    void here() override {}
    void label(const std::string& name) override { builder_.use_label(node_, name, pos_); }
    void store(std::size_t, StoreMode) override {}
    void one_of(const std::vector<Choice>&) override {}

   private:
    PipelineBuilder& builder_;
    OutputNode& node_;
    SourcePos pos_;
  };
  const Attribute* given_label = given(element, "@label");
  Labels labels_used(*this, node, given_label != nullptr ? given_label->value_pos : element.pos);
  node.plugin->plan(labels_used);
}

/// Events that the output emits begin at its @label, or at the top of the rules that it is one of.
void PipelineBuilder::place_emits(OutputNode& node, const Element& element) {
  node.emit_label = node.label;
  if (const Attribute* given_label = given(element, "@label")) {
    node.emit_label = label_named(given_label->value);
    use_label(node, given_label->value, given_label->value_pos);
  }
}

std::unique_ptr<Sink> PipelineBuilder::make_sink(OutputNode& node, const Element& element, const MetricLabels& labels) {
  SinkContext context{node.id, labels, pipeline_.context_->log, *node.metrics, pipeline_.context_->dead_letters};
  if (auto* direct = dynamic_cast<DirectOutput*>(node.plugin.get()))
    return make_direct_sink(*direct, std::move(context));
  auto* output = dynamic_cast<ChunkOutput*>(node.plugin.get());
  if (output == nullptr) return nullptr;
  BufferSettings settings;
  errors_.attempt([&] {
    settings = buffer_settings(element, output->buffer_defaults(), output->waits_for_slice(), pipeline_.context_->warn);
  });
  const std::vector<const Element*> sections = element.sections("buffer");
  const Element none{"buffer", "", element.pos, {}, {}};
  const Element& section = sections.empty() ? none : *sections.back();
  const PluginInfo& info =
      pipeline_.context_->registry.find(PluginKind::buffer, type_of(section, "memory"), type_pos(section));
  NodeContext node_context(pipeline_.context_, this, node, section, labels);
  std::unique_ptr<Buffer> buffer(static_cast<Buffer*>(make_plugin(info, section, node_context).release()));
  if (info.name == "file") {
    node.buffer_path = buffer_path(section, node.id, pipeline_.system().root_dir);
    const Attribute* const path = given(section, "path");
    node.buffer_pos = path != nullptr ? path->value_pos : element.pos;
  }
  ChunkOutput* const secondary = make_secondary(node, element);
  if (buffer == nullptr) return nullptr;
  if (!settings.ack_when_written) node.keeping = buffer->keeping();
  return make_buffered_sink(*output, secondary, std::move(buffer), settings, std::move(context));
}

std::shared_ptr<OutputNode> PipelineBuilder::make_store(const Element& element, const std::string& type,
                                                        const std::string& label) {
  std::shared_ptr<OutputNode> store;
  errors_.attempt([&] { store = add_output(element, type, label, true); });
  return store;
}

/// What `<secondary>` names, where there is one.
ChunkOutput* PipelineBuilder::make_secondary(OutputNode& node, const Element& element) {
  const std::vector<const Element*> sections = element.sections("secondary");
  if (sections.empty()) return nullptr;
  const Element& section = *sections.back();
  const std::string type = type_of(section, type_of(element, ""));
  const PluginInfo& info = pipeline_.context_->registry.find(PluginKind::output, type, type_pos(section));
  NodeContext context(pipeline_.context_, this, node, section, {{"id", node.id}, {"type", info.name}}, ".secondary");
  node.secondary.reset(static_cast<Output*>(make_plugin(info, section, context).release()));
  if (node.secondary == nullptr) return nullptr;
  auto* secondary = dynamic_cast<ChunkOutput*>(node.secondary.get());
  if (secondary == nullptr)
    throw ConfigError(type_pos(section), cat("'", type, "' can't be a secondary output: use secondary_file or file"));
  return secondary;
}

void PipelineBuilder::use_label(Node& node, const std::string& name, const SourcePos& pos) {
  std::string label = label_named(name);
  node.labels_used.push_back(label);
  label_uses_.push_back({std::move(label), pos});
}

void PipelineBuilder::check_labels() {
  const std::vector<std::string> names(label_names_.begin(), label_names_.end());
  for (const LabelUse& use : label_uses_) {
    if (use.label.empty() || label_names_.contains(use.label)) continue;
    errors_.add(ConfigError(
        use.pos,
        cat("there is no <label ", use.label, ">: add it, or correct the name", did_you_mean(use.label, names)),
        "missing-label"));
  }
}

}  // namespace logboom
