#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <logboom/msgpack.hpp>

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
    other,      // of scan_any_syslog: 2023 Nov  5 22:13:20.123 UTC, and other notations of network devices
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
  std::string_view sequence;  // of scan_any_syslog: the number that Cisco's devices put before the time
};

/// Takes a message apart; a line end behind it does not count. Returns null, or why the text is none; `message` is then
/// undefined.
const char* scan_syslog(std::string_view text, const SyslogRules& rules, SyslogMessage& message) noexcept;

/// Whether an RFC 3164 message has the sender's host name behind the time.
enum class SyslogHost : std::uint8_t {
  guess,  // a first word that ends in a colon or holds a bracket is no host
  always,
  never,
};

/// Takes apart whatever is sent to a syslog port; any text is a message of some kind. As RFC 3164, section 4.3, says:
/// - without a priority of 0 to 191, `has_priority` is false, and `priority` is 13, user.notice
/// - without a time, what stands behind the priority is the sender's name, if it looks like one, and the message
/// Without either, the text is the message. Of RFC 5424, parts of any length are taken, and names with blanks as Docker
/// sends them. A byte order mark before the message or its text, and line ends and NULs behind it, don't count.
/// Where a relay stands before a Cisco device, the host is as the relay says, and the time is the device's.
void scan_any_syslog(std::string_view text, SyslogHost host, SyslogMessage& message) noexcept;

/// "kern", "user", … and "emerg", "alert", …, as Fluentd's tags have them. `facility` is at most 23, `severity` 7.
std::string_view syslog_facility_name(unsigned facility) noexcept;
std::string_view syslog_severity_name(unsigned severity) noexcept;
inline constexpr unsigned syslog_facilities = 24;

/// Writes structured data as a map of its elements' ids to maps of their parameters, escapes undone; the values of a
/// name that comes several times in one element are an array, and elements of one id are one. At most 5 + 4 *
/// data.size() bytes. False, and nothing is written, where it is none.
bool write_syslog_data(std::string_view data, msgpack::Writer& out);

/// The length of the structured data at the beginning of a text, well-formed by RFC 5424; 0 where there is none.
std::size_t syslog_data_length(std::string_view text) noexcept;

}  // namespace logboom
