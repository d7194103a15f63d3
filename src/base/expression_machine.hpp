#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/expression.hpp>
#include <logboom/json_reader.hpp>
#include <logboom/out_buffer.hpp>
#include <logboom/timeparse.hpp>

#include "base/expression_library.hpp"
#include "base/expression_method.hpp"
#include "base/expression_program.hpp"
#include "base/expression_value.hpp"

namespace logboom::expression {

/// How deep values that an expression looks through may be nested; what is deeper stays closed.
inline constexpr unsigned most_nesting = 500;
inline constexpr std::size_t most_memory = std::size_t{8} << 20;

/// Evaluates programs over one event. What it makes lives in its arena until the next `reset`.
class Machine {
 public:
  void start(const ExpressionSubject& subject) noexcept { subject_ = subject; }
  /// Before each evaluation.
  void reset(const TimeZone& zone);
  Val run(const Program& program, const Node& root);
  Val eval(const Node& node);

  const ExpressionSubject& subject() const noexcept { return subject_; }
  Arena& arena() noexcept { return arena_; }
  OutBuffer& text_memory() noexcept { return text_; }
  const std::string& error() const noexcept { return error_; }
  /// Of the evaluation that the caller asked for last.
  Val last;

  /// Remembers why; the value says that there is none.
  Val fail(std::string reason);
  Val no_method(std::string_view name, const Val& self);
  Val wrong_type(std::string_view expected, const Val& given);
  /// False, and fails, where so many bytes more would be too many.
  bool has_room(std::size_t bytes);
  bool has_room(std::size_t count, std::size_t bytes) {
    return bytes == 0 || has_room(count > most_memory ? count : count * bytes);
  }

  // Blocks
  Val call_block(const Call& call, std::span<const Val> args);
  Val call_block(const Call& call, const Val& arg) { return call_block(call, std::span(&arg, 1)); }
  /// Calls a block of pairs with key and value, or with the pair as one array if it takes one parameter.
  Val call_block(const Call& call, const Pair& pair);

  // expression_convert.cpp: what values are as something else
  std::string_view to_s(const Val& value);
  /// Appends what to_s gives.
  void put_text(const Val& value, OutBuffer& out);
  std::string_view inspect(const Val& value);
  std::string_view to_json(const Val& value);
  void write(const Val& value, msgpack::Writer& writer, unsigned depth = 0);
  std::span<const Val> elements(const Val& array);
  std::span<const Pair> pairs(const Val& hash);
  Val text(std::string_view text) { return Val::of(arena_.copy(text)); }
  std::string format_time(const Val& time, std::string_view format);
  Val parse_json(std::string_view text);
  std::string_view class_name(const Val& value) const;

  // expression_compare.cpp
  bool equal(const Val& a, const Val& b, unsigned depth = 0);
  std::optional<int> compare(const Val& a, const Val& b, unsigned depth = 0);
  bool case_equal(const Val& pattern, const Val& value);
  bool is_a(const Val& value, Class type) const;
  Val lookup(const Val& hash, const Val& key);

  // expression_search.cpp
  /// Searches from a byte on. Null where nothing is found, and where it fails (`failed`).
  const MatchData* search(const Regexp& regexp, std::string_view subject, std::size_t from, bool& failed);
  const Regexp* dynamic_regexp(std::string_view pattern, unsigned flags);
  void remember(const MatchData* match) noexcept { last_match_ = match; }

  Val tag_part(TagView view, std::int64_t index);
  Val tag_list(TagView view);

 private:
  Val call(const Node& node);
  Val make_array(const Node& node);
  Val make_hash(const Node& node);
  Val make_string(const Node& node);
  Val make_regexp(const Node& node);
  Val make_range(const Node& node);
  Val case_when(const Node& node);
  Val rescue(const Node& node);
  Val time_at(const Node& node);
  Val convert(const Node& node);
  Val group(std::int64_t number) const;
  Val operation(const Node& node);
  void inspect(const Val& value, OutBuffer& out, unsigned depth);

  struct Dynamic {
    std::string pattern;
    unsigned flags;
    Regexp regexp;
  };
  struct Formatter {
    std::string format;
    std::int32_t zone;
    TimeFormatter formatter;
  };
  TimeFormatter& formatter(std::int32_t zone, std::string_view format);

  // expression_library.cpp
  struct TimeText {
    std::string format;
    bool utc;
    TimeParser parser;
  };
  TimeParser& time_parser(std::string_view format, bool utc);
  Val read_time(std::string_view text, std::string_view format, bool date_time);
  Val library(const Node& node);
  Val library_text(Library function, std::string_view text, std::string_view format);

  ExpressionSubject subject_;
  const Program* program_ = nullptr;  // that runs
  Arena arena_;
  OutBuffer text_;
  OutBuffer packed_;
  std::string error_;
  std::vector<Val> locals_;
  Val parameter_;
  const MatchData* last_match_ = nullptr;
  TimeZone zone_ = TimeZone::utc();
  MatchRegion region_;
  std::deque<Dynamic> dynamic_;
  std::vector<Formatter> formatters_;
  std::vector<TimeText> time_parsers_;
  std::optional<JsonReader> json_;
  std::uint64_t steps_ = 0;
  std::uint64_t searches_ = 0;
  std::chrono::steady_clock::time_point deadline_;
};

/// A text that is being made; several may be under way, one inside another.
class Text {
 public:
  explicit Text(Machine& machine) : machine_(machine), out_(machine.text_memory()), begin_(out_.size()) {}
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() { out_.truncate(begin_); }

  OutBuffer& out() noexcept { return out_; }
  void append(std::string_view text) { out_.append(text); }
  void append(char c) { out_.append(c); }
  std::size_t size() const noexcept { return out_.size() - begin_; }
  std::string_view take() { return machine_.arena().copy(out_.text().substr(begin_)); }
  Val value() { return Val::of(take()); }

 private:
  Machine& machine_;
  OutBuffer& out_;
  std::size_t begin_;
};

/// A hash that is being made: of equal keys the last value counts, at the first one's place.
class HashBuilder {
 public:
  explicit HashBuilder(Machine& machine) : machine_(machine) {}
  void add(const Val& key, const Val& value);
  Val value();

 private:
  Machine& machine_;
  std::vector<Pair> pairs_;
};

}  // namespace logboom::expression
