#pragma once

#include <string_view>

// The shapes of single lines of stack traces. Lines come without their ends.
namespace logboom::stack_traces {

/// How a line may begin a trace.
enum class Beginning : unsigned char {
  none,
  exception,   // "java.lang.IllegalStateException: …", "TypeError: …", "… Uncaught …", "V8 errors stack trace"
  php,         // "PHP Warning:  …", "exception 'X' with message '…"
  ruby_frame,  // "a.rb:1:in `f': … (RuntimeError)"
  rails,       // "ActionController::RoutingError (…):"
  python,
  go_panic,
  rust,        // the message is part of the line
  rust_split,  // the message is the next line
  dart,
  js_location,
};
Beginning beginning_of(std::string_view line) noexcept;

using Line = std::string_view;

bool any_line(Line) noexcept;
bool is_blank(Line line) noexcept;
bool names_exception(Line line) noexcept;

bool is_at_frame(Line line) noexcept;             //   at com.example.Main.run(Main.java:12)
bool is_at_frame_with_brace(Line line) noexcept;  //   at main (/app/main.js:3:5) {
bool is_frames_left_out(Line line) noexcept;      //   ... 23 more
bool is_cause(Line line) noexcept;                // Caused by: …
bool is_nested(Line line) noexcept;               // nested exception is:
bool is_dotnet_inner(Line line) noexcept;         //  ---> System.Exception: …
bool is_dotnet_end(Line line) noexcept;           //    --- End of inner exception stack trace ---
bool is_indented(Line line) noexcept;
bool is_closing_brace(Line line) noexcept;
bool is_caret(Line line) noexcept;
bool is_node_version(Line line) noexcept;

bool is_python_traceback(Line line) noexcept;
bool is_python_frame(Line line) noexcept;      // File "a.py", line 3, in f; its code; marks below it
bool is_python_exception(Line line) noexcept;  // ValueError: …
bool is_python_chain(Line line) noexcept;      // During handling of the above exception, …

bool is_go_panic_more(Line line) noexcept;  // [signal SIGSEGV…, a second panic
bool is_goroutine(Line line) noexcept;      // goroutine 1 [running]:
bool is_go_function(Line line) noexcept;    // main.f(0x1, …); created by main.g
bool is_go_source(Line line) noexcept;      //         /app/main.go:8 +0x1d

bool is_ruby_frame(Line line) noexcept;  // from a.rb:3:in `f'

bool is_php_stack(Line line) noexcept;   // Stack trace:
bool is_php_frame(Line line) noexcept;   // #0 /app/a.php(3): f()
bool is_php_main(Line line) noexcept;    // #1 {main}
bool is_php_thrown(Line line) noexcept;  //   thrown in /app/a.php on line 3
bool is_php_next(Line line) noexcept;    // Next RuntimeException: …
bool is_php_json_end(Line line) noexcept;
bool is_xdebug_stack(Line line) noexcept;  // PHP Stack trace:
bool is_xdebug_frame(Line line) noexcept;  // PHP   1. {main}() /app/a.php:0

bool is_rust_backtrace(Line line) noexcept;  // stack backtrace:
bool is_rust_frame(Line line) noexcept;      //   0: main::f; at src/main.rs:2:5
bool is_rust_note(Line line) noexcept;       // note: run with …

bool is_dart_frame(Line line) noexcept;   // #0      main (file:///a.dart:3:7)
bool is_dart_detail(Line line) noexcept;  // Receiver: null; Tried calling: f(); Found: f(int)

}  // namespace logboom::stack_traces
