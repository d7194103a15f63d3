#include <logboom/output.hpp>

namespace logboom {

namespace {

class OutNull final : public DirectOutput {
 public:
  struct Options {
    static void describe(Describe<Options>& d) { d.leave_section("buffer"); }
  };
  OutNull(Options, BuildContext&) {}

  void consume(const EventBatch&) noexcept override {}
};

}  // namespace

namespace plugins {

PluginInfo out_null() {
  return describe_plugin<OutNull>(PluginKind::output, "null", "Throws events away, and counts them.");
}

}  // namespace plugins

}  // namespace logboom
