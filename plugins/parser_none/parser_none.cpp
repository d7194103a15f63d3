#include <logboom/parser_fields.hpp>

namespace logboom::plugins {
namespace {

class NoneParser : public Parser {
 public:
  struct Options : ParserOptions {
    std::string message_key = "message";

    static void describe(Describe<Options>& d) {
      d.param("message_key", &Options::message_key, "The field that gets the text.");
      describe_parser(d);
    }
  };

  NoneParser(const Options& options, BuildContext& context)
      : key_(options.message_key), fields_(without_time(options), context.element()) {}

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    fields_.reset();
    fields_.begin();
    fields_.text(key_, text);
    if (!fields_.end(error)) return false;
    fields_.deliver(sink);
    return true;
  }

 private:
  /// A text that is not looked into holds no time.
  static ParserOptions without_time(ParserOptions options) {
    options.time_key.clear();
    return options;
  }

  std::string key_;
  FieldWriter fields_;
};

}  // namespace

PluginInfo parser_none() {
  return describe_plugin<NoneParser>(PluginKind::parser, "none", "The whole text in one field.");
}

}  // namespace logboom::plugins
