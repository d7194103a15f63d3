#include <logboom/formatter.hpp>
#include <logboom/json.hpp>
#include <logboom/time_options.hpp>

namespace logboom::plugins {
namespace {

class TsvFormatter : public Formatter {
 public:
  struct Options {
    std::vector<std::string> keys;
    std::string delimiter = "\t";
    std::string replacement = " ";
    bool add_newline = true;
    Newline newline = Newline::lf;

    static void describe(Describe<Options>& d) {
      d.param("keys", &Options::keys, "The fields in the order of the columns.").required();
      d.param("delimiter", &Options::delimiter, "Between two columns.");
      d.param("replacement", &Options::replacement, "In place of the delimiter and of line ends within values.");
      d.param("add_newline", &Options::add_newline, "End each event with a line end.");
      d.choice("newline", &Options::newline, {{"lf", Newline::lf}, {"crlf", Newline::crlf}}, "The line end.");
    }
  };

  TsvFormatter(const Options& options, BuildContext&)
      : options_(options), line_end_(options.add_newline ? to_text(options.newline) : ""), special_("\r\n") {
    if (!options_.delimiter.empty()) special_ += options_.delimiter[0];
  }

  bool format(std::string_view, const Event& event, OutBuffer& out) override {
    bool first = true;
    for (const std::string& key : options_.keys) {
      if (!first) out.append(options_.delimiter);
      first = false;
      if (const msgpack::Value value = event.record.find(key)) append(value, out);
    }
    out.append(line_end_);
    return true;
  }

 private:
  void append(const msgpack::Value& value, OutBuffer& out) {
    if (value.is_text()) return append_safe(value.text(), out);
    if (value.type() == msgpack::Type::nil) return;
    json_.clear();
    append_json(json_, value);
    append_safe(json_.text(), out);
  }

  void append_safe(std::string_view text, OutBuffer& out) const {
    for (std::size_t at = 0; (at = text.find_first_of(special_, at)) != std::string_view::npos;) {
      const std::size_t length = separator_at_start(text.substr(at));
      if (length == 0) {
        ++at;
        continue;
      }
      out.append(text.substr(0, at));
      out.append(options_.replacement);
      text.remove_prefix(at + length);
      at = 0;
    }
    out.append(text);
  }

  /// A line end is replaced as one, whether it is of one character or two.
  std::size_t separator_at_start(std::string_view text) const noexcept {
    if (!options_.delimiter.empty() && text.starts_with(options_.delimiter)) return options_.delimiter.size();
    if (text.starts_with("\r\n")) return 2;
    return text[0] == '\r' || text[0] == '\n' ? 1 : 0;
  }

  Options options_;
  std::string_view line_end_;
  std::string special_;  // what may begin a separator
  OutBuffer json_;
};

}  // namespace

PluginInfo formatter_tsv() {
  return describe_plugin<TsvFormatter>(PluginKind::formatter, "tsv", "Values of chosen fields with tabs between them.");
}

}  // namespace logboom::plugins
