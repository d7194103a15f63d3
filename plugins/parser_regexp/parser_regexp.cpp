#include <logboom/regexp_fields.hpp>

namespace logboom::plugins {
namespace {

class RegexpParser : public Parser {
 public:
  struct Options : RegexpOptions {
    static void describe(Describe<Options>& d) { describe_regexp(d).required(); }
  };

  RegexpParser(const Options& options, BuildContext& context) : fields_(options, context.element()) {}

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    return fields_.parse(text, sink, error);
  }

 private:
  RegexpFields fields_;
};

}  // namespace

PluginInfo parser_regexp() {
  return describe_plugin<RegexpParser>(PluginKind::parser, "regexp", "The named groups of a regular expression.");
}

}  // namespace logboom::plugins
