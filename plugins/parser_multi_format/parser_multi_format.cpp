#include <logboom/parser.hpp>

#include <algorithm>

namespace logboom::plugins {
namespace {

class MultiFormatParser : public Parser {
 public:
  struct Options {
    std::vector<PluginSection> patterns;

    static void describe(Describe<Options>& d) {
      d.plugin(
          "pattern", &Options::patterns, PluginKind::parser,
          "One format, named by `format` or `@type`, with that parser's parameters; the first that matches counts.");
    }
  };

  MultiFormatParser(const Options& options, BuildContext& context) {
    for (const PluginSection& pattern : options.patterns) {
      const Element element = with_type(*pattern.element);
      parsers_.push_back(context.parser({element.find("@type")->value, &element})());
    }
    if (parsers_.empty()) throw ConfigError(context.element().pos, "multi_format needs a <pattern> for each format");
  }

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    for (const auto& parser : parsers_) {
      if (!parser->parse(text, sink, error)) continue;
      error.clear();
      return true;
    }
    error = cat("no pattern matches; the last one: ", error);
    return false;
  }

 private:
  /// The section as a `<parse>` one would be: `format` names the type, or is a regular expression itself.
  static Element with_type(const Element& pattern) {
    Element element = pattern;
    const auto format = std::find_if(element.attributes.begin(), element.attributes.end(),
                                     [](const Attribute& attribute) { return attribute.key == "format"; });
    if (element.find("@type") == nullptr && format != element.attributes.end()) {
      format->key = "@type";
      if (format->value.starts_with('/')) {
        Attribute expression = *format;
        expression.key = "expression";
        format->value = "regexp";
        element.attributes.push_back(std::move(expression));
      }
    }
    if (element.find("@type") == nullptr) {
      throw ConfigError(element.pos, "<pattern> needs a `format`, such as json or none");
    }
    return element;
  }

  std::vector<std::unique_ptr<Parser>> parsers_;
};

}  // namespace

PluginInfo parser_multi_format() {
  return describe_plugin<MultiFormatParser>(PluginKind::parser, "multi_format",
                                            "The first of several formats that fits.");
}

}  // namespace logboom::plugins
