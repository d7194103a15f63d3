#include <charconv>
#include <stdexcept>

#include "base/expression_parser.hpp"
#include "base/expression_text.hpp"

namespace logboom::expression {
namespace {

bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

char closing(char open) noexcept {
  switch (open) {
    case '(': return ')';
    case '[': return ']';
    case '{': return '}';
    case '<': return '>';
    default: return open;
  }
}

}  // namespace

const Node* Parser::number() {
  const std::size_t begin = at_;
  std::string digits;
  if (peek() == '-' || peek() == '+') digits += text_[at_++];
  const bool hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
  if (hex) at_ += 2;
  const auto run = [&] {
    while (is_digit(peek()) || (hex && is_hex(peek())) || (peek() == '_' && is_digit(peek(1)))) {
      if (peek() != '_') digits += peek();
      ++at_;
    }
  };
  run();
  bool real = false;
  if (!hex && peek() == '.' && is_digit(peek(1))) {
    real = true;
    digits += text_[at_++];
    run();
  }
  const std::size_t sign = peek(1) == '-' || peek(1) == '+' ? 1 : 0;
  if (!hex && (peek() == 'e' || peek() == 'E') && is_digit(peek(1 + sign))) {
    real = true;
    digits += 'e';
    digits += text_.substr(at_ + 1, sign) == "-" ? "-" : "";
    at_ += 1 + sign;
    run();
  }
  if (is_word(peek())) refuse("that is no number");
  const char* first = digits.data() + (digits[0] == '+' ? 1 : 0);
  const char* last = digits.data() + digits.size();
  if (real) {
    double value = 0;
    std::from_chars(first, last, value);
    return constant_of(Val::of(value));
  }
  std::int64_t value = 0;
  if (std::from_chars(first, last, value, hex ? 16 : 10).ec != std::errc()) refuse("the number is too big", begin);
  return constant_of(Val::of(value));
}

const Node* Parser::symbol() {
  ++at_;
  if (peek() == '"') {
    const Node* name = double_quoted('"', '"');
    if (name->op != Op::constant) refuse("a symbol can't be made from an expression");
    return text_of(name->value.text(), Kind::symbol);
  }
  if (peek() == '\'') return text_of(single_quoted('\'', '\'')->value.text(), Kind::symbol);
  const std::size_t begin = at_;
  for (const std::string_view op : {"[]", "==", "<=>", "<", ">", "+", "-", "*", "/", "%"}) {
    if (take(op)) return text_of(op, Kind::symbol);
  }
  if (identifier().empty()) refuse("expected a symbol's name");
  if ((peek() == '?' || peek() == '!') && peek(1) != '=') ++at_;
  return text_of(text_.substr(begin, at_ - begin), Kind::symbol);
}

const Node* Parser::array() {
  ++at_;
  Arguments elements = arguments(']');
  if (elements.block != nullptr) refuse("'&' is not for arrays");
  return &make(Op::array, std::move(elements.nodes));
}

const Node* Parser::hash() {
  ++at_;
  ++open_;
  const Node* node = pair_list('}');
  --open_;
  expect("}");
  return node;
}

void Parser::append_literal(Nodes& parts, std::string& literal) {
  if (literal.empty()) return;
  parts.push_back(text_of(literal));
  literal.clear();
}

const Node* Parser::joined(Nodes parts) {
  if (parts.empty()) return text_of("");
  if (parts.size() == 1 && parts[0]->op == Op::constant && parts[0]->value.kind == Kind::string) return parts[0];
  return &make(Op::string, std::move(parts));
}

const Node* Parser::interpolation() {
  at_ += 2;
  return to_brace();
}

void Parser::unicode_escape(std::string& out) {
  const bool braces = take("{");
  do {
    while (braces && peek() == ' ') ++at_;
    std::uint32_t code = 0;
    std::size_t digits = 0;
    for (; is_hex(peek()) && digits < (braces ? 6 : 4); ++digits, ++at_) {
      const char c = peek();
      code = code * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    if (digits == 0 || (!braces && digits < 4) || code > 0x10ffff) refuse("that is no Unicode escape");
    append_utf8(out, code);
  } while (braces && peek() == ' ');
  if (braces) expect("}");
}

void Parser::escape(std::string& out) {
  ++at_;
  const char c = peek();
  ++at_;
  static constexpr std::string_view names = "ntrs0eabfv";
  static constexpr std::string_view values("\n\t\r \0\x1b\a\b\f\v", 10);
  if (const std::size_t found = names.find(c); found != std::string_view::npos && !(c == '0' && is_digit(peek()))) {
    out += values[found];
  } else if (c == 'u') {
    unicode_escape(out);
  } else if (c == 'x' || (c >= '0' && c <= '7')) {
    const char* begin = text_.data() + at_ - (c == 'x' ? 0 : 1);
    const char* end = std::min(begin + (c == 'x' ? 2 : 3), text_.data() + text_.size());
    unsigned value = 0;
    const auto result = std::from_chars(begin, end, value, c == 'x' ? 16 : 8);
    if (result.ec != std::errc()) refuse("that is no escape");
    at_ = static_cast<std::size_t>(result.ptr - text_.data());
    out += static_cast<char>(value);
  } else if (c != '\n') {
    out += c;
  }
}

const Node* Parser::double_quoted(char open, char close) {
  const std::size_t begin = at_++;
  Nodes parts;
  std::string literal;
  unsigned nested = 0;
  for (;;) {
    if (done()) refuse("the string is not closed", begin);
    const char c = peek();
    if (c == close && nested == 0) break;
    if (open != close && (c == open || c == close)) nested += c == open ? 1U : -1U;
    if (looking_at("#{")) {
      append_literal(parts, literal);
      parts.push_back(interpolation());
    } else if (c == '\\') {
      escape(literal);
    } else {
      literal += c;
      ++at_;
    }
  }
  ++at_;
  append_literal(parts, literal);
  return joined(std::move(parts));
}

/// One string, or several that stand side by side.
const Node* Parser::quoted() {
  Nodes parts;
  std::size_t end = at_;
  for (; peek() == '"' || peek() == '\''; skip_space(false)) {
    parts.push_back(peek() == '"' ? double_quoted('"', '"') : single_quoted('\'', '\''));
    end = at_;
  }
  at_ = end;
  return joined(std::move(parts));
}

const Node* Parser::inside_of_string() {
  Nodes parts;
  std::string literal;
  while (!done()) {
    if (looking_at("#{") || looking_at("${")) {
      append_literal(parts, literal);
      parts.push_back(interpolation());
    } else if (peek() == '\\' && at_ + 1 < text_.size()) {
      escape(literal);
    } else {
      literal += text_[at_++];
    }
  }
  append_literal(parts, literal);
  return joined(std::move(parts));
}

const Node* Parser::single_quoted(char open, char close) {
  const std::size_t begin = at_++;
  std::string literal;
  unsigned nested = 0;
  for (;; ++at_) {
    if (done()) refuse("the string is not closed", begin);
    const char c = peek();
    if (c == close && nested == 0) break;
    if (open != close && (c == open || c == close)) nested += c == open ? 1U : -1U;
    if (c == '\\' && (peek(1) == '\\' || peek(1) == close || peek(1) == open)) ++at_;
    literal += peek();
  }
  ++at_;
  return text_of(literal);
}

const Node* Parser::regexp(char open, char close) {
  const std::size_t begin = at_++;
  Nodes parts;
  std::string literal;
  unsigned nested = 0;
  for (;;) {
    if (done()) refuse("the regexp is not closed", begin);
    const char c = peek();
    if (c == close && nested == 0) break;
    if (open != close && (c == open || c == close)) nested += c == open ? 1U : -1U;
    if (looking_at("#{")) {
      append_literal(parts, literal);
      parts.push_back(interpolation());
      continue;
    }
    // An escaped slash is a slash; all other escapes are the regexp's own.
    if (c == '\\' && peek(1) == '/') ++at_;
    if (peek() == '\\' && at_ + 1 < text_.size()) literal += text_[at_++];
    literal += text_[at_++];
  }
  ++at_;
  std::uint8_t flags = 0;
  for (; is_word(peek()); ++at_) {
    const std::size_t flag = std::string_view("imxuno").find(peek());
    if (flag == std::string_view::npos) refuse("a regexp's flags are i, m and x");
    if (flag < 3) flags = static_cast<std::uint8_t>(flags | 1U << flag);
  }
  append_literal(parts, literal);
  program_.regexp_counter = RegexpCounting::current();
  const Node* pattern = joined(std::move(parts));
  if (pattern->op != Op::constant) {
    Node& node = make(Op::regexp, {pattern});
    node.flags = flags;
    return &node;
  }
  try {
    program_.regexps.push_back(std::make_unique<const Regexp>(compile_regexp(pattern->value.text(), flags)));
  } catch (const std::invalid_argument& error) {
    refuse(error.what(), begin);
  }
  return constant_of(Val::of(program_.regexps.back().get()));
}

const Node* Parser::words(char open, char close, bool symbols) {
  const std::string_view list = single_quoted(open, close)->value.text();
  Nodes nodes;
  for (std::size_t at = 0; (at = list.find_first_not_of(" \t\n", at)) != std::string_view::npos;) {
    const std::size_t end = std::min(list.find_first_of(" \t\n", at), list.size());
    nodes.push_back(text_of(list.substr(at, end - at), symbols ? Kind::symbol : Kind::string));
    at = end;
  }
  return &make(Op::array, std::move(nodes));
}

const Node* Parser::percent() {
  const std::size_t begin = at_++;
  const char kind = is_word(peek()) ? text_[at_++] : 'Q';
  const char open = peek();
  if (done() || is_word(open) || open == ' ') refuse("expected %w[…], %i[…], %q(…), %Q(…) or %r{…}", begin);
  switch (kind) {
    case 'w': return words(open, closing(open), false);
    case 'i': return words(open, closing(open), true);
    case 'q': return single_quoted(open, closing(open));
    case 'Q': return double_quoted(open, closing(open));
    case 'r': return regexp(open, closing(open));
    default: refuse("expected %w[…], %i[…], %q(…), %Q(…) or %r{…}", begin);
  }
}

}  // namespace logboom::expression
