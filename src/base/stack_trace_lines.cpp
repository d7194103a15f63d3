#include "base/stack_trace_lines.hpp"

#include <array>

#include <logboom/ascii.hpp>

namespace logboom::stack_traces {
namespace {

bool is_white(char c) noexcept { return c == ' ' || c == '\t'; }
bool is_name(char c) noexcept {
  return is_digit(c) || c == '_' || c == '$' ||
         (static_cast<unsigned char>(c | 0x20) >= 'a' && static_cast<unsigned char>(c | 0x20) <= 'z');
}
bool contains(Line line, Line part) noexcept { return line.find(part) != Line::npos; }

std::size_t indent(Line line) noexcept {
  const std::size_t at = line.find_first_not_of(" \t");
  return at == Line::npos ? line.size() : at;
}
Line trimmed(Line line) noexcept {
  line.remove_prefix(indent(line));
  while (!line.empty() && is_white(line.back())) line.remove_suffix(1);
  return line;
}

/// Digits at the beginning are taken off; false where there are none.
bool take_number(Line& line) noexcept {
  std::size_t digits = 0;
  while (digits < line.size() && is_digit(line[digits])) ++digits;
  line.remove_prefix(digits);
  return digits != 0;
}
/// ":12" at the end is taken off.
bool take_number_at_end(Line& line) noexcept {
  std::size_t size = line.size();
  while (size > 0 && is_digit(line[size - 1])) --size;
  if (size == line.size() || size == 0 || line[size - 1] != ':') return false;
  line = line.substr(0, size - 1);
  return true;
}

Beginning exception_word(Line line, Line behind) noexcept {
  if (behind.empty() || behind[0] == ':' || behind.starts_with("(code: ")) return Beginning::exception;
  if (behind.starts_with(" (") && line.ends_with("):")) return Beginning::rails;
  return Beginning::none;
}

bool is_php_error(Line rest) noexcept {
  rest.remove_prefix(4);
  return rest.starts_with("Notice:") || rest.starts_with("Warning:") || rest.starts_with("Parse error:") ||
         rest.starts_with("Fatal error:");
}

/// A word that begins with one of a few letters stands at the beginning of `rest`, the end of `line`.
Beginning word_at(Line line, Line rest) noexcept {
  switch (rest[0]) {
    case 'E':
      if (rest.starts_with("Exception")) return exception_word(line, rest.substr(9));
      if (rest.starts_with("Error")) return exception_word(line, rest.substr(5));
      return Beginning::none;
    case 'T':
      if (rest.starts_with("Throwable")) return exception_word(line, rest.substr(9));
      return rest == "Traceback (most recent call last):" ? Beginning::python : Beginning::none;
    case 'U':
      if (rest.starts_with("Uncaught ") && contains(line, "rror:")) return Beginning::exception;
      return rest == "Unhandled exception:" && rest.size() == line.size() ? Beginning::dart : Beginning::none;
    case 'P': return rest.starts_with("PHP ") && is_php_error(rest) ? Beginning::php : Beginning::none;
    case 'V':
      return rest.starts_with("V8 errors stack trace") ? exception_word(line, rest.substr(21)) : Beginning::none;
    case '\'':
      if (!rest.starts_with("' with message '")) return Beginning::none;
      return contains(line, "exception '") ? Beginning::php : Beginning::none;
    default:  // p
      return rest.starts_with("panic: ") || rest.starts_with("panic serving ") ? Beginning::go_panic : Beginning::none;
  }
}

constexpr std::array<bool, 256> first_letters = [] {
  std::array<bool, 256> letters{};
  for (const char c : {'E', 'T', 'U', 'p', 'P', 'V', '\''}) letters[static_cast<unsigned char>(c)] = true;
  return letters;
}();

/// "/app/main.js:3", "node:internal/process:12"
bool is_js_location(Line line) noexcept {
  const bool is_path = line[0] == '/' || line.starts_with("file:///") || line.starts_with("node:");
  if (!is_path || !take_number_at_end(line)) return false;
  return line.starts_with("node:") || line.ends_with(".js") || line.ends_with(".mjs") || line.ends_with(".cjs") ||
         line.ends_with(".ts");
}

/// What can only stand at the line's beginning or end.
Beginning anchored(Line line) noexcept {
  switch (line[0]) {
    case 'f':
      if (line.starts_with("fatal error: ")) return Beginning::go_panic;
      break;
    case 't': {
      const std::size_t at = line.starts_with("thread '") ? line.find(" panicked at ") : Line::npos;
      if (at != Line::npos) return line.back() == ':' ? Beginning::rust_split : Beginning::rust;
      break;
    }
    default: break;
  }
  if (line.back() == ')' && contains(line, ":in ") && line.find(" (") != Line::npos) return Beginning::ruby_frame;
  if (is_digit(line.back()) && is_js_location(line)) return Beginning::js_location;
  return Beginning::none;
}

}  // namespace

Beginning beginning_of(Line line) noexcept {
  if (line.empty()) return Beginning::none;
  if (const Beginning found = anchored(line); found != Beginning::none) return found;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (!first_letters[static_cast<unsigned char>(line[i])]) continue;
    if (const Beginning found = word_at(line, line.substr(i)); found != Beginning::none) return found;
  }
  return Beginning::none;
}

bool any_line(Line) noexcept { return true; }
bool is_blank(Line line) noexcept { return indent(line) == line.size(); }
bool names_exception(Line line) noexcept { return beginning_of(line) == Beginning::exception; }

bool is_at_frame(Line line) noexcept {
  const std::size_t blanks = indent(line);
  line.remove_prefix(blanks);
  return blanks != 0 && (line.starts_with("at ") || line.starts_with("eval at "));
}
bool is_at_frame_with_brace(Line line) noexcept { return line.ends_with(" {") && is_at_frame(line); }
bool is_frames_left_out(Line line) noexcept {
  line = trimmed(line);
  if (!line.starts_with("... ")) return false;
  line.remove_prefix(4);
  return take_number(line) && (line == " more" || line == " common frames omitted");
}
bool is_cause(Line line) noexcept {
  line = trimmed(line);
  return line.starts_with("Caused by: ") || line.starts_with("Suppressed: ") || line.starts_with("Wrapped by: ");
}
bool is_nested(Line line) noexcept { return trimmed(line).starts_with("nested exception is:"); }
bool is_dotnet_inner(Line line) noexcept { return trimmed(line).starts_with("---> "); }
bool is_dotnet_end(Line line) noexcept { return trimmed(line).starts_with("--- End of "); }
bool is_indented(Line line) noexcept {
  return !is_blank(line) && line.size() > 2 && is_white(line[0]) && is_white(line[1]);
}
bool is_closing_brace(Line line) noexcept { return line == "}"; }
bool is_caret(Line line) noexcept {
  line = trimmed(line);
  return !line.empty() && line.find_first_not_of('^') == Line::npos;
}
bool is_node_version(Line line) noexcept { return line.starts_with("Node.js v"); }

bool is_python_traceback(Line line) noexcept { return trimmed(line).ends_with("Traceback (most recent call last):"); }
bool is_python_frame(Line line) noexcept { return indent(line) >= 2 && !is_blank(line); }
bool is_python_exception(Line line) noexcept {
  std::size_t size = 0;
  std::size_t last_part = 0;
  for (; size < line.size() && (is_name(line[size]) || line[size] == '.'); ++size) {
    if (line[size] == '.') last_part = size + 1;
  }
  const bool is_name_alone = size == line.size();
  if (size == last_part || (!is_name_alone && line[size] != ':')) return false;
  const bool is_capital = line[last_part] >= 'A' && line[last_part] <= 'Z';
  return is_capital || (last_part != 0 && !is_name_alone);
}
bool is_python_chain(Line line) noexcept {
  return line == "During handling of the above exception, another exception occurred:" ||
         line == "The above exception was the direct cause of the following exception:";
}

bool is_go_panic_more(Line line) noexcept {
  return line.starts_with("[signal ") || line.starts_with("\tpanic: ") || line.starts_with("\t/") ||
         line.starts_with("panic: ") || line.starts_with("runtime stack:");
}
bool is_goroutine(Line line) noexcept {
  if (!line.starts_with("goroutine ")) return false;
  line.remove_prefix(10);
  return take_number(line) && contains(line, " [") && line.ends_with("]:");
}
bool is_go_function(Line line) noexcept {
  if (line.starts_with("created by ")) return true;
  return !line.empty() && !is_white(line[0]) && line.back() == ')' && line.find('(') != Line::npos;
}
bool is_go_source(Line line) noexcept {
  if (line.empty() || line[0] != '\t') return line.starts_with("...") && contains(line, "frames elided");
  const std::size_t offset = line.find(" +0x");
  if (offset != Line::npos) line = line.substr(0, offset);
  return take_number_at_end(line);
}

bool is_ruby_frame(Line line) noexcept {
  line = trimmed(line);
  if (line.ends_with(')')) return false;  // that begins another one
  if (line.starts_with("from ")) line.remove_prefix(5);
  const std::size_t at = line.find(":in ");
  if (at == Line::npos || at == 0) return false;
  line = line.substr(0, at);
  return take_number_at_end(line);
}

bool is_php_stack(Line line) noexcept { return line == "Stack trace:" || line == "[stacktrace]"; }
bool is_php_frame(Line line) noexcept {
  if (!line.starts_with('#')) return false;
  line.remove_prefix(1);
  return take_number(line) && line.starts_with(' ');
}
bool is_php_main(Line line) noexcept { return line.ends_with(" {main}") && is_php_frame(line); }
bool is_php_thrown(Line line) noexcept { return line.starts_with("  thrown in ") && contains(line, " on line "); }
bool is_php_next(Line line) noexcept {
  return line.starts_with("Next ") && (names_exception(line) || beginning_of(line) == Beginning::php);
}
bool is_php_json_end(Line line) noexcept { return line.starts_with("\"}"); }
bool is_xdebug_stack(Line line) noexcept { return line == "PHP Stack trace:"; }
bool is_xdebug_frame(Line line) noexcept {
  if (!line.starts_with("PHP ")) return false;
  line = trimmed(line.substr(4));
  return take_number(line) && line.starts_with(". ");
}

bool is_rust_backtrace(Line line) noexcept { return line == "stack backtrace:"; }
bool is_rust_frame(Line line) noexcept {
  const std::size_t blanks = indent(line);
  line.remove_prefix(blanks);
  if (blanks == 0) return false;
  return line.starts_with("at ") || (take_number(line) && line.starts_with(": "));
}
bool is_rust_note(Line line) noexcept { return line.starts_with("note: "); }

bool is_dart_frame(Line line) noexcept {
  if (line == "<asynchronous suspension>") return true;
  return is_php_frame(line) && line.ends_with(')') && contains(line, " (");
}
bool is_dart_detail(Line line) noexcept {
  return line.starts_with("Receiver: ") || line.starts_with("Tried calling: ") || line.starts_with("Found: ");
}

}  // namespace logboom::stack_traces
