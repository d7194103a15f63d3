#include "config/literal.hpp"

#include <cctype>
#include <utility>

namespace logboom::config {
namespace {

// The character behind a backslash in double quotes.
char unescape(const Cursor& cursor, char c) {
  switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'f': return '\f';
    case 'b': return '\b';
    case '0': return '\0';
    default: break;
  }
  if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
    cursor.fail("unknown escape \\" + std::string(1, c) +
                " in double quotes; write \\\\ for a backslash, or use single quotes or none");
  }
  return c;
}

void trim_end(std::string& text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
}

// A character, an escape or a `#{…}` of a double-quoted text.
void scan_text_part(Cursor& cursor, const ParseOptions& options, Literal& out) {
  const char c = cursor.peek();
  if (cursor.skip("#{")) {
    const Literal inner = evaluate_embedded(cursor, options);
    out.text += inner.text;
    out.is_nil |= inner.is_nil;
    out.is_default |= inner.is_default;
  } else if (cursor.at_newline()) {
    cursor.skip_newline();
    out.text += '\n';
  } else if (c == '\\' && (cursor.peek(1) == '\n' || cursor.peek(1) == '\r')) {
    cursor.advance();
    cursor.skip_newline();
  } else if (c == '\\') {
    out.text += unescape(cursor, cursor.peek(1));
    cursor.advance(2);
  } else {
    out.text += c;
    cursor.advance();
  }
}

// use_nil and use_default stand for the whole value, and of both use_nil counts.
Literal whole(Literal literal) {
  if (literal.is_nil) literal.is_default = false;
  if (literal.is_nil || literal.is_default) literal.text.clear();
  return literal;
}

}  // namespace

Literal scan_double_quoted(Cursor& cursor, const ParseOptions& options) {
  const std::size_t start = cursor.offset();
  cursor.advance();
  Literal out;
  while (!cursor.at_end()) {
    if (cursor.skip("\"")) return whole(std::move(out));
    scan_text_part(cursor, options, out);
  }
  cursor.fail_at(start, "this double-quoted string is never closed; add the closing \"");
}

Literal scan_unquoted_text(Cursor& cursor, const ParseOptions& options) {
  Literal out;
  while (!cursor.at_end()) scan_text_part(cursor, options, out);
  return whole(std::move(out));
}

std::string scan_single_quoted(Cursor& cursor) {
  const std::size_t start = cursor.offset();
  cursor.advance();
  std::string out;
  while (!cursor.at_end() && !cursor.at_newline()) {
    if (cursor.skip("'")) return out;
    const char next = cursor.peek(1);
    if (cursor.peek() == '\\' && (next == '\'' || next == '\\')) cursor.advance();
    out += cursor.peek();
    cursor.advance();
  }
  cursor.fail_at(start,
                 "this single-quoted string is not closed on its line; add the closing ', or use double quotes "
                 "for more than one line");
}

std::string scan_plain_value(Cursor& cursor) {
  const std::size_t start = cursor.offset();
  while (!cursor.at_end() && !cursor.at_newline()) {
    if (cursor.at_blank()) {
      const std::size_t blanks = cursor.offset();
      cursor.skip_blanks();
      if (cursor.peek() == '#') {
        cursor.move_to(blanks);
        break;
      }
    } else {
      cursor.advance();
    }
  }
  std::string out(cursor.slice(start, cursor.offset()));
  trim_end(out);
  return out;
}

std::string scan_plain_key(Cursor& cursor) {
  const std::size_t start = cursor.offset();
  while (!cursor.at_end() && !cursor.at_newline() && !cursor.at_blank()) cursor.advance();
  return std::string(cursor.slice(start, cursor.offset()));
}

std::string scan_plain_argument(Cursor& cursor) {
  const std::size_t start = cursor.offset();
  while (!cursor.at_end() && !cursor.at_newline() && cursor.peek() != '>') cursor.advance();
  std::string out(cursor.slice(start, cursor.offset()));
  trim_end(out);
  return out;
}

}  // namespace logboom::config
