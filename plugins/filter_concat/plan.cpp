#include "joiner.hpp"

#include <stdexcept>

namespace logboom::concat {
namespace {

std::optional<Regexp> compile(const std::optional<config_value::Regexp>& regexp, const Element& element,
                              std::string_view parameter) {
  if (!regexp) return std::nullopt;
  try {
    return Regexp::compile(regexp->source, {regexp->ignore_case, regexp->multiline, regexp->extended});
  } catch (const std::invalid_argument& error) {
    throw ConfigError(position(element, parameter), std::string(error.what()));
  }
}

std::string field_name(MetadataFormat format, std::string_view part) {
  if (format == MetadataFormat::docker_fluentd) return cat("partial_", part);
  std::string name = cat("container_partial_", part);
  if (format == MetadataFormat::docker_journald) {
    for (char& c : name) c = c == '_' ? c : static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

}  // namespace

Plan::Plan(const Options& given, const Element& element, unsigned workers)
    : mode(given.mode(element)),
      options(given),
      first(compile(given.multiline_start_regexp, element, "multiline_start_regexp")),
      last(compile(given.multiline_end_regexp, element, "multiline_end_regexp")),
      between(compile(given.continuous_line_regexp, element, "continuous_line_regexp")),
      is_fragment(mode == Mode::partial || mode == Mode::metadata || mode == Mode::cri),
      event_size(given.max_event_size.bytes),
      held_size(given.max_held_size.bytes / workers),
      streams(std::max(given.max_streams / workers, 1U)) {
  separator = given.separator.value_or(is_fragment ? "" : "\n");
  if (given.stream_identity_key) identity.push_back(*given.stream_identity_key);
  if (mode == Mode::partial) {
    marker = *given.partial_key;
    if (!given.keep_partial_key) left_out.push_back(marker);
  } else if (mode == Mode::cri) {
    marker = *given.partial_cri_logtag_key;
    identity.push_back(given.partial_cri_stream_key);
    if (!given.keep_partial_key) left_out.push_back(marker);
    left_out.push_back(given.partial_cri_stream_key);
  } else if (mode == Mode::metadata) {
    const MetadataFormat format = given.partial_metadata_format;
    const bool from_journal = format != MetadataFormat::docker_fluentd;
    const std::string message = field_name(format, "message");
    id = field_name(format, "id");
    ordinal = field_name(format, "ordinal");
    final = field_name(format, "last");
    // The journald driver leaves the field `message` out of a line's last fragment.
    marker = from_journal ? id : message;
    identity.push_back(id);
    if (!from_journal) identity.insert(identity.end(), {"container_id", "source"});
    if (!given.keep_partial_metadata) left_out = {message, id, ordinal, final};
  }
}

}  // namespace logboom::concat
