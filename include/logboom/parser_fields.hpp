#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/parse_time_options.hpp>
#include <logboom/parser.hpp>
#include <logboom/regexp.hpp>

namespace logboom {

/// The parameters that all parsers share. A parser's Options derive from it, set other defaults in their constructor,
/// and call `describe_parser` in their `describe`.
struct ParserOptions : ParseTimeOptions {
  std::vector<std::pair<std::string, std::string>> types;
  std::string time_key;
  bool keep_time_key = false;
  std::optional<config_value::Regexp> null_value_pattern;
  bool null_empty_string = false;
  bool estimate_current_event = true;
  std::optional<std::chrono::nanoseconds> timeout;

  template <class Options>
  static void describe_parser(Describe<Options>& d) {
    d.param("types", static_cast<std::vector<std::pair<std::string, std::string>> Options::*>(&ParserOptions::types),
            "Types of fields, such as `code:integer,at:time:%d/%b/%Y`: string, integer, float, bool, array[:delimiter] "
            "or time[:zone][:format].");
    d.param("time_key", static_cast<std::string Options::*>(&ParserOptions::time_key),
            "The field that holds the event's time.");
    d.param("keep_time_key", static_cast<bool Options::*>(&ParserOptions::keep_time_key),
            "Leave that field in the record.");
    d.param("null_value_pattern",
            static_cast<std::optional<config_value::Regexp> Options::*>(&ParserOptions::null_value_pattern),
            "A regular expression; a text that it matches becomes null.");
    d.param("null_empty_string", static_cast<bool Options::*>(&ParserOptions::null_empty_string),
            "An empty text becomes null.");
    d.param("estimate_current_event", static_cast<bool Options::*>(&ParserOptions::estimate_current_event),
            "Known and without effect: an event whose text says no time keeps that with which it came.");
    d.param("timeout", static_cast<std::optional<std::chrono::nanoseconds> Options::*>(&ParserOptions::timeout),
            "The longest that a regular expression may take for one text; it is bounded without this, too.");
    describe_parse_time(d);
  }
};

/// Makes records of fields as ParserOptions say: types are converted, nulls put in, the time taken out.
///
/// A text's records are begun and ended one after the other and delivered together, so that where one fails none is
/// handed over:
///
///     fields.reset();
///     fields.begin();
///     fields.text("user", user);
///     if (!fields.end(error)) return false;
///     fields.deliver(sink);
///     return true;
///
/// Threads: one at a time. Keeps its memory. Views that it is given must stay valid until `deliver`.
class FieldWriter {
 public:
  /// Throws ConfigError at the attribute of `element` that is wrong.
  FieldWriter(const ParserOptions& options, const Element& element);
  FieldWriter(FieldWriter&&) noexcept;
  ~FieldWriter();

  /// Forgets the records of the last text.
  void reset() noexcept {
    out_.clear();
    records_.clear();
  }
  /// Begins a record. Fields keep their order; of several with one key all are kept.
  void begin();
  void text(std::string_view key, std::string_view text);
  void null(std::string_view key);
  void integer(std::string_view key, std::int64_t number);
  void number(std::string_view key, double number);
  void boolean(std::string_view key, bool value);
  void value(std::string_view key, const msgpack::Value& value);
  void value(const msgpack::Value& key, const msgpack::Value& value);
  /// False where the time can't be read, or null_value_pattern gives up: `error` says why.
  bool end(std::string& error);
  /// begin, the pairs of `map`, and end. Where nothing is to be changed the map's bytes are handed on as they are.
  bool map(const msgpack::Value& map, std::string& error);
  /// The time of the record that was ended last, for those who know it otherwise.
  void set_time(const EventTime& time) noexcept { records_.back().time = time; }
  void deliver(ParsedSink& sink) const;

  /// Reads a time by itself; false with the reason in `error`.
  bool read_time(std::string_view text, EventTime& time, std::string& error);

 private:
  struct Converter;
  struct Kept {
    std::optional<EventTime> time;
    msgpack::Value view;  // not set: the bytes stand in `out_`
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  bool is_time_key(std::string_view key) const noexcept { return !time_key_.empty() && key == time_key_; }
  bool is_null(std::string_view text);
  Converter* converter(std::string_view key) noexcept;
  void put_key(std::string_view key);
  template <class Write>
  void written(std::string_view key, Write&& write);
  void put(std::string_view key, const msgpack::Value& value);
  void convert(Converter& converter, std::string_view text);
  void convert(Converter& converter, const msgpack::Value& value);
  bool map_without_time(const msgpack::Value& map, std::string& error);
  bool fail_time(const msgpack::Value& value, std::string& error) const;

  std::string time_key_;
  bool keep_time_key_;
  bool null_empty_;
  bool changes_values_;
  std::vector<Converter> converters_;
  std::optional<Regexp> null_pattern_;
  MatchRegion region_;
  TimeParser times_;

  OutBuffer out_;
  OutBuffer scratch_, json_, time_bytes_;
  std::vector<Kept> records_;
  std::size_t begin_ = 0;
  std::uint32_t count_ = 0;
  bool gave_up_ = false;  // a search of null_value_pattern
  std::string_view time_text_;
  msgpack::Value time_value_;
  enum class TimeFrom : std::uint8_t { nothing, text, value } time_from_ = TimeFrom::nothing;
};

}  // namespace logboom
