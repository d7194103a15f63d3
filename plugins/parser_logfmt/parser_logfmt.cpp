#include <logboom/parser_fields.hpp>

#include "logfmt_pairs.hpp"

namespace logboom::plugins {
namespace {

class LogfmtParser : public Parser {
 public:
  struct Options : ParserOptions {
    Options() { time_key = "time"; }
    static void describe(Describe<Options>& d) { describe_parser(d); }
  };

  LogfmtParser(const Options& options, BuildContext& context) : fields_(options, context.element()) {}

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    fields_.reset();
    fields_.begin();
    pairs_.start(text);
    while (pairs_.next()) put(pairs_.pair());
    if (!fields_.end(error)) return false;
    fields_.deliver(sink);
    return true;
  }

 private:
  void put(const LogfmtPairs::Pair& pair) {
    switch (pair.kind) {
      case LogfmtPairs::Kind::flag: return fields_.boolean(pair.key, true);
      case LogfmtPairs::Kind::nothing: return fields_.null(pair.key);
      case LogfmtPairs::Kind::text: return fields_.text(pair.key, pair.text);
      case LogfmtPairs::Kind::integer: return fields_.integer(pair.key, pair.integer);
      case LogfmtPairs::Kind::number: return fields_.number(pair.key, pair.number);
    }
  }

  LogfmtPairs pairs_;
  FieldWriter fields_;
};

}  // namespace

PluginInfo parser_logfmt() {
  return describe_plugin<LogfmtParser>(PluginKind::parser, "logfmt", "Pairs, key=value, with blanks between them.");
}

}  // namespace logboom::plugins
