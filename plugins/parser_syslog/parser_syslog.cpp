#include <stdexcept>

#include <logboom/syslog_options.hpp>

namespace logboom::plugins {
namespace {

class SyslogParser : public Parser {
 public:
  using Options = SyslogParserOptions;

  SyslogParser(const Options& options, BuildContext& context)
      : rules_(options.rules()),
        nests_data_(options.structured_data == Options::Data::nested),
        keeps_time_(options.keep_time_key),
        fields_(without_time_key(options), context.element()),
        iso_times_(TimeParser::compile("%iso8601", options.time_zone(context.element()))),
        year_times_(TimeParser::compile("%b %d %Y %H:%M:%S", options.time_zone(context.element()))) {
    const Attribute* format = context.element().find("rfc5424_time_format");
    if (format != nullptr && options.rfc5424_format != rfc5424_time_format) compile_rfc5424(options, *format, context);
    own_format_ = options.message_format == SyslogFormat::rfc5424 && context.element().find("time_format") != nullptr;
  }

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    SyslogMessage m;
    if (const char* reason = scan_syslog(text, rules_, m)) {
      error = cat("no syslog message: ", reason);
      return false;
    }
    EventTime time;
    const bool has_time = m.time != "-";
    if (has_time && !read_time(m, time, error)) return false;
    fields_.reset();
    fields_.begin();
    if (m.has_priority) fields_.integer("pri", m.priority);
    if (keeps_time_) put("time", m.time);
    put("host", m.host);
    put("ident", m.ident);
    put("pid", m.pid);
    put("msgid", m.msgid);
    put_data(m.data);
    put("message", m.message);
    if (!fields_.end(error)) return false;
    if (has_time) fields_.set_time(time);
    fields_.deliver(sink);
    return true;
  }

 private:
  /// The field `time` is what this parser puts there, and no time to be read once more.
  static ParserOptions without_time_key(ParserOptions options) {
    options.time_key.clear();
    return options;
  }
  void compile_rfc5424(const Options& options, const Attribute& format, BuildContext& context) {
    try {
      rfc5424_times_ = TimeParser::compile(options.rfc5424_format, options.time_zone(context.element()));
    } catch (const std::invalid_argument& error) {
      throw ConfigError(format.value_pos, std::string(error.what()));
    }
  }

  void put(std::string_view key, std::string_view text) {
    if (text.data() != nullptr) fields_.text(key, text);
  }

  void put_data(std::string_view data) {
    if (!nests_data_) return put("extradata", data);
    data_.clear();
    msgpack::Writer writer(data_);
    if (data == "-" || !write_syslog_data(data, writer)) return;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(data_.data());
    fields_.value("structured_data", msgpack::Value(bytes, bytes + data_.size()));
  }

  bool read_time(const SyslogMessage& m, EventTime& time, std::string& error) {
    if (m.is_rfc5424) {
      if (own_format_) return fields_.read_time(m.time, time, error) || iso_times_.parse(m.time, time);
      if (rfc5424_times_ && rfc5424_times_->parse(m.time, time)) return true;
    }
    if (m.time_form == SyslogMessage::Time::iso8601 && iso_times_.parse(m.time, time)) return true;
    if (m.time_form == SyslogMessage::Time::with_year && year_times_.parse(m.time, time)) return true;
    if (!m.is_rfc5424) return fields_.read_time(m.time, time, error);
    error = cat("no time of RFC 5424: ", m.time.substr(0, 100));
    return false;
  }

  SyslogRules rules_;
  bool nests_data_;
  bool keeps_time_;
  bool own_format_ = false;  // time_format is that of RFC 5424 messages
  FieldWriter fields_;
  TimeParser iso_times_;
  TimeParser year_times_;
  std::optional<TimeParser> rfc5424_times_;
  OutBuffer data_;
};

}  // namespace

PluginInfo parser_syslog() {
  return describe_plugin<SyslogParser>(PluginKind::parser, "syslog", "Syslog messages, RFC 3164 and RFC 5424.");
}

}  // namespace logboom::plugins
