#include <logboom/regexp_fields.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace logboom {
namespace {

/// About the time of one step back in a search.
constexpr std::chrono::nanoseconds per_retry{10};

RegexpLimits limits_of(const ParserOptions& options) {
  RegexpLimits limits;
  if (!options.timeout) return limits;
  const auto retries = static_cast<unsigned long>(std::max<std::int64_t>(*options.timeout / per_retry, 1));
  limits.retries_in_search = retries;
  limits.retries_in_match = retries;
  limits.duration = *options.timeout;
  return limits;
}

Regexp compile(const RegexpOptions& options, const Element& element, std::string_view key) {
  const Attribute* attribute = element.find(key);
  const SourcePos pos = attribute != nullptr ? attribute->value_pos : element.pos;
  Regexp::Flags flags;
  flags.ignore_case = options.expression.ignore_case || options.ignorecase;
  flags.multiline = options.expression.multiline || options.multiline;
  flags.extended = options.expression.extended;
  try {
    Regexp regexp = Regexp::compile(options.expression.source, flags, limits_of(options));
    if (!regexp.named_groups().empty()) return regexp;
  } catch (const std::invalid_argument& error) {
    throw ConfigError(pos, error.what());
  }
  throw ConfigError(pos, cat(key, " has no named groups; write (?<name>…) for each field"));
}

/// Of several groups of one name the last that took part counts.
std::optional<std::string_view> last_of(const Regexp::NamedGroup& group, const MatchRegion& region) {
  for (auto number = group.numbers.rbegin(); number != group.numbers.rend(); ++number) {
    if (const auto text = region.group(*number)) return text;
  }
  return std::nullopt;
}

}  // namespace

RegexpFields::RegexpFields(const RegexpOptions& options, const Element& element, std::string_view key)
    : regexp_(compile(options, element, key)), fields_(options, element) {}

bool RegexpFields::parse(std::string_view text, ParsedSink& sink, std::string& error) {
  if (const SearchResult result = regexp_.search(text, region_); result != SearchResult::match) {
    error = search_failure(result);
    return false;
  }
  fields_.reset();
  fields_.begin();
  for (const Regexp::NamedGroup& group : regexp_.named_groups()) {
    if (const auto value = last_of(group, region_)) fields_.text(group.name, *value);
  }
  if (!fields_.end(error)) return false;
  fields_.deliver(sink);
  return true;
}

std::string_view search_failure(SearchResult result) noexcept {
  return result == SearchResult::limit_exceeded ? "regexp gave up: the text takes it too many steps"
                                                : "the text does not match the regexp";
}

}  // namespace logboom
