#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <logboom/msgpack.hpp>
#include <logboom/plugin.hpp>
#include <logboom/time.hpp>

namespace logboom {

/// Where a parser puts what it found in a text.
class ParsedSink {
 public:
  virtual ~ParsedSink() = default;
  /// One record: a msgpack map whose bytes are valid during the call. `time` is what the text says of it; none: the
  /// caller's time (that of arrival, or of the event that held the text).
  virtual void record(const std::optional<EventTime>& time, const msgpack::Value& map) = 0;
};

/// Turns text into records: `<parse>`.
///
/// Threads: one instance belongs to one thread at a time (it may cache), made anew by the factory for each.
class Parser : public Plugin {
 public:
  /// What the text handed to `parse` is.
  enum class Unit : std::uint8_t {
    line,    // one line without its end
    stream,  // any run of bytes: the parser finds the ends of records itself (msgpack)
  };
  virtual Unit unit() const { return Unit::line; }

  /// Hands each record of `text` to `sink`. False where the text does not match: nothing was handed over then, and
  /// `error` says why, in words that end up behind `@ERROR` and in the log. Never throws for bad text.
  virtual bool parse(std::string_view text, ParsedSink& sink, std::string& error) = 0;

  /// For `multiline`: true where this line begins a new record, so that what was gathered before is complete. Nothing
  /// where every line is a record of its own.
  virtual std::optional<bool> starts_record(std::string_view line) {
    static_cast<void>(line);
    return std::nullopt;
  }
};

}  // namespace logboom
