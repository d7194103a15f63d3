#pragma once

#include <array>
#include <memory>
#include <string>

#include <logboom/input.hpp>
#include <logboom/syslog_options.hpp>
#include <logboom/text_events.hpp>

#include "options.hpp"
#include "senders.hpp"
#include "tag_format.hpp"

namespace logboom::in_syslog {

/// What was made of the configuration. Outlives the sessions.
struct Settings {
  Options options;
  SyslogParserOptions parser;
  TimeZone zone = TimeZone::utc();
  Senders allowed;
  TagFormat tag_format;
  bool lenient = true;
  std::string hostname_key;
  std::string unmatched_tag;
  std::array<std::string, std::size_t{syslog_facilities} * 8> tags;  // by priority
  TimeParser::Clock clock = TimeParser::system_clock;                // decides on the year of a time that has none
  BuildContext::ParserFactory other_parsers;  // not set: the parser is syslog, and its parameters are those above

  /// What follows from the options.
  void set_names();
  std::size_t stream_limit() const {
    return options.message_length_limit ? options.message_length_limit->bytes : std::size_t{2} << 20;
  }
};

/// What the sessions of one input share. Outlives them.
struct Shared {
  Shared(const Settings& made, net::Host& host)
      : settings(made),
        counts(host),
        cut(host.errors("message_cut")),
        unterminated(host.dropped("unterminated")),
        bad_framing(host.errors("bad_framing")),
        joined(host.errors("joined_lines")),
        unconfirmed(host.errors("unconfirmed")),
        refusals(host.errors("sender_refused"), host.log()) {}
  const Settings& settings;
  TextEventCounts counts;
  Counter& cut;           // messages longer than the limit
  Counter& unterminated;  // counted messages of connections that ended within them
  Counter& bad_framing;
  Counter& joined;       // messages that were put behind another
  Counter& unconfirmed;  // reads of RELP that could not be stored: their connections were closed
  Refusals refusals;
};

}  // namespace logboom::in_syslog
