#include <logboom/output.hpp>

namespace logboom {

namespace {

class OutRoundrobin final : public Output {
 public:
  struct Options {
    std::vector<PluginSection> stores;

    static void describe(Describe<Options>& d) {
      d.plugin("store", &Options::stores, PluginKind::output,
               "An output that gets a share of the batches; its parameter `weight` says how large a share, 1 if not "
               "given.");
    }
  };

  OutRoundrobin(Options options, BuildContext& context) {
    if (options.stores.empty()) throw ConfigError(context.element().pos, "roundrobin: at least one <store> is needed");
    for (const PluginSection& store : options.stores) {
      const unsigned weight = weight_of(*store.element);
      const std::size_t index = context.store(store, {"weight"});
      if (weight != 0) choices_.push_back({index, weight});
    }
    if (choices_.empty()) throw ConfigError(context.element().pos, "roundrobin: every store has the weight 0");
  }

  void plan(RoutePlan& plan) override { plan.one_of(choices_); }

 private:
  static unsigned weight_of(const Element& store) {
    const Attribute* weight = store.find("weight");
    if (weight == nullptr || weight->is_nil || weight->is_default) return 1;
    const std::int64_t value = config_value::integer(*weight);
    if (value < 0 || value > 1000) throw ConfigError(weight->value_pos, "a weight is between 0 and 1000");
    return static_cast<unsigned>(value);
  }

  std::vector<RoutePlan::Choice> choices_;
};

}  // namespace

namespace plugins {

PluginInfo out_roundrobin() {
  return describe_plugin<OutRoundrobin>(PluginKind::output, "roundrobin",
                                        "Sends each batch to one of several outputs.");
}

}  // namespace plugins

}  // namespace logboom
