#include <logboom/regexp_fields.hpp>

namespace logboom::plugins {
namespace {

/// Of https://docs.fluentd.org/parser/apache.
constexpr std::string_view usual_expression =
    R"re(^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^ ]*) +\S*)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")?$)re";

class ApacheParser : public Parser {
 public:
  struct Options : RegexpOptions {
    Options() {
      expression.source = usual_expression;
      time_format = "%d/%b/%Y:%H:%M:%S %z";
    }
    static void describe(Describe<Options>& d) { describe_regexp(d); }
  };

  ApacheParser(const Options& options, BuildContext& context) : fields_(options, context.element()) {}

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    return fields_.parse(text, sink, error);
  }

 private:
  RegexpFields fields_;
};

}  // namespace

PluginInfo parser_apache() {
  return describe_plugin<ApacheParser>(PluginKind::parser, "apache", "Apache's access log, all of it text.");
}

}  // namespace logboom::plugins
