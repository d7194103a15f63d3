#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <logboom/parser_fields.hpp>

#include "expander.hpp"

namespace logboom::plugins {
namespace {

using grok::Expanded;
using grok::Expander;

constexpr std::uintmax_t largest_file = std::uintmax_t{4} << 20;

/// One grok expression, ready to parse.
class GrokExpression {
 public:
  /// `number`: its place among others; it stands for a name that is empty.
  GrokExpression(const Expander& expander, std::string name, std::size_t number, const std::string& pattern,
                 const ParserOptions& options, const Element& element, std::string_view parameter, bool multiline)
      : has_name_(!name.empty()),
        number_(number),
        name_(has_name_ ? std::move(name) : std::to_string(number)),
        expanded_(expand(expander, pattern, element, parameter)),
        regexp_(compile(options, element, parameter, multiline)),
        fields_(with_types(options), element) {
    for (const Regexp::NamedGroup& group : regexp_.named_groups()) {
      const auto field = expanded_.fields.find(group.name);
      groups_.push_back({&group, field == expanded_.fields.end() ? group.name : field->second});
    }
  }

  const std::string& name() const noexcept { return name_; }
  SearchResult search(std::string_view text) { return regexp_.search(text, region_); }
  /// The fields of the last match.
  bool write(std::string_view name_key, ParsedSink& sink, std::string& error) {
    fields_.reset();
    fields_.begin();
    for (const Group& group : groups_) {
      if (const auto text = regexp_.group(region_, group.named->name)) fields_.text(group.field, *text);
    }
    if (!name_key.empty() && has_name_) fields_.text(name_key, name_);
    if (!name_key.empty() && !has_name_) fields_.integer(name_key, static_cast<std::int64_t>(number_));
    if (!fields_.end(error)) return false;
    fields_.deliver(sink);
    return true;
  }

 private:
  struct Group {
    const Regexp::NamedGroup* named;
    std::string field;
  };

  static Expanded expand(const Expander& expander, const std::string& pattern, const Element& element,
                         std::string_view parameter) {
    try {
      return expander.expand(pattern);
    } catch (const std::invalid_argument& error) {
      throw ConfigError(element.find(parameter)->value_pos, std::string(error.what()));
    }
  }
  Regexp compile(const ParserOptions& options, const Element& element, std::string_view parameter, bool multiline) {
    RegexpLimits limits;
    if (options.timeout) limits.duration = *options.timeout;
    Regexp::Flags flags;
    flags.multiline = multiline;
    try {
      return Regexp::compile(expanded_.regexp, flags, limits);
    } catch (const std::invalid_argument& error) {
      throw ConfigError(element.find(parameter)->value_pos, cat(parameter, ": ", std::string_view(error.what())));
    }
  }
  ParserOptions with_types(ParserOptions options) const {
    for (const auto& type : expanded_.types) {
      const auto same = [&](const auto& given) { return given.first == type.first; };
      if (std::none_of(options.types.begin(), options.types.end(), same)) options.types.push_back(type);
    }
    return options;
  }

  bool has_name_;
  std::size_t number_;
  std::string name_;
  Expanded expanded_;
  Regexp regexp_;
  MatchRegion region_;
  FieldWriter fields_;
  std::vector<Group> groups_;
};

class GrokParser : public Parser {
 public:
  struct GrokSection : ParserOptions {
    GrokSection() { time_key = "time"; }
    std::string pattern;
    std::string name;
    static void describe(Describe<GrokSection>& d) {
      d.param("pattern", &GrokSection::pattern, "The grok expression.").required();
      d.param("name", &GrokSection::name, "What grok_name_key says of it; else its number, from 0 on.");
      describe_parser(d);
    }
  };
  struct Options : ParserOptions {
    Options() { time_key = "time"; }
    std::string grok_pattern;
    std::string custom_pattern_path;
    std::string grok_failure_key;
    std::string grok_name_key;
    std::optional<config_value::Regexp> multiline_start_regexp;
    std::vector<GrokSection> grok;

    static void describe(Describe<Options>& d) {
      d.param("grok_pattern", &Options::grok_pattern, "The grok expression; or give <grok> sections.");
      d.param("custom_pattern_path", &Options::custom_pattern_path,
              "A file with patterns of your own, or a folder of such files: lines `NAME regexp`.");
      d.param("grok_failure_key", &Options::grok_failure_key,
              "A field that says so where nothing matched; the text is in `message`.");
      d.param("grok_name_key", &Options::grok_name_key, "A field for the name of what matched.");
      d.param("multiline_start_regexp", &Options::multiline_start_regexp,
              "The first line of a record that has several; `.` then matches line ends.")
          .alias("multi_line_start_regexp");
      d.section("grok", &Options::grok, "Several expressions, tried in turn, each with parameters of its own.");
      describe_parser(d);
    }
  };

  GrokParser(const Options& options, BuildContext& context)
      : failure_key_(options.grok_failure_key),
        name_key_(options.grok_name_key),
        unmatched_(ParserOptions(), context.element()) {
    const Element& element = context.element();
    Expander expander;
    if (!options.custom_pattern_path.empty()) read_patterns(options.custom_pattern_path, element, expander);
    if (options.multiline_start_regexp) compile_start(*options.multiline_start_regexp, element);
    const Attribute* type = element.find("@type");
    const bool multiline = start_.has_value() || (type != nullptr && type->value == "multiline_grok");
    if (!options.grok_pattern.empty()) {
      expressions_.emplace_back(expander, "grok_pattern", 0, options.grok_pattern, options, element, "grok_pattern",
                                multiline);
      return;
    }
    const std::vector<const Element*> sections = element.sections("grok");
    for (std::size_t i = 0; i < options.grok.size(); ++i) {
      const GrokSection& section = options.grok[i];
      expressions_.emplace_back(expander, section.name, i, section.pattern, section, *sections[i], "pattern",
                                multiline);
    }
    if (expressions_.empty()) throw ConfigError(element.pos, "grok needs a grok_pattern, or <grok> sections");
  }

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    for (GrokExpression& expression : expressions_) {
      const SearchResult result = expression.search(text);
      if (result == SearchResult::match) return expression.write(name_key_, sink, error);
      if (result == SearchResult::limit_exceeded) {
        error = cat("grok gave up: the text takes the pattern ", expression.name(), " too many steps");
        return false;
      }
    }
    unmatched_.reset();
    unmatched_.begin();
    unmatched_.text("message", text);
    if (!failure_key_.empty()) unmatched_.text(failure_key_, "No grok pattern matched");
    if (!unmatched_.end(error)) return false;
    unmatched_.deliver(sink);
    return true;
  }

  std::optional<bool> starts_record(std::string_view line) override {
    if (!start_) return std::nullopt;
    return start_->search(line, region_) == SearchResult::match;
  }

 private:
  void compile_start(const config_value::Regexp& regexp, const Element& element) {
    try {
      start_ = Regexp::compile(regexp.source, {regexp.ignore_case, regexp.multiline, regexp.extended});
    } catch (const std::invalid_argument& error) {
      const Attribute* attribute = element.find("multiline_start_regexp");
      if (attribute == nullptr) attribute = element.find("multi_line_start_regexp");
      throw ConfigError(attribute->value_pos, std::string(error.what()));
    }
  }

  static void read_patterns(const std::string& path, const Element& element, Expander& expander) {
    namespace fs = std::filesystem;
    const auto fail = [&](std::string message) {
      throw ConfigError(element.find("custom_pattern_path")->value_pos, std::move(message));
    };
    std::vector<fs::path> files;
    std::error_code code;
    if (fs::is_directory(path, code)) {
      for (const fs::directory_entry& entry : fs::directory_iterator(path, code)) {
        if (entry.is_regular_file(code)) files.push_back(entry.path());
      }
      std::sort(files.begin(), files.end());
    } else {
      files.emplace_back(path);
    }
    for (const fs::path& file : files) {
      std::ifstream in(file, std::ios::binary);
      std::ostringstream text;
      const std::uintmax_t size = fs::file_size(file, code);
      if (!in || code) fail(cat(file.string(), " can't be read"));
      if (size > largest_file) fail(cat(file.string(), " is larger than 4 MiB: is it a file of patterns?"));
      text << in.rdbuf();
      try {
        expander.add(text.str());
      } catch (const std::invalid_argument& error) {
        fail(cat(file.string(), ", ", std::string_view(error.what())));
      }
    }
  }

  std::string failure_key_;
  std::string name_key_;
  FieldWriter unmatched_;
  std::vector<GrokExpression> expressions_;
  std::optional<Regexp> start_;
  MatchRegion region_;
};

}  // namespace

PluginInfo parser_grok() {
  return describe_plugin<GrokParser>(PluginKind::parser, "grok", "Grok patterns such as %{COMBINEDAPACHELOG}.",
                                     {"multiline_grok"});
}

}  // namespace logboom::plugins
