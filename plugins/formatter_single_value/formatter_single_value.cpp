#include <logboom/formatter.hpp>
#include <logboom/json.hpp>
#include <logboom/time_options.hpp>

namespace logboom::plugins {
namespace {

class SingleValueFormatter : public Formatter {
 public:
  struct Options {
    std::string message_key = "message";
    bool add_newline = true;
    Newline newline = Newline::lf;

    static void describe(Describe<Options>& d) {
      d.param("message_key", &Options::message_key, "The field that is written.");
      d.param("add_newline", &Options::add_newline, "End each event with a line end.");
      d.choice("newline", &Options::newline, {{"lf", Newline::lf}, {"crlf", Newline::crlf}}, "The line end.");
    }
  };

  SingleValueFormatter(const Options& options, BuildContext&)
      : key_(options.message_key), line_end_(options.add_newline ? to_text(options.newline) : "") {}

  bool format(std::string_view, const Event& event, OutBuffer& out) override {
    const msgpack::Value value = event.record.find(key_);
    if (value && value.is_text()) {
      out.append(value.text());
    } else if (value && value.type() != msgpack::Type::nil) {
      append_json(out, value);
    }
    out.append(line_end_);
    return true;
  }

 private:
  std::string key_;
  std::string_view line_end_;
};

}  // namespace

PluginInfo formatter_single_value() {
  return describe_plugin<SingleValueFormatter>(PluginKind::formatter, "single_value",
                                               "One field's text and nothing else.");
}

}  // namespace logboom::plugins
