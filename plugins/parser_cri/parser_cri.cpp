#include <logboom/parser_fields.hpp>

namespace logboom::plugins {
namespace {

/// Adds the CRI line's own fields to the records of the parser within.
class MergingSink final : public ParsedSink {
 public:
  explicit MergingSink(FieldWriter& fields) noexcept : fields_(fields) {}

  void record(const std::optional<EventTime>& time, const msgpack::Value& map) override {
    fields_.begin();
    const std::uint8_t* at = map.children();
    for (std::uint32_t left = map.count(); left > 0; --left) {
      const msgpack::Value key(at, msgpack::skip(at, map.end()));
      const msgpack::Value value(key.end(), msgpack::skip(key.end(), map.end()));
      at = value.end();
      if (!merge || (key.text() != "stream" && key.text() != "logtag")) fields_.value(key, value);
    }
    if (merge) {
      fields_.text("stream", stream);
      fields_.text("logtag", logtag);
    }
    std::string unused;
    fields_.end(unused);  // it has no time key that could fail
    fields_.set_time(time.value_or(line_time));
  }

  bool merge = true;
  std::string_view stream, logtag;
  EventTime line_time;

 private:
  FieldWriter& fields_;
};

class CriParser : public Parser {
 public:
  struct Options : ParserOptions {
    Options() {
      time_key = "time";
      keep_time_key = true;
      time_format = "%Y-%m-%dT%H:%M:%S.%L%z";
    }
    bool merge_cri_fields = true;
    PluginSection parse;

    static void describe(Describe<Options>& d) {
      d.param("merge_cri_fields", &Options::merge_cri_fields,
              "With a parser within: add the fields stream and logtag to its records.");
      d.plugin("parse", &Options::parse, PluginKind::parser, "What parses the message, if anything.");
      describe_parser(d);
    }
  };

  CriParser(const Options& options, BuildContext& context)
      : time_key_(options.keep_time_key ? options.time_key : ""),
        fields_(without_time_key(options), context.element()),
        merging_(fields_) {
    merging_.merge = options.merge_cri_fields;
    if (options.parse.element != nullptr) within_ = context.parser(options.parse)();
  }

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    std::string_view time;
    if (!cut(text, time) || !cut(text, merging_.stream) || !cut(text, merging_.logtag)) {
      error = "not a CRI line: time, stream, tags and message with blanks between them";
      return false;
    }
    if (!fields_.read_time(time, merging_.line_time, error)) return false;
    fields_.reset();
    if (within_) {
      if (!within_->parse(text, merging_, error)) return false;
    } else {
      fields_.begin();
      fields_.text("stream", merging_.stream);
      fields_.text("logtag", merging_.logtag);
      fields_.text("message", text);
      if (!time_key_.empty()) fields_.text(time_key_, time);
      if (!fields_.end(error)) return false;
      fields_.set_time(merging_.line_time);
    }
    fields_.deliver(sink);
    return true;
  }

 private:
  /// The time is the line's first word, and no field of the message.
  static ParserOptions without_time_key(ParserOptions options) {
    options.time_key.clear();
    return options;
  }

  static bool cut(std::string_view& text, std::string_view& word) noexcept {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos) return false;
    word = text.substr(0, blank);
    text.remove_prefix(blank + 1);
    return !word.empty();
  }

  std::string time_key_;
  FieldWriter fields_;
  MergingSink merging_;
  std::unique_ptr<Parser> within_;
};

}  // namespace

PluginInfo parser_cri() {
  return describe_plugin<CriParser>(PluginKind::parser, "cri",
                                    "Container logs as Kubernetes' container runtimes write them.");
}

}  // namespace logboom::plugins
