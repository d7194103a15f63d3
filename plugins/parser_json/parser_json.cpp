#include <logboom/json_reader.hpp>
#include <logboom/parser_fields.hpp>

namespace logboom::plugins {
namespace {

enum class Library : std::uint8_t { oj, yajl, json };

class JsonParser : public Parser {
 public:
  struct Options : ParserOptions {
    Options() {
      time_key = "time";
      time_type = TimeType::floating;
    }
    Library json_parser = Library::oj;
    std::int64_t stream_buffer_size = 8192;

    static void describe(Describe<Options>& d) {
      d.choice("json_parser", &Options::json_parser,
               {{"oj", Library::oj}, {"yajl", Library::yajl}, {"json", Library::json}},
               "Known and without effect: there is one reader.");
      d.param("stream_buffer_size", &Options::stream_buffer_size, "Known and without effect.");
      describe_parser(d);
    }
  };

  JsonParser(const Options& options, BuildContext& context) : fields_(with_type(options, context), context.element()) {
    if (options.json_parser == Options().json_parser) return;
    context.warn(context.element().find("json_parser")->key_pos, "json_parser has no effect: JSON is read in one way");
  }

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    values_.clear();
    if (JsonError wrong; !reader_.read_all(text, values_, wrong)) {
      error = cat("not JSON: ", wrong.message, " at byte ", wrong.offset);
      return false;
    }
    fields_.reset();
    const auto* at = reinterpret_cast<const std::uint8_t*>(values_.data());
    const std::uint8_t* const end = at + values_.size();
    while (at != end) {
      const std::uint8_t* const value_end = msgpack::skip(at, end);
      if (!take(msgpack::Value(at, value_end), error)) return false;
      at = value_end;
    }
    fields_.deliver(sink);
    return true;
  }

 private:
  static ParserOptions with_type(ParserOptions options, BuildContext& context) {
    const Element& element = context.element();
    if (element.find("time_format") != nullptr && element.find("time_type") == nullptr) {
      options.time_type = TimeType::text;
    }
    return options;
  }

  /// An object is a record; an array is one of records.
  bool take(const msgpack::Value& value, std::string& error) {
    if (value.type() == msgpack::Type::map) return fields_.map(value, error);
    if (value.type() != msgpack::Type::array) {
      error = "JSON, but no object";
      return false;
    }
    const std::uint8_t* at = value.children();
    for (std::uint32_t i = 0; i < value.count(); ++i) {
      const msgpack::Value element(at, msgpack::skip(at, value.end()));
      if (element.type() != msgpack::Type::map) {
        error = cat("a JSON array whose element ", i + 1, " is no object");
        return false;
      }
      if (!fields_.map(element, error)) return false;
      at = element.end();
    }
    return true;
  }

  JsonReader reader_;
  OutBuffer values_;
  FieldWriter fields_;
};

}  // namespace

PluginInfo parser_json() { return describe_plugin<JsonParser>(PluginKind::parser, "json", "JSON objects."); }

}  // namespace logboom::plugins
