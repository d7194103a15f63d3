#include <logboom/formatter.hpp>
#include <logboom/json.hpp>
#include <logboom/record_accessor.hpp>
#include <logboom/time_options.hpp>

#include <stdexcept>

namespace logboom::plugins {
namespace {

class CsvFormatter : public Formatter {
 public:
  struct Options {
    std::vector<std::string> fields;
    std::string delimiter = ",";
    bool force_quotes = true;
    bool add_newline = true;
    Newline newline = Newline::lf;

    static void describe(Describe<Options>& d) {
      d.param("fields", &Options::fields, "The fields in the order of the columns; `$.a.b` for a nested one.")
          .required();
      d.param("delimiter", &Options::delimiter, "Between two columns; `TAB` or `\\t` is a tab.");
      d.param("force_quotes", &Options::force_quotes, "Quote every field, not only those that need it.");
      d.param("add_newline", &Options::add_newline, "End each event with a line end.");
      d.choice("newline", &Options::newline, {{"lf", Newline::lf}, {"crlf", Newline::crlf}}, "The line end.");
    }
  };

  CsvFormatter(const Options& options, BuildContext& context)
      : options_(options), line_end_(options.add_newline ? to_text(options.newline) : "") {
    const Element& element = context.element();
    if (options_.delimiter == "TAB" || options_.delimiter == "\\t") options_.delimiter = "\t";
    if (options_.delimiter.empty()) throw error_at(element, "delimiter", "must not be empty: try `,`");
    if (options_.fields.empty()) throw error_at(element, "fields", "must name at least one field");
    for (const std::string& field : options_.fields) {
      try {
        fields_.push_back(RecordAccessor::compile(field));
      } catch (const std::invalid_argument& error) {
        throw error_at(element, "fields", error.what());
      }
    }
  }

  bool format(std::string_view, const Event& event, OutBuffer& out) override {
    bool first = true;
    for (const RecordAccessor& field : fields_) {
      if (!first) out.append(options_.delimiter);
      first = false;
      append(field.find(event.record), out);
    }
    out.append(line_end_);
    return true;
  }

 private:
  static ConfigError error_at(const Element& element, std::string_view key, const std::string& message) {
    const Attribute* attribute = element.find(key);
    return ConfigError(attribute != nullptr ? attribute->value_pos : element.pos, cat(key, ": ", message));
  }

  void append(const msgpack::Value& value, OutBuffer& out) {
    if (!value || value.type() == msgpack::Type::nil) {
      if (options_.force_quotes) out.append("\"\"");
      return;
    }
    if (value.is_text()) return append_field(value.text(), out);
    json_.clear();
    append_json(json_, value);
    append_field(json_.text(), out);
  }

  void append_field(std::string_view text, OutBuffer& out) const {
    if (!options_.force_quotes && !needs_quotes(text)) return out.append(text);
    out.append('"');
    for (std::size_t quote = 0; (quote = text.find('"')) != std::string_view::npos;) {
      out.append(text.substr(0, quote + 1));
      out.append('"');
      text.remove_prefix(quote + 1);
    }
    out.append(text);
    out.append('"');
  }

  bool needs_quotes(std::string_view text) const noexcept {
    return text.empty() || text.find_first_of("\"\r\n") != std::string_view::npos ||
           text.find(options_.delimiter) != std::string_view::npos;
  }

  Options options_;
  std::string_view line_end_;
  std::vector<RecordAccessor> fields_;
  OutBuffer json_;
};

}  // namespace

PluginInfo formatter_csv() {
  return describe_plugin<CsvFormatter>(PluginKind::formatter, "csv", "Comma-separated values of chosen fields.");
}

}  // namespace logboom::plugins
