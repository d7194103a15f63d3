#include <sstream>

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
               "An output that gets every event. Its argument may be `ignore_error`: while its buffer is full its copy "
               "is dropped and counted, and nobody waits for it; and `ignore_if_prev_success`: it gets only what the "
               "store before it, which has ignore_error, had no room for.");
    }
  };

  OutCopy(Options options, BuildContext& context) {
    if (options.stores.empty()) throw ConfigError(context.element().pos, "copy: at least one <store> is needed");
    for (const PluginSection& store : options.stores) {
      const RoutePlan::StoreMode mode = mode_of(*store.element);
      if (mode.only_after_failure && (stores_.empty() || !stores_.back().mode.ignore_error))
        context.warn(store.element->pos,
                     "<store ignore_if_prev_success> gets nothing here: the store before it must have ignore_error, or "
                     "it never fails");
      stores_.push_back({context.store(store), mode});
    }
  }

  void plan(RoutePlan& plan) override {
    for (const Store& store : stores_) plan.store(store.index, store.mode);
  }

 private:
  struct Store {
    std::size_t index;
    RoutePlan::StoreMode mode;
  };
  static RoutePlan::StoreMode mode_of(const Element& store) {
    RoutePlan::StoreMode mode;
    std::istringstream words(store.arg);
    for (std::string word; words >> word;) {
      if (word == "ignore_error") {
        mode.ignore_error = true;
      } else if (word == "ignore_if_prev_success") {
        mode.only_after_failure = true;
      } else {
        throw ConfigError(
            store.pos, cat("<store>: unknown argument '", word, "'; expected ignore_error or ignore_if_prev_success"));
      }
    }
    return mode;
  }

  std::vector<Store> stores_;
};

}  // namespace

namespace plugins {

PluginInfo out_copy() {
  return describe_plugin<OutCopy>(PluginKind::output, "copy", "Sends each event to several outputs.");
}

}  // namespace plugins

}  // namespace logboom
