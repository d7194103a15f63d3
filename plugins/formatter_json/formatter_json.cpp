#include <logboom/formatter.hpp>
#include <logboom/json.hpp>
#include <logboom/time_options.hpp>

namespace logboom::plugins {
namespace {

class JsonFormatter : public Formatter {
 public:
  struct Options {
    std::string json_parser = "oj";
    bool add_newline = true;
    Newline newline = Newline::lf;
    InvalidUtf8 invalid_utf8 = InvalidUtf8::replace;

    static void describe(Describe<Options>& d) {
      d.param("json_parser", &Options::json_parser, "Accepted for Fluentd's sake, without effect.");
      d.param("add_newline", &Options::add_newline, "End each event with a line end.");
      d.choice("newline", &Options::newline, {{"lf", Newline::lf}, {"crlf", Newline::crlf}}, "The line end.");
      d.choice("invalid_utf8", &Options::invalid_utf8, {{"replace", InvalidUtf8::replace}, {"raw", InvalidUtf8::raw}},
               "Bytes that are not UTF-8: U+FFFD in their place, or as they are (then a line may be no valid JSON).");
    }
  };

  JsonFormatter(const Options& options, BuildContext& context)
      : json_{options.invalid_utf8}, line_end_(options.add_newline ? to_text(options.newline) : "") {
    if (options.json_parser == Options().json_parser) return;
    context.warn(context.element().find("json_parser")->key_pos,
                 "json_parser has no effect: JSON is written in one way");
  }

  bool format(std::string_view, const Event& event, OutBuffer& out) override {
    append_json(out, event.record.value(), json_);
    out.append(line_end_);
    return true;
  }

 private:
  JsonOptions json_;
  std::string_view line_end_;
};

}  // namespace

PluginInfo formatter_json() {
  return describe_plugin<JsonFormatter>(PluginKind::formatter, "json", "The record as one line of JSON.");
}

}  // namespace logboom::plugins
