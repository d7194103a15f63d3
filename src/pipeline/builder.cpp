#include "pipeline/builder.hpp"

#include "pipeline/plugin_log.hpp"

#include <logboom/formatter.hpp>
#include <logboom/parser.hpp>

#include <algorithm>
#include <stdexcept>

namespace logboom {

namespace {

const Attribute* given(const Element& element, std::string_view key) {
  const Attribute* attribute = element.find(key);
  return attribute == nullptr || attribute->is_nil || attribute->is_default ? nullptr : attribute;
}

std::string type_of(const Element& element, const std::string& fallback) {
  const Attribute* type = given(element, "@type");
  if (type != nullptr && !type->value.empty()) return type->value;
  if (!fallback.empty()) return fallback;
  throw ConfigError(element.pos, cat("<", element.name, "> has no '@type': add a line that says which plugin it is"));
}

SourcePos type_pos(const Element& element) {
  const Attribute* type = given(element, "@type");
  return type != nullptr ? type->value_pos : element.pos;
}

PatternList patterns_of(const Element& element) {
  try {
    return PatternList::compile(element.arg);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(element.pos, cat("<", element.name, " ", element.arg, ">: ", std::string_view(error.what())));
  }
}

}  // namespace

/// What one plugin sees while it is made.
class NodeContext final : public BuildContext {
 public:
  /// `builder` is needed for stores only, while the pipeline is built.
  /// `label`: whose rules the element is one of.
  NodeContext(const Pipeline::Context& context, PipelineBuilder* builder, const Element& element, std::string id,
              MetricLabels labels, std::string label)
      : context_(context),
        builder_(builder),
        element_(element),
        id_(std::move(id)),
        labels_(std::move(labels)),
        label_(std::move(label)),
        log_(builder != nullptr ? &builder->log_of(element) : &context.log) {}

  const std::string& id() const override { return id_; }
  const Element& element() const override { return element_; }
  Log& log() override { return *log_; }
  Metrics& metrics() override { return context_.metrics; }
  MetricLabels labels() const override { return labels_; }
  const SystemSettings& system() const override { return context_.system; }
  void warn(const SourcePos& pos, std::string message) override {
    if (!quiet_) context_.warn(pos, std::move(message));
  }

  FormatterFactory formatter(const PluginSection& section) override {
    return factory<Formatter>(PluginKind::formatter, "format", section);
  }
  ParserFactory parser(const PluginSection& section) override {
    return factory<Parser>(PluginKind::parser, "parse", section);
  }

  void label(const std::string& name, const SourcePos& pos) override { builder_->use_label(name, pos); }
  std::size_t store(const PluginSection& section, const std::vector<std::string>& own) override {
    if (section.element == nullptr) throw ConfigError(element_.pos, "an output is missing");
    const std::string type = type_of(*section.element, section.type);
    if (own.empty()) return builder_->add_output(*section.element, type, label_);
    Element& rest = builder_->stores_.emplace_back(*section.element);
    std::erase_if(rest.attributes, [&own](const Attribute& attribute) {
      return std::find(own.begin(), own.end(), attribute.key) != own.end();
    });
    return builder_->add_output(rest, type, label_);
  }

 private:
  /// Makes the plugin of a section anew on each call, and once now, so that what is wrong is said at once.
  template <class P>
  std::function<std::unique_ptr<P>()> factory(PluginKind kind, const char* name, const PluginSection& section) {
    const Element& where = section.element != nullptr ? *section.element : element_;
    const PluginInfo& info = context_.registry.find(kind, section.type, type_pos(where));
    auto element = std::make_shared<Element>(section.element != nullptr ? *section.element
                                                                        : Element{name, "", element_.pos, {}, {}});
    auto inner = std::make_shared<NodeContext>(context_, nullptr, *element, id_, labels_, label_);
    inner->quiet_ = quiet_;  // a parser within a parser
    inner->log_ = log_;
    const auto make = [info, element, inner] {
      std::unique_ptr<Plugin> made = info.make(*element, *inner);
      return std::unique_ptr<P>(static_cast<P*>(made.release()));
    };
    static_cast<void>(make());
    inner->quiet_ = true;
    return make;
  }

  const Pipeline::Context& context_;
  PipelineBuilder* builder_;
  const Element& element_;
  std::string id_;
  MetricLabels labels_;
  std::string label_;
  Log* log_;
  bool quiet_ = false;
};

void PipelineBuilder::build(const Element& root) {
  const WorkerViews views(root);
  for (const std::string& label : views.all()) pipeline_.router_.add_label(label);
  read_top(root, views.all(), "", views);
  check_labels();
}

/// `labels`: where the rules go. `source_label`: where the sources' events go.
void PipelineBuilder::read_top(const Element& parent, const RuleLabels& labels, const std::string& source_label,
                               const WorkerViews& views) {
  for (const Element& element : parent.children) {
    if (element.name == "source") {
      add_input(element, source_label);
    } else if (element.name == "label") {
      read_label(element);
    } else if (element.name == "worker") {
      read_top(element, views.of_rules(element), views.of_sources(element), views);
    } else if (element.name != "system") {
      read_rule(element, labels);
    }
  }
}

void PipelineBuilder::read_rule(const Element& element, const RuleLabels& labels) {
  if (element.name == "match") {
    add_match(element, labels);
  } else if (element.name == "filter") {
    add_filter(element, labels);
  } else {
    pipeline_.context_.warn(element.pos, cat("section <", element.name, "> is unknown here and has no effect"));
  }
}

void PipelineBuilder::read_label(const Element& element) {
  if (element.arg.empty()) throw ConfigError(element.pos, "<label> needs a name: <label @NAME>");
  if (element.arg == "@ROOT") throw ConfigError(element.pos, "@ROOT means the top level and can't be a <label>");
  if (!ids_.insert("label " + element.arg).second)
    throw ConfigError(element.pos, cat("<label ", element.arg, "> is there twice: put both together"));
  pipeline_.router_.add_label(element.arg);
  for (const Element& rule : element.children) read_rule(rule, {element.arg});
}

std::string PipelineBuilder::claim_id(const Element& element, const std::string& fallback) {
  const Attribute* id = given(element, "@id");
  if (id == nullptr) return cat(fallback, ":", element.pos.line);
  if (!ids_.insert("id " + id->value).second)
    throw ConfigError(id->value_pos, cat("@id '", id->value, "' is used twice: ids must be unique"));
  return id->value;
}

void PipelineBuilder::add_input(const Element& element, const std::string& source_label) {
  const std::string type = type_of(element, "");
  const PluginInfo& info = pipeline_.context_.registry.find(PluginKind::input, type, type_pos(element));
  InputNode& node = pipeline_.inputs_.emplace_back();
  node.id = claim_id(element, "in_" + info.name);
  node.labels = {{"id", node.id}, {"type", info.name}};
  node.pos = element.pos;
  node.label = source_label;
  if (const Attribute* label = given(element, "@label")) {
    node.label = label->value == "@ROOT" ? std::string() : label->value;
    use_label(label->value, label->value_pos);
  }
  NodeContext context(pipeline_.context_, this, element, node.id, node.labels, "");
  node.plugin.reset(static_cast<Input*>(info.make(element, context).release()));
  pipeline_.context_.metrics.counter("logboom_input_events_total", node.labels, node.events);
}

// What is emitted or held goes on in the first of the labels.
void PipelineBuilder::add_match(const Element& element, const RuleLabels& labels) {
  const PatternList patterns = patterns_of(element);
  const std::size_t output = add_output(element, type_of(element, ""), labels.empty() ? "" : labels.front());
  for (const std::string& label : labels) pipeline_.router_.add_match(label, patterns, output);
}

void PipelineBuilder::add_filter(const Element& element, const RuleLabels& labels) {
  const PatternList patterns = patterns_of(element);
  const std::string label = labels.empty() ? "" : labels.front();
  const std::string type = type_of(element, "");
  const PluginInfo& info = pipeline_.context_.registry.find(PluginKind::filter, type, type_pos(element));
  const std::string id = claim_id(element, "filter_" + info.name);
  NodeContext context(pipeline_.context_, this, element, id, {{"id", id}, {"type", info.name}}, label);
  FilterNode node{id, label, nullptr, element.pos};
  node.plugin.reset(static_cast<Filter*>(info.make(element, context).release()));
  if (Holder* holder = node.plugin->holder()) pipeline_.holders_.push_back({holder, node.plugin.get(), label});
  pipeline_.filters_.push_back(std::move(node));
  for (const std::string& each : labels) {
    pipeline_.router_.add_filter(each, patterns, pipeline_.filters_.size() - 1);
  }
}

std::size_t PipelineBuilder::add_output(const Element& element, const std::string& type, const std::string& label) {
  const PluginInfo& info = pipeline_.context_.registry.find(PluginKind::output, type, type_pos(element));
  OutputNode node;
  node.id = claim_id(element, "out_" + info.name);
  node.pos = element.pos;
  const MetricLabels labels{{"id", node.id}, {"type", info.name}};
  NodeContext context(pipeline_.context_, this, element, node.id, labels, label);
  node.plugin.reset(static_cast<Output*>(info.make(element, context).release()));
  node.sink = make_sink(node, element, labels);
  node.emits = dynamic_cast<EmitOutput*>(node.plugin.get());
  if (node.emits != nullptr) place_emits(node, element, label);

  class Labels final : public RoutePlan {
   public:
    Labels(PipelineBuilder& builder, SourcePos pos) : builder_(builder), pos_(std::move(pos)) {}
    void here() override {}
    void label(const std::string& name) override { builder_.use_label(name, pos_); }
    void store(std::size_t, StoreMode) override {}
    void one_of(const std::vector<Choice>&) override {}

   private:
    PipelineBuilder& builder_;
    SourcePos pos_;
  };
  const Attribute* given_label = given(element, "@label");
  Labels labels_used(*this, given_label != nullptr ? given_label->value_pos : element.pos);
  node.plugin->plan(labels_used);
  pipeline_.outputs_.push_back(std::move(node));
  return pipeline_.outputs_.size() - 1;
}

/// Events that the output emits begin at its @label, or at the top of the rules that it is one of.
void PipelineBuilder::place_emits(OutputNode& node, const Element& element, const std::string& label) {
  node.emit_label = label;
  if (const Attribute* given_label = given(element, "@label")) {
    node.emit_label = given_label->value == "@ROOT" ? std::string() : given_label->value;
    use_label(given_label->value, given_label->value_pos);
  }
  if (Holder* holder = node.emits->holder()) pipeline_.holders_.push_back({holder, nullptr, node.emit_label});
}

std::unique_ptr<Sink> PipelineBuilder::make_sink(OutputNode& node, const Element& element, const MetricLabels& labels) {
  SinkContext context{node.id, labels, pipeline_.context_.log, pipeline_.context_.metrics};
  if (auto* direct = dynamic_cast<DirectOutput*>(node.plugin.get()))
    return make_direct_sink(*direct, std::move(context));
  auto* output = dynamic_cast<ChunkOutput*>(node.plugin.get());
  if (output == nullptr) return nullptr;
  const BufferSettings settings =
      buffer_settings(element, output->buffer_defaults(), output->waits_for_slice(), pipeline_.context_.warn);
  const std::vector<const Element*> sections = element.sections("buffer");
  const Element none{"buffer", "", element.pos, {}, {}};
  const Element& section = sections.empty() ? none : *sections.back();
  const PluginInfo& info =
      pipeline_.context_.registry.find(PluginKind::buffer, type_of(section, "memory"), type_pos(section));
  NodeContext node_context(pipeline_.context_, this, section, node.id, labels, "");
  std::unique_ptr<Buffer> buffer(static_cast<Buffer*>(info.make(section, node_context).release()));
  return make_buffered_sink(*output, make_secondary(node, element), std::move(buffer), settings, std::move(context));
}

/// What `<secondary>` names, where there is one.
ChunkOutput* PipelineBuilder::make_secondary(OutputNode& node, const Element& element) {
  const std::vector<const Element*> sections = element.sections("secondary");
  if (sections.empty()) return nullptr;
  const Element& section = *sections.back();
  const std::string type = type_of(section, type_of(element, ""));
  const PluginInfo& info = pipeline_.context_.registry.find(PluginKind::output, type, type_pos(section));
  NodeContext context(pipeline_.context_, this, section, node.id + ".secondary", {{"id", node.id}, {"type", info.name}},
                      "");
  node.secondary.reset(static_cast<Output*>(info.make(section, context).release()));
  auto* secondary = dynamic_cast<ChunkOutput*>(node.secondary.get());
  if (secondary == nullptr)
    throw ConfigError(type_pos(section), cat("'", type, "' can't be a secondary output: use secondary_file or file"));
  return secondary;
}

Log& PipelineBuilder::log_of(const Element& element) {
  std::unique_ptr<Log> log = make_plugin_log(element, pipeline_.context_.log);
  if (!log) return pipeline_.context_.log;
  return *pipeline_.plugin_logs_.emplace_back(std::move(log));
}

void PipelineBuilder::use_label(const std::string& name, const SourcePos& pos) {
  label_uses_.push_back({name == "@ROOT" ? std::string() : name, pos});
}

void PipelineBuilder::check_labels() {
  for (const LabelUse& use : label_uses_) {
    if (pipeline_.router_.has_label(use.label)) continue;
    throw ConfigError(use.pos, cat("there is no <label ", use.label, ">: add it, or correct the name"));
  }
}

}  // namespace logboom
