#pragma once

#include <logboom/params.hpp>
#include <logboom/timeparse.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace logboom {

/// What a time in a text or record is.
enum class TimeType : std::uint8_t { text, unixtime, floating, mixed };

/// The parameters with which a configuration says how a time is read. A plugin's Options derive from it, and call
/// `describe_parse_time` in their `describe`; a default other than these is set in the Options' constructor.
struct ParseTimeOptions {
  TimeType time_type = TimeType::text;
  std::string time_format;
  std::optional<bool> localtime;
  std::optional<bool> utc;
  std::string timezone;
  std::vector<std::string> time_format_fallbacks;

  template <class Options>
  static void describe_parse_time(Describe<Options>& d) {
    d.choice("time_type", static_cast<TimeType Options::*>(&ParseTimeOptions::time_type),
             {{"string", TimeType::text},
              {"unixtime", TimeType::unixtime},
              {"float", TimeType::floating},
              {"mixed", TimeType::mixed}},
             "A text of time_format, whole seconds since 1970, seconds with a fraction, or whatever of time_format and "
             "time_format_fallbacks fits.");
    d.param("time_format", static_cast<std::string Options::*>(&ParseTimeOptions::time_format),
            "strptime format with Ruby's conversions, or %iso8601; empty: any usual notation.");
    d.param("localtime", static_cast<std::optional<bool> Options::*>(&ParseTimeOptions::localtime),
            "A time that names no zone is local, which is the default; false: UTC.");
    d.param("utc", static_cast<std::optional<bool> Options::*>(&ParseTimeOptions::utc),
            "A time that names no zone is UTC; not together with localtime.");
    d.param("timezone", static_cast<std::string Options::*>(&ParseTimeOptions::timezone),
            "The zone of a time that names none, such as +09:00 or Asia/Tokyo.");
    d.param("time_format_fallbacks",
            static_cast<std::vector<std::string> Options::*>(&ParseTimeOptions::time_format_fallbacks),
            "With time_type mixed: formats, `unixtime` and `float`, tried in turn after time_format.");
  }

  /// Throws ConfigError at the attribute of `element` that is wrong.
  TimeParser time_parser(const Element& element, TimeParser::Clock clock = TimeParser::system_clock) const;
  /// The zone of a time that names none.
  TimeZone time_zone(const Element& element) const;
};

}  // namespace logboom
