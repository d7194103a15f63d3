#include <logboom/regexp_fields.hpp>

namespace logboom::plugins {
namespace {

/// Of https://docs.fluentd.org/parser/apache_error.
constexpr std::string_view usual_expression =
    R"re(^\[[^ ]* (?<time>[^\]]*)\] \[(?<level>[^\]]*)\](?: \[pid (?<pid>[^\]]*)\])?( \[client (?<client>[^\]]*)\])? (?<message>.*)$)re";

class ApacheErrorParser : public Parser {
 public:
  struct Options : RegexpOptions {
    Options() { expression.source = usual_expression; }
    static void describe(Describe<Options>& d) { describe_regexp(d); }
  };

  ApacheErrorParser(const Options& options, BuildContext& context) : fields_(options, context.element()) {}

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    return fields_.parse(text, sink, error);
  }

 private:
  RegexpFields fields_;
};

}  // namespace

PluginInfo parser_apache_error() {
  return describe_plugin<ApacheErrorParser>(PluginKind::parser, "apache_error", "Apache's error log.");
}

}  // namespace logboom::plugins
