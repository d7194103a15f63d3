#include <logboom/parse_time_options.hpp>

namespace logboom {
namespace {

[[noreturn]] void fail(const Element& element, std::string_view key, std::string message) {
  const Attribute* attribute = element.find(key);
  throw ConfigError(attribute != nullptr ? attribute->value_pos : element.pos, std::move(message));
}

}  // namespace

TimeZone ParseTimeOptions::time_zone(const Element& element) const {
  // Fluentd lets both stand where they agree.
  if (localtime && utc && *localtime == *utc) fail(element, "utc", "give only one of `utc` and `localtime`");
  try {
    if (!timezone.empty()) return TimeZone::named(timezone);
  } catch (const std::invalid_argument& error) {
    fail(element, "timezone", error.what());
  }
  const bool local = localtime ? *localtime : !utc.value_or(false);
  return local ? TimeZone::local() : TimeZone::utc();
}

TimeParser ParseTimeOptions::time_parser(const Element& element, TimeParser::Clock clock) const {
  const TimeZone zone = time_zone(element);
  const auto compile = [&](std::string_view key, std::string_view format) {
    try {
      return TimeParser::compile(format, zone, clock);
    } catch (const std::invalid_argument& error) {
      fail(element, key, error.what());
    }
  };
  switch (time_type) {
    case TimeType::text: return compile("time_format", time_format);
    case TimeType::unixtime: return TimeParser::compile("unixtime", zone, clock);
    case TimeType::floating: return TimeParser::compile("float", zone, clock);
    case TimeType::mixed: break;
  }
  if (time_format.empty() && time_format_fallbacks.empty()) {
    fail(element, "time_type", "time_type mixed needs time_format or time_format_fallbacks");
  }
  std::vector<TimeParser> parsers;
  if (!time_format.empty()) parsers.push_back(compile("time_format", time_format));
  for (const std::string& format : time_format_fallbacks) parsers.push_back(compile("time_format_fallbacks", format));
  return TimeParser::any_of(std::move(parsers));
}

}  // namespace logboom
