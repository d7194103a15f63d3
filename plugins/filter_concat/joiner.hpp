#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/filter.hpp>
#include <logboom/record_editor.hpp>
#include <logboom/regexp.hpp>

#include "options.hpp"
#include "streams.hpp"

namespace logboom::concat {

/// Joined events that are not whole, by what they were ended by, and fragments that came twice.
struct Counters {
  Counter timeout, missing, size, memory, end, repeated;
};

/// The options, made ready. Immutable, but for the counters.
struct Plan {
  /// Throws ConfigError.
  Plan(const Options& options, const Element& element, unsigned workers);

  Mode mode;
  Options options;
  std::string separator;
  std::optional<Regexp> first, last, between;
  std::string marker, id, ordinal, final;      // Docker's fields, or those that stand for them
  std::vector<std::string> identity;           // fields that tell streams apart
  std::vector<std::string> left_out;           // of joined records
  bool is_fragment = false;                    // texts are fragments of one line
  std::size_t event_size, held_size, streams;  // limits of one worker
};

/// What one worker holds. Threads: one at a time.
class Joiner {
 public:
  using Clock = Holder::Clock;

  Joiner(const Plan& plan, Counters& counters, Gauge& held) : plan_(plan), counters_(counters), held_(held) {}

  void apply(const EventBatch& batch, FilterSink& sink);
  std::optional<Clock::time_point> next_expiry() const;
  void expire(Clock::time_point now, ReleaseSink& sink);
  void flush(ReleaseSink& sink);

 private:
  void decide(const Event& event);
  void count_lines(const Event& event, const msgpack::Value& text);
  void match_line(const Event& event, const msgpack::Value& text);
  void match_between(const Event& event, const msgpack::Value& text);
  void match_fragment(const Event& event, const msgpack::Value& text);
  bool matches(const std::optional<Regexp>& regexp, std::string_view text, bool otherwise);

  void find_stream(const Event& event);
  bool hold(const Event& event, const msgpack::Value& text, std::uint64_t ordinal = 0);
  bool make_room(const Event& event, std::size_t size);
  void pass(const Event& event);
  void complete(const Event* last);
  void release(const EventTime& time, const Event* last);
  void close(Stream& stream);
  void give_up(Stream& stream, ReleaseSink& sink, Counter& reason);
  std::string_view write(Stream& stream, const Event* last);

  const Plan& plan_;
  Counters& counters_;
  Gauge& held_;
  StreamTable table_;
  bool crowded_ = false;

  // Of the batch and event at hand.
  FilterSink* sink_ = nullptr;
  std::string key_;
  std::size_t tag_size_ = 0;
  Stream* stream_ = nullptr;
  std::optional<Clock::time_point> now_;
  bool gave_up_ = false;

  RecordEditor editor_;
  OutBuffer out_;
  MatchRegion region_;
};

}  // namespace logboom::concat
