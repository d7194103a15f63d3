#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <logboom/plugin.hpp>

namespace logboom::concat {

/// What says which events belong together.
enum class Mode : std::uint8_t {
  lines,     // their number
  regexps,   // regular expressions for the first, the last and the lines between
  partial,   // a field that only the last one lacks, or has another value of
  metadata,  // Docker's partial_* fields
  cri,       // the tag of a line as Kubernetes' runtimes write it
};

/// How the fields are called that Docker's log drivers add to the fragments of a line.
enum class MetadataFormat : std::uint8_t { docker_fluentd, docker_journald, docker_journald_lowercase };

struct Options {
  std::string key;
  std::optional<std::string> separator;
  std::optional<std::uint32_t> n_lines;
  std::optional<config_value::Regexp> multiline_start_regexp;
  std::optional<config_value::Regexp> multiline_end_regexp;
  std::optional<config_value::Regexp> continuous_line_regexp;
  std::optional<std::string> stream_identity_key;
  std::chrono::nanoseconds flush_interval{std::chrono::seconds(60)};
  std::optional<std::string> timeout_label;
  bool use_first_timestamp = false;
  std::optional<std::string> partial_key;
  std::optional<std::string> partial_value;
  bool keep_partial_key = false;
  bool use_partial_metadata = false;
  MetadataFormat partial_metadata_format = MetadataFormat::docker_fluentd;
  bool keep_partial_metadata = false;
  bool use_partial_cri_logtag = false;
  std::optional<std::string> partial_cri_logtag_key;
  std::string partial_cri_stream_key = "stream";
  ByteSize max_event_size{std::uint64_t{1} << 20};
  ByteSize max_held_size{std::uint64_t{64} << 20};
  std::uint32_t max_streams = 65536;

  static void describe(Describe<Options>& d);
  /// Throws ConfigError where no mode is chosen, or two that exclude each other, or what a mode needs is missing.
  Mode mode(const Element& element) const;
};

/// The place of a parameter, or of the section where it is not given.
const SourcePos& position(const Element& element, std::string_view parameter);

}  // namespace logboom::concat
