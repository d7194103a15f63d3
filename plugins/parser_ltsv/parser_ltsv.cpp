#include <logboom/parser_fields.hpp>
#include <logboom/regexp_fields.hpp>

#include <stdexcept>

namespace logboom::plugins {
namespace {

class LtsvParser : public Parser {
 public:
  struct Options : ParserOptions {
    Options() { time_key = "time"; }
    std::string delimiter = "\t";
    std::optional<config_value::Regexp> delimiter_pattern;
    std::string label_delimiter = ":";

    static void describe(Describe<Options>& d) {
      d.param("delimiter", &Options::delimiter, "Between two fields; a blank: any white space.");
      d.param("delimiter_pattern", &Options::delimiter_pattern, "A regular expression in place of delimiter.");
      d.param("label_delimiter", &Options::label_delimiter, "Between a field's label and its value.");
      describe_parser(d);
    }
  };

  LtsvParser(const Options& options, BuildContext& context)
      : delimiter_(options.delimiter),
        label_delimiter_(options.label_delimiter),
        pattern_(compile(options, context.element())),
        fields_(options, context.element()) {
    for (const char* key : {"delimiter", "label_delimiter"}) {
      const Attribute* attribute = context.element().find(key);
      if (attribute != nullptr && attribute->value.empty()) throw ConfigError(attribute->value_pos, "it is empty");
    }
  }

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    fields_.reset();
    fields_.begin();
    while (!text.empty()) {
      std::string_view field = text;
      if (!cut(text, field, error)) return false;
      const std::size_t colon = field.find(label_delimiter_);
      if (colon == std::string_view::npos) continue;
      fields_.text(field.substr(0, colon), field.substr(colon + label_delimiter_.size()));
    }
    if (!fields_.end(error)) return false;
    fields_.deliver(sink);
    return true;
  }

 private:
  static std::optional<Regexp> compile(const Options& options, const Element& element) {
    if (!options.delimiter_pattern) return std::nullopt;
    const config_value::Regexp& pattern = *options.delimiter_pattern;
    try {
      return Regexp::compile(pattern.source, {pattern.ignore_case, pattern.multiline, pattern.extended});
    } catch (const std::invalid_argument& error) {
      throw ConfigError(element.find("delimiter_pattern")->value_pos, error.what());
    }
  }

  /// Moves the first field from `text` to `field`.
  bool cut(std::string_view& text, std::string_view& field, std::string& error) {
    std::size_t at = std::string_view::npos, length = delimiter_.size();
    if (pattern_) {
      const SearchResult result = pattern_->search(text, region_);
      if (result == SearchResult::limit_exceeded) {
        error = search_failure(result);
        return false;
      }
      if (result == SearchResult::match && !region_.group(0)->empty()) {
        at = *region_.begin(0);
        length = region_.group(0)->size();
      }
    } else {
      at = delimiter_ == " " ? text.find_first_of(" \t\n\v\f\r") : text.find(delimiter_);
    }
    field = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + length);
    return true;
  }

  std::string delimiter_;
  std::string label_delimiter_;
  std::optional<Regexp> pattern_;
  MatchRegion region_;
  FieldWriter fields_;
};

}  // namespace

PluginInfo parser_ltsv() {
  return describe_plugin<LtsvParser>(PluginKind::parser, "ltsv", "Labelled values with tabs between them (ltsv.org).");
}

}  // namespace logboom::plugins
