#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <logboom/event.hpp>
#include <logboom/plugin.hpp>
#include <logboom/record_editor.hpp>
#include <logboom/time_options.hpp>

namespace logboom {

/// How a time is written into a record.
enum class InjectTime : std::uint8_t { floating, seconds, milliseconds, microseconds, nanoseconds, text };

/// The parameters of `<inject>`. A plugin's Options have `std::optional<InjectOptions> inject`, and in `describe`
/// `d.section("inject", &Options::inject, inject_doc)`.
/// Reference: https://docs.fluentd.org/configuration/inject-section
struct InjectOptions : TimeOptions {
  std::string hostname_key;
  std::string hostname;
  std::string worker_id_key;
  std::string tag_key;
  std::string time_key;
  InjectTime time_type = InjectTime::floating;

  static void describe(Describe<InjectOptions>& d);
};
inline constexpr const char* inject_doc = "Fields that are added to each record before it is formatted.";

/// Adds the fields to records, in Fluentd's order: host name, worker, tag, time. A field that is there is replaced.
///
/// Threads: one at a time; keeps its memory from event to event.
class Injector {
 public:
  /// `element` is the plugin's own, in which `<inject>` stands. Throws ConfigError for what is wrong there.
  Injector(const std::optional<InjectOptions>& options, const Element& element, const SystemSettings& system);

  bool active() const noexcept { return active_; }
  /// The event with the fields in its record; where there are none to add, the event as it is. The result is valid
  /// until the next call.
  Event apply(std::string_view tag, const Event& event);

 private:
  void write_time(msgpack::Writer& writer, const EventTime& time);

  bool active_ = false;
  std::string hostname_key_, hostname_, worker_id_key_, tag_key_, time_key_;
  InjectTime time_type_ = InjectTime::floating;
  std::optional<TimeFormatter> times_;
  RecordEditor editor_;
  OutBuffer entry_;
  std::string time_text_;
};

}  // namespace logboom
