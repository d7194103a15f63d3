#include <logboom/formatter.hpp>
#include <logboom/json.hpp>
#include <logboom/time_options.hpp>

namespace logboom::plugins {
namespace {

class StdoutFormatter : public Formatter {
 public:
  struct Options : TimeOptions {
    std::string output_type = "json";
    std::string json_parser = "oj";
    Newline newline = Newline::lf;
    InvalidUtf8 invalid_utf8 = InvalidUtf8::replace;

    Options() { time_format = "%Y-%m-%d %H:%M:%S.%N %z"; }

    static void describe(Describe<Options>& d) {
      d.param("output_type", &Options::output_type,
              "How the record is printed: json, or another formatter's name, such as hash.");
      d.param("json_parser", &Options::json_parser, "Accepted for Fluentd's sake, without effect.");
      describe_time(d);
      d.choice("newline", &Options::newline, {{"lf", Newline::lf}, {"crlf", Newline::crlf}}, "The line end.");
      d.choice("invalid_utf8", &Options::invalid_utf8, {{"replace", InvalidUtf8::replace}, {"raw", InvalidUtf8::raw}},
               "Bytes that are not UTF-8: U+FFFD in their place, or as they are (then a line may be no valid JSON).");
    }
  };

  StdoutFormatter(const Options& options, BuildContext& context)
      : json_{options.invalid_utf8}, line_end_(to_text(options.newline)), times_(options.formatter(context.element())) {
    if (options.json_parser != Options().json_parser) {
      context.warn(context.element().find("json_parser")->key_pos,
                   "json_parser has no effect: JSON is written in one way");
    }
    if (options.output_type == "json") return;
    const Attribute* attribute = context.element().find("output_type");
    try {
      record_ = context.formatter({options.output_type, nullptr})();
    } catch (const ConfigError& error) {
      throw ConfigError(attribute->value_pos, cat("output_type: ", error.message()));
    }
  }

  bool format(std::string_view tag, const Event& event, OutBuffer& out) override {
    const std::size_t before = out.size();
    head_.clear();
    times_.append(head_, event.time);
    out.append(head_);
    out.append(' ');
    out.append(tag);
    out.append(": ");
    if (record_ == nullptr) {
      append_json(out, event.record.value(), json_);
    } else if (record_->format(tag, event, out)) {
      while (out.text().ends_with('\n') || out.text().ends_with('\r')) out.truncate(out.size() - 1);
    } else {
      out.truncate(before);
      return false;
    }
    out.append(line_end_);
    return true;
  }

 private:
  JsonOptions json_;
  std::string_view line_end_;
  TimeFormatter times_;
  std::string head_;
  std::unique_ptr<Formatter> record_;  // null: JSON
};

}  // namespace

PluginInfo formatter_stdout() {
  return describe_plugin<StdoutFormatter>(PluginKind::formatter, "stdout", "Time, tag and the record for human eyes.");
}

}  // namespace logboom::plugins
