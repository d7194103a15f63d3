#include <logboom/access_log.hpp>
#include <logboom/regexp_fields.hpp>

namespace logboom::plugins {
namespace {

/// Of https://docs.fluentd.org/parser/nginx.
constexpr std::string_view usual_expression =
    R"re(^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)"(?:\s+(?<http_x_forwarded_for>[^ ]+))?)?$)re";

class NginxParser : public Parser {
 public:
  struct Options : RegexpOptions {
    Options() {
      expression.source = usual_expression;
      time_format = "%d/%b/%Y:%H:%M:%S %z";
    }
    static void describe(Describe<Options>& d) { describe_regexp(d); }
  };

  NginxParser(const Options& options, BuildContext& context)
      : regexp_(options, context.element()), is_usual_(options.expression.source == usual_expression) {}

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    AccessLine line;
    if (!is_usual_ || !scan_access_line(text, AccessServer::nginx, line)) return regexp_.parse(text, sink, error);
    FieldWriter& fields = regexp_.fields();
    fields.reset();
    fields.begin();
    fields.text("remote", line.remote);
    fields.text("host", line.host);
    fields.text("user", line.user);
    fields.text("time", line.time);
    fields.text("method", line.method);
    if (line.path) fields.text("path", *line.path);
    fields.text("code", line.code);
    fields.text("size", line.size);
    if (line.referer) fields.text("referer", *line.referer);
    if (line.agent) fields.text("agent", *line.agent);
    if (line.forwarded_for) fields.text("http_x_forwarded_for", *line.forwarded_for);
    if (!fields.end(error)) return false;
    fields.deliver(sink);
    return true;
  }

 private:
  RegexpFields regexp_;
  bool is_usual_;
};

}  // namespace

PluginInfo parser_nginx() {
  return describe_plugin<NginxParser>(PluginKind::parser, "nginx", "The access log of nginx.");
}

}  // namespace logboom::plugins
