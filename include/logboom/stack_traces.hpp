#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <logboom/output.hpp>
#include <logboom/record_editor.hpp>

#include "detector.hpp"
#include "traces.hpp"

namespace logboom::detect_exceptions {

/// The options, made ready. Immutable.
struct Settings {
  std::string remove_tag_prefix;  // with its dot; empty: none
  std::string message;            // empty: `message`, or else `log`
  std::string stream;
  std::chrono::nanoseconds flush_interval;
  std::uint64_t max_lines;  // 0: no limit
  std::uint64_t max_bytes;
  std::size_t held_size;  // of one worker
  bool force_line_breaks;

  std::string_view new_tag(std::string_view tag) const noexcept;
};

/// What one worker holds. Threads: one at a time.
class Joiner {
 public:
  using Clock = Holder::Clock;

  Joiner(const Settings& settings, const Detector& detector) : settings_(settings), detector_(detector) {}

  void process(const EventBatch& batch, EmitSink& sink);
  std::optional<Clock::time_point> next_expiry() const;
  void expire(Clock::time_point now, ReleaseSink& sink);
  void flush(ReleaseSink& sink);

 private:
  struct Line {
    Event event;
    bool is_held;  // counted as held already
  };

  msgpack::Value message_of(const Record& record, std::string_view& field) const noexcept;
  void decide(const Event& event, EmitSink& sink);
  void take(const Line& line, EmitSink& sink);
  void pass(const Line& line, EmitSink& sink);
  void end(Trace& trace, EmitSink& sink);
  bool go_on(Trace& trace, const Line& line, const msgpack::Value& text, EmitSink& sink);
  bool fits(const Trace* trace, const Event& event) const noexcept;
  void add(Trace& trace, const Line& line, const msgpack::Value& text, Detector::Step step, EmitSink& sink);
  void append(Trace& trace, std::string_view text) const;
  void confirm(Trace& trace) const;
  template <class Sink>
  void release(Trace& trace, Sink& sink);
  std::string_view joined_record(const Trace& trace);

  const Settings& settings_;
  const Detector& detector_;
  Traces traces_;

  // Of the batch at hand.
  std::string_view tag_;
  std::string key_;
  std::size_t tag_size_ = 0;
  std::optional<Clock::time_point> now_;

  RecordEditor editor_;
  OutBuffer out_;
};

}  // namespace logboom::detect_exceptions
