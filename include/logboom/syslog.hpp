#pragma once

#include <cstdint>
#include <string_view>

namespace logboom {

enum class SyslogFormat : std::uint8_t {
  rfc3164,    // https://www.rfc-editor.org/rfc/rfc3164, in the many forms that are sent
  rfc5424,    // https://www.rfc-editor.org/rfc/rfc5424
  automatic,  // RFC 5424 where a version stands behind the priority, else RFC 3164
};

/// How a message is taken apart.
struct SyslogRules {
  SyslogFormat format = SyslogFormat::rfc3164;
  bool with_priority = false;  // `<34>` must stand at the beginning, else it must not
  /// Of RFC 3164: the sender's name is one word, with or without a colon behind it. Otherwise it ends at a blank, colon
  /// or bracket, and what is between it and the next colon does not count, as Fluentd has it by default.
  bool ident_is_word = false;
  bool colonless_ident = true;  // with ident_is_word: a word without a colon is a name too
};

/// The parts of a message: views into its text. One that is not there has no data() – an empty one has.
struct SyslogMessage {
  enum class Time : std::uint8_t {
    classic,    // Nov  5 22:13:20, perhaps with a fraction
    with_year,  // Nov  5 2023 22:13:20
    iso8601,    // 2023-11-05T22:13:20.5Z
  };
  bool is_rfc5424 = false;
  bool has_priority = false;
  std::uint32_t priority = 0;
  Time time_form = Time::classic;
  std::string_view time;  // RFC 5424: "-" where it is not known
  std::string_view host;
  std::string_view ident;
  std::string_view pid;
  std::string_view msgid;  // this and the next only of RFC 5424
  std::string_view data;   // the structured data with its brackets, as it stands, or "-"
  std::string_view message;
};

/// Takes a message apart; a line end behind it does not count. Returns null, or why the text is none; `message` is then
/// undefined.
const char* scan_syslog(std::string_view text, const SyslogRules& rules, SyslogMessage& message) noexcept;

}  // namespace logboom
