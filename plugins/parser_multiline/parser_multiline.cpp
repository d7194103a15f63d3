#include <logboom/regexp_fields.hpp>

#include <array>
#include <stdexcept>

namespace logboom::plugins {
namespace {

/// What is between the slashes of `/…/`.
std::string_view between_slashes(std::string_view text, std::string_view key, const Element& element) {
  if (text.size() >= 2 && text.starts_with('/') && text.ends_with('/')) return text.substr(1, text.size() - 2);
  throw ConfigError(element.find(key)->value_pos, cat(key, " is a regular expression between slashes: /…/"));
}

class MultilineParser : public Parser {
 public:
  struct Options : ParserOptions {
    Options() { time_key = "time"; }
    std::string format_firstline;
    std::string format1, format2, format3, format4, format5, format6, format7, format8, format9, format10, format11,
        format12, format13, format14, format15, format16, format17, format18, format19, format20;
    using Formats = std::array<std::string Options::*, 20>;
    static constexpr Formats formats() {
      return {&Options::format1,  &Options::format2,  &Options::format3,  &Options::format4,  &Options::format5,
              &Options::format6,  &Options::format7,  &Options::format8,  &Options::format9,  &Options::format10,
              &Options::format11, &Options::format12, &Options::format13, &Options::format14, &Options::format15,
              &Options::format16, &Options::format17, &Options::format18, &Options::format19, &Options::format20};
    }

    static void describe(Describe<Options>& d) {
      d.param("format_firstline", &Options::format_firstline,
              "A regular expression, /…/, for the first line of a record; it decides where one record ends.");
      d.param("format1", &Options::format1,
              "A regular expression, /…/, with named groups for fields; it stands for one line or several.");
      for (std::size_t i = 1; i < formats().size(); ++i) {
        d.param(cat("format", i + 1), formats()[i], cat("The same for what is behind that of format", i, "."));
      }
      describe_parser(d);
    }
  };

  MultilineParser(const Options& options, BuildContext& context)
      : fields_(joined(options, context.element()), context.element(), "format1") {
    if (options.format_firstline.empty()) return;
    const std::string_view pattern = between_slashes(options.format_firstline, "format_firstline", context.element());
    try {
      first_line_ = Regexp::compile(pattern);
    } catch (const std::invalid_argument& error) {
      throw ConfigError(context.element().find("format_firstline")->value_pos, error.what());
    }
  }

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    return fields_.parse(text, sink, error);
  }

  std::optional<bool> starts_record(std::string_view line) override {
    if (!first_line_) return std::nullopt;
    return first_line_->search(line, region_) == SearchResult::match;
  }

 private:
  /// All formats as one expression in which `.` matches a line end.
  static RegexpOptions joined(const Options& options, const Element& element) {
    RegexpOptions out;
    static_cast<ParserOptions&>(out) = options;
    out.multiline = true;
    std::size_t missing = 0;
    for (std::size_t i = 0; i < Options::formats().size(); ++i) {
      const std::string& format = options.*Options::formats()[i];
      const std::string key = cat("format", i + 1);
      if (format.empty()) {
        missing = missing == 0 ? i + 1 : missing;
        continue;
      }
      if (missing != 0) {
        throw ConfigError(element.find(key)->key_pos, cat(key, " is there, but format", missing, " is missing"));
      }
      out.expression.source += between_slashes(format, key, element);
    }
    return out;
  }

  RegexpFields fields_;
  std::optional<Regexp> first_line_;
  MatchRegion region_;
};

}  // namespace

PluginInfo parser_multiline() {
  return describe_plugin<MultilineParser>(PluginKind::parser, "multiline",
                                          "Records of several lines, by regular expressions.");
}

}  // namespace logboom::plugins
