#include "base/stack_trace_detector.hpp"

#include <algorithm>
#include <array>

#include "base/stack_trace_lines.hpp"

namespace logboom::stack_traces {
namespace {

constexpr unsigned at_frames = java | js | csharp;
constexpr unsigned with_exceptions = at_frames | ruby | php | dart;

struct Name {
  std::string_view name;
  unsigned languages;
};
constexpr Name names[] = {
    {"all", all_languages}, {"java", java},     {"js", js},     {"javascript", js}, {"csharp", csharp},
    {"cs", csharp},         {"python", python}, {"py", python}, {"go", go},         {"ruby", ruby},
    {"rb", ruby},           {"php", php},       {"rust", rust}, {"rs", rust},       {"dart", dart},
};

using S = State;
using K = Kind;

/// Tried in this order, of those of the state at hand.
constexpr Detector::Rule rules[] = {
    {S::exception, js, is_at_frame_with_brace, S::js_properties, K::part},
    {S::exception, at_frames, is_at_frame, S::frames, K::part},
    {S::exception, java, is_frames_left_out, S::frames, K::part},
    {S::exception, java, is_cause, S::exception, K::part},
    {S::exception, java, is_nested, S::nested, K::part},
    {S::exception, csharp, is_dotnet_inner, S::exception, K::part},
    {S::exception, csharp, is_dotnet_end, S::frames, K::part},
    {S::exception, ruby, is_ruby_frame, S::ruby_frames, K::part},
    {S::exception, php, is_php_stack, S::php_stack, K::part},
    {S::exception, php, is_xdebug_stack, S::php_xdebug, K::part},
    {S::exception, dart, is_dart_frame, S::dart_frames, K::part},
    {S::exception, with_exceptions, is_blank, S::exception_blank, K::maybe},
    {S::exception_blank, at_frames, is_at_frame, S::frames, K::part},
    {S::exception_blank, ruby, is_ruby_frame, S::ruby_frames, K::part},
    {S::exception_blank, dart, is_dart_frame, S::dart_frames, K::part},

    {S::nested, java, names_exception, S::exception, K::part},
    {S::nested, java, is_blank, S::nested, K::maybe},
    {S::frames, js, is_at_frame_with_brace, S::js_properties, K::part},
    {S::frames, at_frames, is_at_frame, S::frames, K::part},
    {S::frames, java, is_frames_left_out, S::frames, K::part},
    {S::frames, java, is_cause, S::exception, K::part},
    {S::frames, java, is_nested, S::nested, K::part},
    {S::frames, csharp, is_dotnet_end, S::frames, K::part},
    {S::frames, csharp, is_dotnet_inner, S::exception, K::part},
    {S::frames, js, is_blank, S::js_blank, K::maybe},

    {S::js_properties, js, is_closing_brace, S::js_blank, K::part},
    {S::js_properties, js, is_indented, S::js_properties, K::part},
    {S::js_location, js, any_line, S::js_code, K::maybe},
    {S::js_code, js, is_caret, S::js_caret, K::maybe},
    {S::js_caret, js, is_blank, S::js_caret, K::maybe},
    {S::js_caret, js, names_exception, S::exception, K::part},
    {S::js_blank, js, is_blank, S::js_blank, K::maybe},
    {S::js_blank, js, is_node_version, S::start, K::last},

    {S::python_start, python, is_python_frame, S::python_traceback, K::part},
    {S::python_traceback, python, is_python_frame, S::python_traceback, K::part},
    {S::python_traceback, python, is_python_exception, S::python_done, K::part},
    {S::python_done, python, is_blank, S::python_blank, K::maybe},
    {S::python_blank, python, is_python_chain, S::python_chain, K::maybe},
    {S::python_chain, python, is_blank, S::python_chain, K::maybe},
    {S::python_chain, python, is_python_traceback, S::python_start, K::part},

    {S::go_panic, go, is_goroutine, S::go_goroutine, K::part},
    {S::go_panic, go, is_go_panic_more, S::go_panic, K::part},
    {S::go_panic, go, is_blank, S::go_blank, K::maybe},
    {S::go_blank, go, is_goroutine, S::go_goroutine, K::part},
    {S::go_goroutine, go, is_go_function, S::go_function, K::maybe},
    {S::go_goroutine, go, is_blank, S::go_blank, K::maybe},
    {S::go_goroutine, go, is_go_source, S::go_goroutine, K::part},
    {S::go_function, go, is_go_source, S::go_goroutine, K::part},

    {S::ruby_frames, ruby, is_ruby_frame, S::ruby_frames, K::part},
    {S::ruby_frames, ruby, is_blank, S::ruby_blank, K::maybe},
    {S::ruby_blank, ruby, is_blank, S::ruby_blank, K::maybe},
    {S::ruby_blank, ruby, is_ruby_frame, S::ruby_frames, K::part},

    {S::php_error, php, is_php_stack, S::php_stack, K::part},
    {S::php_error, php, is_xdebug_stack, S::php_xdebug, K::part},
    {S::php_stack, php, is_php_main, S::php_main, K::part},
    {S::php_stack, php, is_php_frame, S::php_stack, K::part},
    {S::php_stack, php, is_php_thrown, S::start, K::last},
    {S::php_main, php, is_php_thrown, S::start, K::last},
    {S::php_main, php, is_blank, S::php_main, K::maybe},
    {S::php_main, php, is_php_next, S::exception, K::part},
    {S::php_main, php, is_php_json_end, S::start, K::last},
    {S::php_xdebug, php, is_xdebug_frame, S::php_xdebug, K::part},

    {S::rust_panicked, rust, any_line, S::rust_message, K::part},
    {S::rust_message, rust, is_rust_backtrace, S::rust_backtrace, K::part},
    {S::rust_message, rust, is_rust_note, S::start, K::last},
    {S::rust_backtrace, rust, is_rust_frame, S::rust_backtrace, K::part},
    {S::rust_backtrace, rust, is_rust_note, S::start, K::last},

    {S::dart_unhandled, dart, any_line, S::dart_message, K::part},
    {S::dart_message, dart, is_dart_frame, S::dart_frames, K::part},
    {S::dart_message, dart, is_dart_detail, S::dart_message, K::part},
    {S::dart_message, dart, is_blank, S::dart_message, K::maybe},
    {S::dart_message, dart, any_line, S::dart_source, K::maybe},
    {S::dart_source, dart, is_caret, S::dart_message, K::part},
    {S::dart_source, dart, is_dart_frame, S::dart_frames, K::part},
    {S::dart_frames, dart, is_dart_frame, S::dart_frames, K::part},
};

}  // namespace

unsigned language_of(std::string_view name) noexcept {
  const auto* found = std::find_if(std::begin(names), std::end(names), [&](const Name& n) { return n.name == name; });
  return found == std::end(names) ? 0 : found->languages;
}

std::string_view language_names() noexcept { return "all, java, js, csharp, python, go, ruby, php, rust, dart"; }

std::string_view without_line_end(std::string_view text) noexcept {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

Detector::Detector(unsigned languages) : languages_(languages) {
  for (const Rule& rule : rules) {
    if ((rule.languages & languages) != 0) rules_[static_cast<std::size_t>(rule.from)].push_back(rule);
  }
}

Detector::Step Detector::begin(std::string_view line) const noexcept {
  const auto of = [this](unsigned languages, State state, Kind kind = Kind::part) {
    return (languages_ & languages) != 0 ? Step{kind, state} : Step{};
  };
  switch (beginning_of(line)) {
    case Beginning::none: return {};
    case Beginning::exception: return of(with_exceptions, State::exception);
    case Beginning::php: return of(php, State::php_error);
    case Beginning::ruby_frame: return of(ruby, State::ruby_frames);
    case Beginning::rails: return of(ruby, State::ruby_blank);
    case Beginning::python: return of(python, State::python_start);
    case Beginning::go_panic: return of(go, State::go_panic);
    case Beginning::rust: return of(rust, State::rust_message);
    case Beginning::rust_split: return of(rust, State::rust_panicked);
    case Beginning::dart: return of(dart, State::dart_unhandled);
    case Beginning::js_location: return of(js, State::js_location, Kind::maybe);
  }
  return {};
}

Detector::Step Detector::go_on(State state, std::string_view line) const noexcept {
  for (const Rule& rule : rules_[static_cast<std::size_t>(state)]) {
    if (rule.matches(line)) return {rule.kind, rule.to};
  }
  return {};
}

}  // namespace logboom::stack_traces
