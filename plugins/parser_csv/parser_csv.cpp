#include <logboom/parser_fields.hpp>

#include "csv_row.hpp"

namespace logboom::plugins {
namespace {

enum class Engine : bool { normal, fast };

class CsvParser : public Parser {
 public:
  struct Options : ParserOptions {
    std::vector<std::string> keys;
    std::string delimiter = ",";
    Engine parser_engine = Engine::normal;

    static void describe(Describe<Options>& d) {
      d.param("keys", &Options::keys, "The names of the fields, in the order of the columns.").required();
      d.param("delimiter", &Options::delimiter, "Between two columns.");
      d.choice("parser_engine", &Options::parser_engine, {{"normal", Engine::normal}, {"fast", Engine::fast}},
               "normal: quotes as RFC 4180 has them, anything else is refused; fast: any text is taken somehow.")
          .alias("parser_type");
      describe_parser(d);
    }
  };

  CsvParser(const Options& options, BuildContext& context)
      : keys_(options.keys),
        is_fast_(options.parser_engine == Engine::fast),
        row_(options.delimiter),
        fields_(options, context.element()) {
    const Attribute* attribute = context.element().find("delimiter");
    if (options.delimiter.empty()) throw ConfigError(attribute->value_pos, "the delimiter is empty");
  }

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    fields_.reset();
    fields_.begin();
    if (!(is_fast_ ? fast(text) : normal(text, error)) || !fields_.end(error)) return false;
    fields_.deliver(sink);
    return true;
  }

 private:
  bool normal(std::string_view text, std::string& error) {
    if (text.empty()) {
      error = "no CSV: the text is empty";
      return false;
    }
    row_.start(text);
    for (const std::string& key : keys_) {
      switch (row_.next()) {
        case CsvRow::Column::text: fields_.text(key, row_.text()); break;
        case CsvRow::Column::empty: fields_.null(key); break;
        case CsvRow::Column::malformed: error = cat("no CSV: ", row_.problem()); return false;
      }
    }
    // What has no name must be right all the same.
    while (!row_.done()) {
      if (row_.next() != CsvRow::Column::malformed) continue;
      error = cat("no CSV: ", row_.problem());
      return false;
    }
    return true;
  }

  /// Columns that are not there are left out.
  bool fast(std::string_view text) {
    row_.start_fast(text);
    for (const std::string& key : keys_) {
      if (row_.done()) break;
      if (row_.next_fast() == CsvRow::Column::empty) {
        fields_.null(key);
      } else {
        fields_.text(key, row_.text());
      }
    }
    return true;
  }

  std::vector<std::string> keys_;
  bool is_fast_;
  CsvRow row_;
  FieldWriter fields_;
};

}  // namespace

PluginInfo parser_csv() { return describe_plugin<CsvParser>(PluginKind::parser, "csv", "Comma-separated values."); }

}  // namespace logboom::plugins
