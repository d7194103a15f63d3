#pragma once

#include <logboom/params.hpp>
#include <logboom/timefmt.hpp>

#include <optional>
#include <stdexcept>
#include <string>

namespace logboom {

/// The parameters with which a configuration says how a time is printed. A plugin's Options derive from it, and call
/// `describe_time` in their `describe`.
struct TimeOptions {
  std::string time_format;
  std::optional<bool> localtime;
  std::optional<bool> utc;
  std::string timezone;

  template <class Options>
  static void describe_time(Describe<Options>& d) {
    d.param("time_format", static_cast<std::string Options::*>(&TimeOptions::time_format),
            "strftime format with Ruby's extensions; empty: ISO 8601.");
    d.param("localtime", static_cast<std::optional<bool> Options::*>(&TimeOptions::localtime),
            "Local time, which is the default; false: UTC.");
    d.param("utc", static_cast<std::optional<bool> Options::*>(&TimeOptions::utc), "UTC; not together with localtime.");
    d.param("timezone", static_cast<std::string Options::*>(&TimeOptions::timezone),
            "A zone such as +09:00 or Asia/Tokyo.");
  }

  /// Throws ConfigError at the attribute of `element` that is wrong.
  TimeFormatter formatter(const Element& element) const {
    const auto fail = [&element](std::string_view key, std::string message) {
      const Attribute* attribute = element.find(key);
      throw ConfigError(attribute != nullptr ? attribute->value_pos : element.pos, std::move(message));
    };
    if (localtime && utc) fail("utc", "give only one of `utc` and `localtime`");
    TimeZone zone = utc.value_or(!localtime.value_or(true)) ? TimeZone::utc() : TimeZone::local();
    try {
      if (!timezone.empty()) zone = TimeZone::named(timezone);
    } catch (const std::invalid_argument& error) {
      fail("timezone", error.what());
    }
    try {
      return TimeFormatter::compile(time_format, zone);
    } catch (const std::invalid_argument& error) {
      fail("time_format", error.what());
      throw;
    }
  }
};

/// How a line ends: the `newline` parameter of formatters.
enum class Newline : bool { lf, crlf };
constexpr std::string_view to_text(Newline newline) noexcept { return newline == Newline::lf ? "\n" : "\r\n"; }

}  // namespace logboom
