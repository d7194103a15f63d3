#pragma once

#include <string>

#include <logboom/parser_fields.hpp>
#include <logboom/syslog.hpp>

namespace logboom {

inline constexpr const char* rfc5424_time_format = "%Y-%m-%dT%H:%M:%S.%L%z";

/// The parameters of the parser `syslog`, which the input `syslog` reads, too.
struct SyslogParserOptions : ParserOptions {
  enum class Engine : std::uint8_t { regexp, string };
  enum class Data : std::uint8_t { text, nested };

  SyslogParserOptions() {
    time_key = "time";
    time_format = "%b %d %H:%M:%S";
  }
  SyslogFormat message_format = SyslogFormat::rfc3164;
  bool with_priority = false;
  std::string rfc5424_format = rfc5424_time_format;
  Engine parser_engine = Engine::regexp;
  bool support_colonless_ident = true;
  Data structured_data = Data::text;

  static void describe(Describe<SyslogParserOptions>& d) {
    using Options = SyslogParserOptions;
    d.choice(
        "message_format", &Options::message_format,
        {{"rfc3164", SyslogFormat::rfc3164}, {"rfc5424", SyslogFormat::rfc5424}, {"auto", SyslogFormat::automatic}},
        "Which format; auto: RFC 5424 where a version stands behind the priority.");
    d.param("with_priority", &Options::with_priority, "Messages begin with a priority, such as <34>: the field `pri`.");
    d.param("rfc5424_time_format", &Options::rfc5424_format,
            "strptime format of times in RFC 5424 messages; without a fraction, too.");
    d.choice("parser_engine", &Options::parser_engine, {{"regexp", Engine::regexp}, {"string", Engine::string}},
             "As which of Fluentd's two the sender's name is found in RFC 3164 messages; both are as fast.")
        .alias("parser_type");
    d.param("support_colonless_ident", &Options::support_colonless_ident,
            "With the engine `string`: a word without a colon is the sender's name, too.");
    d.choice(
        "structured_data", &Options::structured_data, {{"text", Data::text}, {"nested", Data::nested}},
        "What becomes of RFC 5424's structured data: the field `extradata` as it stands in the message, as Fluentd "
        "has it, or the field `structured_data` with a map of its ids to maps of its parameters.");
    describe_parser(d);
  }

  SyslogRules rules() const noexcept {
    return {message_format, with_priority, parser_engine == Engine::string, support_colonless_ident};
  }
};

}  // namespace logboom
