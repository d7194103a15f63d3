#include <logboom/parser_fields.hpp>

#include <algorithm>

namespace logboom::plugins {
namespace {

class TsvParser : public Parser {
 public:
  struct Options : ParserOptions {
    std::vector<std::string> keys;
    std::string delimiter = "\t";

    static void describe(Describe<Options>& d) {
      d.param("keys", &Options::keys, "The names of the fields, in the order of the columns; the last gets the rest.")
          .required();
      d.param("delimiter", &Options::delimiter, "Between two columns; a blank: any white space.");
      describe_parser(d);
    }
  };

  TsvParser(const Options& options, BuildContext& context)
      : keys_(options.keys), delimiter_(options.delimiter), fields_(options, context.element()) {
    const Attribute* attribute = context.element().find("delimiter");
    if (delimiter_.empty()) throw ConfigError(attribute->value_pos, "the delimiter is empty");
  }

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    fields_.reset();
    fields_.begin();
    bool done = text.empty();
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (delimiter_ == " ") {
        text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
        done = done || text.empty();
      }
      if (done) {
        fields_.null(keys_[i]);
      } else if (i + 1 == keys_.size()) {
        fields_.text(keys_[i], text);
      } else {
        const std::size_t at = delimiter_ == " " ? text.find_first_of(space) : text.find(delimiter_);
        fields_.text(keys_[i], text.substr(0, at));
        done = at == std::string_view::npos;
        if (!done) text.remove_prefix(at + delimiter_.size());
      }
    }
    if (!fields_.end(error)) return false;
    fields_.deliver(sink);
    return true;
  }

 private:
  static constexpr std::string_view space = " \t\n\v\f\r";

  std::vector<std::string> keys_;
  std::string delimiter_;
  FieldWriter fields_;
};

}  // namespace

PluginInfo parser_tsv() { return describe_plugin<TsvParser>(PluginKind::parser, "tsv", "Tab-separated values."); }

}  // namespace logboom::plugins
