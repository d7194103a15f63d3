#include "pipeline/route_tree.hpp"

#include <algorithm>
#include <numeric>

#include "pipeline/pipeline.hpp"

namespace logboom {

namespace {

/// A circle in which each index comes as often as its weight says, spread evenly: the one that is furthest behind is
/// next.
std::vector<std::size_t> spread(std::vector<unsigned> weights) {
  unsigned divisor = 0;
  for (const unsigned weight : weights) divisor = std::gcd(divisor, weight);
  std::int64_t total = 0;
  for (unsigned& weight : weights) total += weight /= std::max(1U, divisor);
  std::vector<std::int64_t> behind(weights.size(), 0);
  std::vector<std::size_t> turns;
  for (std::int64_t i = 0; i < total; ++i) {
    for (std::size_t w = 0; w < weights.size(); ++w) behind[w] += weights[w];
    const auto furthest = std::max_element(behind.begin(), behind.end());
    *furthest -= total;
    turns.push_back(static_cast<std::size_t>(furthest - behind.begin()));
  }
  return turns;
}

/// Follows outputs that route until there are sinks, and writes down the way: two tags with the same words have the
/// same route.
class TreeBuilder {
 public:
  explicit TreeBuilder(const Pipeline& pipeline) : pipeline_(pipeline) {}

  std::unique_ptr<RouteNode> build(const std::string& label, std::string_view tag) {
    auto node = std::make_unique<RouteNode>();
    if (std::find(labels_.begin(), labels_.end(), label) != labels_.end()) {
      node->end = RouteNode::End::loop;
      for (const std::string& name : labels_) node->error += (name.empty() ? "@ROOT" : name) + " → ";
      node->error += label.empty() ? "@ROOT" : label;
      way_ += cat("loop ", node->error, ";");
      return node;
    }
    labels_.push_back(label);
    const RuleMatch match = pipeline_.router().match(label, tag);
    for (const std::size_t filter : match.filters) {
      node->filters.push_back(&pipeline_.filter(filter));
      way_ += cat("f", filter, ";");
    }
    if (match.output) {
      follow(*node, pipeline_.output(*match.output), tag);
    } else {
      node->end = RouteNode::End::unmatched;
      way_ += "u;";
    }
    labels_.pop_back();
    return node;
  }
  const std::string& way() const noexcept { return way_; }

 private:
  class Plan final : public RoutePlan {
   public:
    Plan(TreeBuilder& builder, RouteNode& node, const OutputNode& output, std::string_view tag)
        : builder_(builder), node_(node), output_(output), tag_(tag) {}
    void here() override {
      if (output_.emits != nullptr) {
        const std::string& label = builder_.in_view(output_.emit_label);
        node_.emits.push_back({output_.emits, &label});
        builder_.way_ += cat(label, "<");
      } else {
        node_.sinks.push_back(output_.sink.get());
      }
      builder_.way_ += cat("o", reinterpret_cast<std::uintptr_t>(&output_), ";");
    }
    void label(const std::string& name) override {
      builder_.way_ += "(";
      node_.next.push_back(builder_.build(builder_.in_view(name == "@ROOT" ? std::string() : name), tag_));
      builder_.way_ += ")";
    }
    void store(std::size_t index, StoreMode mode) override {
      if (!mode.ignore_error && !mode.only_after_failure && node_.branches.empty()) {
        return builder_.follow(node_, *output_.stores[index], tag_);
      }
      builder_.way_ += mode.only_after_failure ? "?[" : "![";
      node_.branches.push_back({builder_.branch(*output_.stores[index], tag_), mode});
      builder_.way_ += "]";
    }
    void one_of(const std::vector<Choice>& choices) override {
      RouteNode::Choices& all = node_.choices.emplace_back();
      builder_.way_ += "|";
      std::vector<unsigned> weights;
      for (const Choice& choice : choices) {
        all.nodes.push_back(builder_.branch(*output_.stores[choice.store], tag_));
        weights.push_back(choice.weight);
      }
      all.turns = spread(weights);
      builder_.way_ += "|";
    }

   private:
    TreeBuilder& builder_;
    RouteNode& node_;
    const OutputNode& output_;
    std::string_view tag_;
  };

  /// What a label's name means where the tree has come to.
  const std::string& in_view(const std::string& name) const { return pipeline_.views().find(labels_.back(), name); }

  std::unique_ptr<RouteNode> branch(const OutputNode& output, std::string_view tag) {
    auto node = std::make_unique<RouteNode>();
    follow(*node, output, tag);
    return node;
  }

  void follow(RouteNode& node, const OutputNode& output, std::string_view tag) {
    Plan plan(*this, node, output, tag);
    output.plugin->plan(plan);
  }

  const Pipeline& pipeline_;
  std::vector<std::string> labels_;
  std::string way_;
};

}  // namespace

const RouteNode& RouteCache::find(const std::string& label, const Tag& tag) {
  Tag::RouteSlot& slot = tag.route_slot();
  const std::uint64_t generation = pipeline_.generation() & generation_mask;
  if ((slot.generation & generation_mask) != generation) {
    slot.route = &resolve(label, tag.text());
    slot.generation = (slot.generation & ~generation_mask) | generation;
  }
  return *static_cast<const RouteNode*>(slot.route);
}

const RouteNode& RouteCache::resolve(const std::string& label, std::string_view tag) {
  TreeBuilder builder(pipeline_);
  std::unique_ptr<RouteNode> node = builder.build(label, tag);
  const auto [at, added] = routes_.try_emplace(builder.way());
  if (added) at->second = std::move(node);
  return *at->second;
}

}  // namespace logboom
