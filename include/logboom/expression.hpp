#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/event.hpp>
#include <logboom/timefmt.hpp>

/// The Ruby that people write in configurations – `${record["log"].split(" ").last}` – compiled once, and run over
/// events without Ruby. It is a subset: what an expression of one event to one value needs, nothing that changes a
/// record, loops, or reaches beyond the event. docs/expressions.md lists it.
namespace logboom {

/// Why a text is no expression of the subset; what() says where and what to write instead.
class ExpressionError : public std::invalid_argument {
 public:
  ExpressionError(std::size_t offset, const std::string& message) : std::invalid_argument(message), offset_(offset) {}
  /// The byte of the text at which it goes wrong.
  std::size_t offset() const noexcept { return offset_; }

 private:
  std::size_t offset_;
};

/// What an expression may look at beside the event. Read when it is compiled.
struct ExpressionSettings {
  std::string hostname;
  TimeZone zone = TimeZone::utc();  // of `time`, `Time.now` and `Time.at(x)`
};

/// One event as an expression sees it: `record`, `tag` (with tag_parts, tag_prefix, tag_suffix) and `time`. Views.
struct ExpressionSubject {
  std::string_view tag;
  EventTime time;
  Record record;
};

namespace expression {
struct Program;
class Machine;
}  // namespace expression

/// One expression. Immutable; may be shared by threads, copies are cheap.
class Expression {
 public:
  /// Throws ExpressionError.
  static Expression compile(std::string_view ruby, const ExpressionSettings& settings);
  const std::string& text() const noexcept;

 private:
  friend class ExpressionTemplate;
  friend class Evaluator;
  explicit Expression(std::shared_ptr<const expression::Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const expression::Program> program_;
};

/// A text with placeholders `${…}`. Immutable; may be shared by threads, copies are cheap.
///
/// Where the whole text is one placeholder, the result keeps the type of its value (unless `as_text`); else values are
/// put in as text: nil as nothing, arrays and maps as Ruby's `inspect` shows them.
class ExpressionTemplate {
 public:
  enum class Mode : std::uint8_t {
    /// ${tag}, ${tag_parts[n]}, ${tag_prefix[n]}, ${tag_suffix[n]}, ${time} (as text), ${hostname}, ${record["key"]},
    /// ${record.dig("a", "b")}. Any other `${…}` and `__NAME__` is unknown: nothing comes in its place, as in Fluentd.
    plain,
    /// Any expression. The text around the placeholders is the inside of a Ruby string: `\n` is a line end, and
    /// `#{…}` is a placeholder too.
    ruby,
  };

  /// Throws ExpressionError (mode ruby); its offset counts from the template's start.
  static ExpressionTemplate compile(std::string_view text, Mode mode, const ExpressionSettings& settings,
                                    bool as_text = false);

  /// True where no event matters: the result is always the same text.
  bool is_constant() const noexcept;
  /// The placeholders that are none (mode plain), as they are written.
  const std::vector<std::string>& unknown() const noexcept;
  const std::string& text() const noexcept;

  struct Impl;

 private:
  friend class Evaluator;
  explicit ExpressionTemplate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

/// Runs expressions. Made values live in its own memory, which it keeps and uses again.
///
/// Call `start` for each event, then `evaluate` as often as wanted; what `evaluate` gave can be read until the next
/// `evaluate`. The subject's bytes must live as long. Each `evaluate` is bounded in steps, memory and the time that
/// regexps take; it throws nothing.
///
/// Threads: one at a time.
class Evaluator {
 public:
  Evaluator();
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;

  void start(const ExpressionSubject& subject) noexcept;

  /// False where it can't be evaluated: see error().
  bool evaluate(const Expression& expression);
  bool evaluate(const ExpressionTemplate& text);
  /// Ruby's reason, such as "undefined method 'upcase' for nil".
  const std::string& error() const noexcept;

  /// The result as exactly one msgpack object. Symbols and times are strings there.
  void write(msgpack::Writer& writer) const;
  /// The result as `to_s` gives it.
  std::string_view text();
  /// Ruby's truth: everything but nil and false.
  bool truthy() const noexcept;
  bool is_nil() const noexcept;

 private:
  std::unique_ptr<expression::Machine> machine_;
};

}  // namespace logboom
