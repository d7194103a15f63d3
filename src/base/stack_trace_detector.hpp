#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace logboom::stack_traces {

/// Whose stack traces are looked for: a set of bits.
enum Language : unsigned {
  java = 1,
  js = 2,
  csharp = 4,
  python = 8,
  go = 16,
  ruby = 32,
  php = 64,
  rust = 128,
  dart = 256,
  all_languages = 511,
};

/// The bit of a name that a configuration may give; 0 where there is none of that name.
unsigned language_of(std::string_view name) noexcept;
/// The names, for messages.
std::string_view language_names() noexcept;

/// What the lines so far have been.
enum class State : std::uint8_t {
  start,
  exception,        // a line that names an exception
  exception_blank,  // and a blank one behind it
  frames,           // "at …"
  nested,           // "nested exception is:"
  js_properties,    // what Node.js prints of an error's fields
  js_location,      // "/app/main.js:3", as Node.js begins with an error that nobody caught
  js_code,
  js_caret,
  js_blank,
  python_start,
  python_traceback,  // with a frame
  python_done,       // the exception's line
  python_blank,
  python_chain,  // "During handling of …"
  go_panic,
  go_blank,
  go_goroutine,
  go_function,
  ruby_frames,
  ruby_blank,
  php_error,  // "PHP Warning: …"
  php_stack,
  php_main,
  php_xdebug,
  rust_panicked,
  rust_message,
  rust_backtrace,
  dart_unhandled,
  dart_message,
  dart_source,  // a line of a program or text, with a caret below it
  dart_frames,
  count,
};

enum class Kind : std::uint8_t {
  none,   // no line of a trace
  part,   // one more line
  maybe,  // one more line if a `part` follows, possibly after more such lines
  last,   // the line that ends a trace
};

/// Says of one line after the other whether it belongs to a stack trace. Immutable: may be shared by threads.
class Detector {
 public:
  struct Step {
    Kind kind = Kind::none;
    State next = State::start;
  };
  struct Rule {
    State from;
    unsigned languages;
    bool (*matches)(std::string_view line) noexcept;
    State to;
    Kind kind;
  };

  explicit Detector(unsigned languages);

  /// Whether a line begins a trace; the line is without its end. Most lines don't, which costs one look at each byte.
  Step begin(std::string_view line) const noexcept;
  /// Whether a line goes on with one.
  Step go_on(State state, std::string_view line) const noexcept;

 private:
  unsigned languages_;
  std::array<std::vector<Rule>, static_cast<std::size_t>(State::count)> rules_;
};

/// The text without line ends behind it.
std::string_view without_line_end(std::string_view text) noexcept;

}  // namespace logboom::stack_traces
