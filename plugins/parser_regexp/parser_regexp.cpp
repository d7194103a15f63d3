#include <logboom/parser_fields.hpp>

#include <algorithm>
#include <stdexcept>

namespace logboom::plugins {
namespace {

/// About the time of one step back in a search.
constexpr std::chrono::nanoseconds per_retry{10};

class RegexpParser : public Parser {
 public:
  struct Options : ParserOptions {
    Options() { time_key = "time"; }
    config_value::Regexp expression;
    bool ignorecase = false;
    bool multiline = false;

    static void describe(Describe<Options>& d) {
      d.param("expression", &Options::expression,
              "The regular expression, in Ruby's syntax, whose named groups are the record's fields.")
          .required();
      d.param("ignorecase", &Options::ignorecase, "The same as /…/i.");
      d.param("multiline", &Options::multiline, "The same as /…/m: `.` matches a line end too.");
      describe_parser(d);
    }
  };

  RegexpParser(const Options& options, BuildContext& context)
      : regexp_(compile(options, context.element())), fields_(options, context.element()) {}

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    switch (regexp_.search(text, region_)) {
      case SearchResult::match: break;
      case SearchResult::no_match: error = "the text does not match the regexp"; return false;
      case SearchResult::limit_exceeded: error = "regexp gave up: the text takes it too many steps"; return false;
    }
    fields_.reset();
    fields_.begin();
    for (const Regexp::NamedGroup& group : regexp_.named_groups()) {
      if (const auto value = last_of(group)) fields_.text(group.name, *value);
    }
    if (!fields_.end(error)) return false;
    fields_.deliver(sink);
    return true;
  }

 private:
  static Regexp compile(const Options& options, const Element& element) {
    const Attribute* attribute = element.find("expression");
    const SourcePos pos = attribute != nullptr ? attribute->value_pos : element.pos;
    Regexp::Flags flags;
    flags.ignore_case = options.expression.ignore_case || options.ignorecase;
    flags.multiline = options.expression.multiline || options.multiline;
    flags.extended = options.expression.extended;
    RegexpLimits limits;
    if (options.timeout) {
      const auto retries = static_cast<unsigned long>(std::max<std::int64_t>(*options.timeout / per_retry, 1));
      limits.retries_in_search = retries;
      limits.retries_in_match = retries;
    }
    try {
      Regexp regexp = Regexp::compile(options.expression.source, flags, limits);
      if (regexp.named_groups().empty()) {
        throw ConfigError(pos, "the expression has no named groups; write (?<name>…) for each field");
      }
      return regexp;
    } catch (const std::invalid_argument& error) {
      throw ConfigError(pos, error.what());
    }
  }

  /// Of several groups of one name the last that took part counts.
  std::optional<std::string_view> last_of(const Regexp::NamedGroup& group) const {
    for (auto number = group.numbers.rbegin(); number != group.numbers.rend(); ++number) {
      if (const auto text = region_.group(*number)) return text;
    }
    return std::nullopt;
  }

  Regexp regexp_;
  MatchRegion region_;
  FieldWriter fields_;
};

}  // namespace

PluginInfo parser_regexp() {
  return describe_plugin<RegexpParser>(PluginKind::parser, "regexp", "The named groups of a regular expression.");
}

}  // namespace logboom::plugins
