#include <logboom/output.hpp>

namespace logboom {

namespace {

enum class CopyMode : std::uint8_t { no_copy, shallow, deep, marshal };

class OutCopy final : public Output {
 public:
  struct Options {
    CopyMode copy_mode = CopyMode::no_copy;
    bool deep_copy = false;
    std::vector<PluginSection> stores;

    static void describe(Describe<Options>& d) {
      d.choice("copy_mode", &Options::copy_mode,
               {{"no_copy", CopyMode::no_copy},
                {"shallow", CopyMode::shallow},
                {"deep", CopyMode::deep},
                {"marshal", CopyMode::marshal}},
               "No effect: what one store does never changes the events of another.");
      d.param("deep_copy", &Options::deep_copy, "The old name of `copy_mode shallow`; no effect.");
      d.plugin("store", &Options::stores, PluginKind::output,
               "An output that gets every event. Its argument may be `ignore_error`: a store that fails never disturbs "
               "the others anyway.");
    }
  };

  OutCopy(Options options, BuildContext& context) {
    if (options.stores.empty()) throw ConfigError(context.element().pos, "copy: at least one <store> is needed");
    for (const PluginSection& store : options.stores) {
      check(*store.element);
      stores_.push_back(context.store(store));
    }
  }

  void plan(RoutePlan& plan) override {
    for (const std::size_t store : stores_) plan.store(store);
  }

 private:
  static void check(const Element& store) {
    if (store.arg.empty() || store.arg == "ignore_error") return;
    throw ConfigError(store.pos, cat("<store>: unknown argument '", store.arg, "'; expected ignore_error"));
  }

  std::vector<std::size_t> stores_;
};

}  // namespace

namespace plugins {

PluginInfo out_copy() {
  return describe_plugin<OutCopy>(PluginKind::output, "copy", "Sends each event to several outputs.");
}

}  // namespace plugins

}  // namespace logboom
