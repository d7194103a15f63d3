#include <logboom/access_log.hpp>
#include <logboom/regexp_fields.hpp>

#include <charconv>

namespace logboom::plugins {
namespace {

/// Of https://docs.fluentd.org/parser/apache2.
constexpr std::string_view expression =
    R"re(^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>(?:[^\"]|\\.)*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>(?:[^\"]|\\.)*)" "(?<agent>(?:[^\"]|\\.)*)")?$)re";
constexpr std::string_view time_format = "%d/%b/%Y:%H:%M:%S %z";

/// The number that a text begins with, else 0.
std::int64_t leading_number(std::string_view text) noexcept {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

class Apache2Parser : public Parser {
 public:
  struct Options : ParserOptions {
    static void describe(Describe<Options>& d) { describe_parser(d); }
  };

  Apache2Parser(const Options& options, BuildContext& context)
      : keep_time_(options.keep_time_key),
        regexp_(Regexp::compile(expression)),
        fields_(with_fixed_time(options), context.element()) {}

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    AccessLine line;
    if (!scan_access_line(text, AccessServer::apache, line) && !search(text, line, error)) return false;
    EventTime time;
    if (!fields_.read_time(line.time, time, error)) return false;
    fields_.reset();
    fields_.begin();
    put("host", line.remote);
    put("user", line.user);
    fields_.text("method", line.method);
    put("path", line.path, false);
    if (const std::int64_t code = leading_number(line.code); code != 0) {
      fields_.integer("code", code);
    } else {
      fields_.null("code");
    }
    if (line.size == "-") {
      fields_.null("size");
    } else {
      fields_.integer("size", leading_number(line.size));
    }
    put("referer", line.referer);
    put("agent", line.agent);
    if (keep_time_) fields_.text("time", line.time);
    if (!fields_.end(error)) return false;
    fields_.set_time(time);
    fields_.deliver(sink);
    return true;
  }

 private:
  static ParserOptions with_fixed_time(ParserOptions options) {
    options.time_key.clear();
    options.time_type = TimeType::text;
    options.time_format = time_format;
    return options;
  }

  /// A `-` stands for what is not known.
  void put(std::string_view key, std::optional<std::string_view> text, bool dash_is_null = true) {
    if (!text || (dash_is_null && *text == "-")) return fields_.null(key);
    fields_.text(key, *text);
  }

  bool search(std::string_view text, AccessLine& line, std::string& error) {
    if (const SearchResult result = regexp_.search(text, region_); result != SearchResult::match) {
      error = search_failure(result);
      return false;
    }
    // The groups in the order of the expression; those outside the optional parts always took part.
    line.remote = region_.group(1).value_or("");
    line.user = region_.group(2).value_or("");
    line.time = region_.group(3).value_or("");
    line.method = region_.group(4).value_or("");
    line.path = region_.group(5);
    line.code = region_.group(6).value_or("");
    line.size = region_.group(7).value_or("");
    line.referer = region_.group(8);
    line.agent = region_.group(9);
    return true;
  }

  bool keep_time_;
  Regexp regexp_;
  MatchRegion region_;
  FieldWriter fields_;
};

}  // namespace

PluginInfo parser_apache2() {
  return describe_plugin<Apache2Parser>(PluginKind::parser, "apache2", "Apache's access log, with types and nulls.");
}

}  // namespace logboom::plugins
