#include <logboom/formatter.hpp>
#include <logboom/json.hpp>
#include <logboom/time_options.hpp>

#include <array>

namespace logboom::plugins {
namespace {

class LtsvFormatter : public Formatter {
 public:
  struct Options {
    std::string delimiter = "\t";
    std::string label_delimiter = ":";
    std::string replacement = " ";
    bool add_newline = true;
    Newline newline = Newline::lf;

    static void describe(Describe<Options>& d) {
      d.param("delimiter", &Options::delimiter, "Between two fields.");
      d.param("label_delimiter", &Options::label_delimiter, "Between a field's label and its value.");
      d.param("replacement", &Options::replacement,
              "In place of the delimiter and of line ends within labels and values.");
      d.param("add_newline", &Options::add_newline, "End each event with a line end.");
      d.choice("newline", &Options::newline, {{"lf", Newline::lf}, {"crlf", Newline::crlf}}, "The line end.");
    }
  };

  LtsvFormatter(const Options& options, BuildContext&)
      : options_(options), line_end_(options.add_newline ? to_text(options.newline) : "") {
    special_[static_cast<unsigned char>('\r')] = special_[static_cast<unsigned char>('\n')] = true;
    if (!options_.delimiter.empty()) special_[static_cast<unsigned char>(options_.delimiter[0])] = true;
  }

  bool format(std::string_view, const Event& event, OutBuffer& out) override {
    bool first = true;
    event.record.for_each([&](const msgpack::Value& key, const msgpack::Value& value) {
      if (!first) out.append(options_.delimiter);
      first = false;
      append(key, out);
      out.append(options_.label_delimiter);
      append(value, out);
    });
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
    for (;;) {
      std::size_t at = 0;
      while (at != text.size() && !special_[static_cast<unsigned char>(text[at])]) ++at;
      out.append(text.substr(0, at));
      if (at == text.size()) return;
      text.remove_prefix(at);
      const std::size_t length = separator_at_start(text);
      out.append(length != 0 ? std::string_view(options_.replacement) : text.substr(0, 1));
      text.remove_prefix(length != 0 ? length : 1);
    }
  }

  /// A line end is replaced as one, whether it is of one character or two.
  std::size_t separator_at_start(std::string_view text) const noexcept {
    if (!options_.delimiter.empty() && text.starts_with(options_.delimiter)) return options_.delimiter.size();
    if (text.starts_with("\r\n")) return 2;
    return text[0] == '\r' || text[0] == '\n' ? 1 : 0;
  }

  Options options_;
  std::array<bool, 256> special_{};  // what may begin a separator
  std::string_view line_end_;
  OutBuffer json_;
};

}  // namespace

PluginInfo formatter_ltsv() {
  return describe_plugin<LtsvFormatter>(PluginKind::formatter, "ltsv",
                                        "Labelled values with tabs between them (ltsv.org).");
}

}  // namespace logboom::plugins
