#include "pipeline/node_context.hpp"

#include "pipeline/element_facts.hpp"
#include "pipeline/plugin_log.hpp"

#include <logboom/formatter.hpp>
#include <logboom/parser.hpp>

#include <algorithm>
#include <utility>

namespace logboom {

namespace {

/// One output's way back into the rules of one label.
class LabelReemitter final : public Reemitter {
 public:
  LabelReemitter(WayBack* back, std::string label) : back_(back), label_(std::move(label)) {}
  void emit(Delivery delivery) override {
    if (back_ != nullptr) back_->emit(label_, std::move(delivery), true);
  }

 private:
  WayBack* back_;
  std::string label_;
};

}  // namespace

NodeContext::NodeContext(std::shared_ptr<const Pipeline::Context> context, NodeOwner* owner, Node& node,
                         const Element& element, MetricLabels labels, const char* id_suffix)
    : context_(std::move(context)),
      owner_(owner),
      node_(node),
      element_(element),
      id_(node.id + id_suffix),
      labels_(std::move(labels)),
      log_(&context_->log) {
  if (owner == nullptr) return;
  if (std::unique_ptr<Log> own = make_plugin_log(element, *log_)) log_ = node.logs.emplace_back(std::move(own)).get();
}

void NodeContext::warn(const SourcePos& pos, std::string message) {
  if (!quiet_) context_->warn(pos, std::move(message));
}

/// A factory makes its plugin once while the pipeline is built, so that none of those that come later, on other
/// threads, is the first to ask.
std::shared_ptr<Counter> NodeContext::regexp_counter() {
  if (node_.regexp_counter == nullptr) {
    node_.regexp_counter = std::make_shared<Counter>();
    metrics().counter("logboom_regexp_limit_exceeded_total", labels_, *node_.regexp_counter);
  }
  return node_.regexp_counter;
}

BuildContext::FormatterFactory NodeContext::formatter(const PluginSection& section) {
  return factory<Formatter>(PluginKind::formatter, "format", section);
}

BuildContext::ParserFactory NodeContext::parser(const PluginSection& section) {
  return factory<Parser>(PluginKind::parser, "parse", section);
}

Reemitter& NodeContext::reemitter() {
  auto& output = dynamic_cast<OutputNode&>(node_);
  std::string label = node_.label;
  if (const Attribute* given_label = given(element_, "@label")) {
    label = label_named(given_label->value);
    owner_->use_label(node_, given_label->value, given_label->value_pos);
  }
  output.back = std::make_unique<LabelReemitter>(context_->back, std::move(label));
  return *output.back;
}

std::size_t NodeContext::store(const PluginSection& section, const std::vector<std::string>& own) {
  auto* output = dynamic_cast<OutputNode*>(&node_);
  if (section.element == nullptr || output == nullptr) throw ConfigError(element_.pos, "an output is missing");
  stores_.insert(section.element);
  const std::string type = type_of(*section.element, section.type);
  Element rest = *section.element;
  std::erase_if(rest.attributes, [&own](const Attribute& attribute) {
    return std::find(own.begin(), own.end(), attribute.key) != own.end();
  });
  std::shared_ptr<OutputNode> made = owner_->make_store(rest, type, node_.label);
  if (made != nullptr) output->stores.push_back(std::move(made));
  return output->stores.size() - 1;
}

void NodeContext::try_section(PluginKind kind, const PluginSection& section) {
  if (kind == PluginKind::output && !stores_.contains(section.element)) static_cast<void>(store(section, {}));
  if (kind == PluginKind::formatter) static_cast<void>(formatter(section));
  if (kind == PluginKind::parser) static_cast<void>(parser(section));
}

/// Makes the plugin of a section anew on each call, and once now, so that what is wrong is said at once.
template <class P>
std::function<std::unique_ptr<P>()> NodeContext::factory(PluginKind kind, const char* name,
                                                         const PluginSection& section) {
  const Element& where = section.element != nullptr ? *section.element : element_;
  const PluginInfo& info = context_->registry.find(kind, section.type, type_pos(where));
  auto element = std::make_shared<Element>(section.element != nullptr ? *section.element
                                                                      : Element{name, "", element_.pos, {}, {}});
  auto inner = std::make_shared<NodeContext>(context_, nullptr, node_, *element, labels_);
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

}  // namespace logboom
