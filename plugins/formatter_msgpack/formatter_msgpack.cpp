#include <logboom/formatter.hpp>

namespace logboom::plugins {
namespace {

class MsgpackFormatter : public Formatter {
 public:
  struct Options {
    static void describe(Describe<Options>&) {}
  };

  MsgpackFormatter(const Options&, BuildContext&) {}

  bool format(std::string_view, const Event& event, OutBuffer& out) override {
    const msgpack::Value& record = event.record.value();
    out.append(record.begin(), record.size());
    return true;
  }
};

}  // namespace

PluginInfo formatter_msgpack() {
  return describe_plugin<MsgpackFormatter>(PluginKind::formatter, "msgpack",
                                           "The record's msgpack bytes as they came.");
}

}  // namespace logboom::plugins
