#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <logboom/event.hpp>
#include <logboom/parse_time_options.hpp>
#include <logboom/plugin.hpp>
#include <logboom/record_editor.hpp>

namespace logboom {

/// The parameters of `<extract>`. An input's Options have `std::optional<ExtractOptions> extract`, and in `describe`
/// `d.section("extract", &Options::extract, extract_doc)`.
/// Reference: https://docs.fluentd.org/configuration/extract-section
struct ExtractOptions : ParseTimeOptions {
  std::string tag_key;
  bool keep_tag_key = false;
  std::string time_key;
  bool keep_time_key = false;

  ExtractOptions() { time_type = TimeType::floating; }
  static void describe(Describe<ExtractOptions>& d);
};
inline constexpr const char* extract_doc = "Takes the event's tag and time out of its record.";

/// Reads tag and time from records.
///
/// Threads: one at a time (a copy for each); keeps its memory from record to record.
class Extractor {
 public:
  /// `element` is the plugin's own, in which `<extract>` stands. Throws ConfigError for what is wrong there.
  Extractor(const std::optional<ExtractOptions>& options, const Element& element);

  Extractor(const Extractor& other)
      : tag_key_(other.tag_key_),
        keep_tag_key_(other.keep_tag_key_),
        time_key_(other.time_key_),
        keep_time_key_(other.keep_time_key_),
        times_(other.times_) {}
  Extractor(Extractor&&) = default;

  bool active() const noexcept { return !tag_key_.empty() || !time_key_.empty(); }
  bool extracts_tag() const noexcept { return !tag_key_.empty(); }

  struct Extracted {
    std::optional<std::string_view> tag;
    std::optional<EventTime> time;
    msgpack::Value record;  // without the fields, if they are not to be kept
    bool bad_time = false;  // there is a time field, but it can't be read; it stays in the record
  };
  /// The result is valid until the next call, and as long as `record`.
  Extracted apply(const msgpack::Value& record);

 private:
  std::string tag_key_;
  bool keep_tag_key_ = false;
  std::string time_key_;
  bool keep_time_key_ = false;
  std::optional<TimeParser> times_;
  RecordEditor editor_;
  OutBuffer changed_;
  OutBuffer tag_;
};

}  // namespace logboom
