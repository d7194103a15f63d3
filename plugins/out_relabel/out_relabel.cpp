#include <logboom/output.hpp>

namespace logboom {

namespace {

class OutRelabel final : public Output {
 public:
  struct Options {
    static void describe(Describe<Options>& d) { d.leave_section("buffer"); }
  };

  OutRelabel(Options, BuildContext& context) {
    const Attribute* label = context.element().find("@label");
    if (label == nullptr || label->is_nil || label->is_default || label->value.empty()) {
      throw ConfigError(label != nullptr ? label->value_pos : context.element().pos,
                        "relabel: @label is needed, the name of the <label> that gets the events");
    }
    label_ = label->value;
  }

  void plan(RoutePlan& plan) override { plan.label(label_); }

 private:
  std::string label_;
};

}  // namespace

namespace plugins {

PluginInfo out_relabel() {
  return describe_plugin<OutRelabel>(PluginKind::output, "relabel", "Hands events to the rules of a `<label>`.");
}

}  // namespace plugins

}  // namespace logboom
