#include <logboom/formatter.hpp>
#include <logboom/json.hpp>
#include <logboom/time_options.hpp>

#include <charconv>

namespace logboom::plugins {
namespace {

enum class TimeType : std::uint8_t { text, unixtime, floating };

class OutFileFormatter : public Formatter {
 public:
  struct Options : TimeOptions {
    bool output_time = true;
    bool output_tag = true;
    std::string delimiter = "TAB";
    TimeType time_type = TimeType::text;
    Newline newline = Newline::lf;
    InvalidUtf8 invalid_utf8 = InvalidUtf8::replace;

    static void describe(Describe<Options>& d) {
      d.param("output_time", &Options::output_time, "Begin with the time.");
      d.param("output_tag", &Options::output_tag, "Put the tag before the record.");
      d.param("delimiter", &Options::delimiter, "TAB, SPACE or COMMA, between time, tag and record.");
      d.choice("time_type", &Options::time_type,
               {{"string", TimeType::text}, {"unixtime", TimeType::unixtime}, {"float", TimeType::floating}},
               "The time as text in time_format, as whole seconds since 1970, or as seconds with a fraction.");
      describe_time(d);
      d.choice("newline", &Options::newline, {{"lf", Newline::lf}, {"crlf", Newline::crlf}}, "The line end.");
      d.choice("invalid_utf8", &Options::invalid_utf8, {{"replace", InvalidUtf8::replace}, {"raw", InvalidUtf8::raw}},
               "Bytes that are not UTF-8: U+FFFD in their place, or as they are (then a line may be no valid JSON).");
    }
  };

  OutFileFormatter(const Options& options, BuildContext& context)
      : options_(options),
        json_{options.invalid_utf8},
        delimiter_(delimiter_of(options.delimiter, context)),
        times_(options.formatter(context.element())) {}

  bool format(std::string_view tag, const Event& event, OutBuffer& out) override {
    if (options_.output_time) {
      append_time(event.time, out);
      out.append(delimiter_);
    }
    if (options_.output_tag) {
      out.append(tag);
      out.append(delimiter_);
    }
    append_json(out, event.record.value(), json_);
    out.append(to_text(options_.newline));
    return true;
  }

 private:
  static char delimiter_of(const std::string& word, BuildContext& context) {
    if (word == "SPACE" || word == "space" || word == " ") return ' ';
    if (word == "COMMA" || word == "comma" || word == ",") return ',';
    if (word != "TAB" && word != "tab" && word != "\t") {
      const Attribute* attribute = context.element().find("delimiter");
      context.warn(attribute != nullptr ? attribute->value_pos : context.element().pos,
                   cat("delimiter is one of TAB, SPACE and COMMA; \"", word, "\" is taken as TAB"));
    }
    return '\t';
  }

  void append_time(EventTime time, OutBuffer& out) {
    switch (options_.time_type) {
      case TimeType::text:
        text_.clear();
        times_.append(text_, time);
        return out.append(text_);
      case TimeType::unixtime: {
        char* at = out.reserve(20);
        return out.commit(static_cast<std::size_t>(std::to_chars(at, at + 20, time.sec).ptr - at));
      }
      case TimeType::floating:
        return append_json_number(out, static_cast<double>(time.sec) + static_cast<double>(time.nsec) / 1e9);
    }
  }

  Options options_;
  JsonOptions json_;
  char delimiter_;
  TimeFormatter times_;
  std::string text_;
};

}  // namespace

PluginInfo formatter_out_file() {
  return describe_plugin<OutFileFormatter>(PluginKind::formatter, "out_file", "Time, tag and the record as JSON.");
}

}  // namespace logboom::plugins
