#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/event.hpp>
#include <logboom/holder.hpp>
#include <logboom/params.hpp>
#include <logboom/plugin.hpp>

/// Finds the lines of stack traces among events, by the shapes that they have in several languages, and joins them.
namespace logboom {

/// The parameters of a plugin that does it, which its Options inherit.
struct StackTraceOptions {
  std::string message;
  std::vector<std::string> languages;
  std::chrono::nanoseconds multiline_flush_interval{std::chrono::seconds(5)};
  std::uint32_t max_lines = 1000;
  ByteSize max_bytes{0};
  std::string stream;
  bool force_line_breaks = false;
  ByteSize max_held_size{std::uint64_t{64} << 20};

  template <class Options>
  static void describe_stack_traces(Describe<Options>& d) {
    using O = StackTraceOptions;
    d.param("message", static_cast<std::string Options::*>(&O::message),
            "The field with the line; empty: `message`, or else `log`.");
    d.param("languages", static_cast<std::vector<std::string> Options::*>(&O::languages),
            "Whose traces are looked for: java, js, csharp, python, go, ruby, php, rust, dart, or all, which is the "
            "default.");
    d.param("multiline_flush_interval", static_cast<std::chrono::nanoseconds Options::*>(&O::multiline_flush_interval),
            "A trace goes on at the latest so long after its first line; 0: only when another line comes.");
    d.param("max_lines", static_cast<std::uint32_t Options::*>(&O::max_lines),
            "The most lines of one event; 0: no limit.");
    d.param("max_bytes", static_cast<ByteSize Options::*>(&O::max_bytes),
            "The longest joined text; 0: no limit of its own.");
    d.param("stream", static_cast<std::string Options::*>(&O::stream), "A field that tells streams of one tag apart.");
    d.param("force_line_breaks", static_cast<bool Options::*>(&O::force_line_breaks),
            "Put line ends between the lines, for those that come without, as Docker's do.");
    d.param("max_held_size", static_cast<ByteSize Options::*>(&O::max_held_size),
            "The memory for everything that is held; beyond it lines go on unjoined.");
  }
};

/// Where events of a batch go while their lines are looked at.
class StackTraceSink {
 public:
  virtual ~StackTraceSink() = default;
  /// The line belongs to no trace: its event goes on as it is.
  virtual void pass(const Event& event) = 0;
  /// The event is kept back.
  virtual void hold(const Event& event) = 0;
  /// What `held` events of this batch's stream have become goes on.
  virtual void release(const EventTime& time, std::string_view record, std::uint64_t held) = 0;
};

/// What one worker holds of stack traces that are not whole yet. Threads: one at a time.
class StackTraces {
 public:
  using Clock = Holder::Clock;
  class Plan;

  /// The options made ready, for all workers: immutable. Throws ConfigError.
  static std::shared_ptr<const Plan> plan(const StackTraceOptions& options, const BuildContext& context);

  explicit StackTraces(std::shared_ptr<const Plan> plan);
  ~StackTraces();

  /// `tag`: under which what is joined goes on.
  void process(const EventBatch& batch, std::string_view tag, StackTraceSink& sink);
  /// As Holder's.
  std::optional<Clock::time_point> next_expiry() const;
  void expire(Clock::time_point now, ReleaseSink& sink);
  void flush(ReleaseSink& sink);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace logboom
