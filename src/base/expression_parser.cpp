#include "base/expression_parser.hpp"

#include <algorithm>

#include <logboom/ascii.hpp>

#include "base/expression_method.hpp"

namespace logboom::expression {
namespace {

constexpr unsigned most_recursion = 100;
constexpr std::uint16_t most_depth = 250;
constexpr std::size_t most_nodes = 20'000;

struct Operator {
  std::string_view text;
  int level;
};

/// Longer ones first. `?`, `=`, `and`, `or`, `not` and what is in front of an operand are not here.
constexpr Operator operators[] = {
    {"...", 1}, {"<=>", 4}, {"===", 4}, {"..", 1}, {"||", 2}, {"&&", 3}, {"==", 4}, {"!=", 4}, {"=~", 4},
    {"!~", 4},  {"<=", 5},  {">=", 5},  {"<<", 8}, {">>", 8}, {"**", 0}, {"<", 5},  {">", 5},  {"|", 6},
    {"^", 6},   {"&", 7},   {"+", 9},   {"-", 9},  {"*", 10}, {"/", 10}, {"%", 10},
};

int level_of(std::string_view op) {
  const auto* found = std::find_if(std::begin(operators), std::end(operators), [&](auto& o) { return o.text == op; });
  return found == std::end(operators) ? 0 : found->level;
}

}  // namespace

Parser::Deeper::Deeper(Parser& parser) : parser_(parser) {
  if (++parser.depth_ > most_recursion) parser.refuse("the expression is nested too deeply; split it in two fields");
}

Parser::Deeper::~Deeper() { --parser_.depth_; }

bool is_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || (c & 0x80) != 0;
}

void Parser::refuse(const std::string& message, std::size_t place) const {
  std::size_t character = 1;
  for (std::size_t i = 0; i < place && i < text_.size(); ++i) character += (text_[i] & 0xc0) != 0x80 ? 1U : 0U;
  throw ExpressionError(place, "at character " + std::to_string(character) + ": " + message);
}

bool Parser::looking_at_word(std::string_view what) const noexcept {
  return looking_at(what) && !is_word(peek(what.size()));
}

bool Parser::take(std::string_view what) {
  if (!looking_at(what)) return false;
  at_ += what.size();
  return true;
}

bool Parser::take_word(std::string_view what) { return looking_at_word(what) && take(what); }

void Parser::expect(std::string_view what) {
  skip_space(true);
  if (!take(what)) refuse("expected '" + std::string(what) + "'");
}

void Parser::expect_word(std::string_view what) {
  skip_space(true);
  if (!take_word(what)) refuse("expected '" + std::string(what) + "'");
}

void Parser::skip_space(bool lines) {
  for (;; ++at_) {
    const char c = peek();
    if (done() || (c != ' ' && c != '\t' && !(lines && (c == '\n' || c == '\r')))) {
      if (c == '#' && !done()) {
        at_ = std::min(text_.find('\n', at_), text_.size());
        if (lines && !done()) continue;
      }
      return;
    }
  }
}

void Parser::skip_before_operator() {
  skip_space(open_ > 0);
  if (open_ > 0 || (peek() != '\n' && peek() != '\r')) return;
  // A line that begins with a dot goes on with the last one.
  const std::size_t end = at_;
  skip_space(true);
  const bool goes_on = (peek() == '.' && peek(1) != '.') || looking_at("&.");
  if (!goes_on) at_ = end;
}

std::string_view Parser::identifier() {
  const std::size_t begin = at_;
  while (!done() && is_word(peek())) ++at_;
  return text_.substr(begin, at_ - begin);
}

Node& Parser::make(Op op, Nodes children) {
  if (program_.nodes.size() > most_nodes) refuse("the expression is too long");
  program_.nodes.push_back(std::make_unique<Node>());
  Node& node = *program_.nodes.back();
  node.op = op;
  for (const Node* child : children) node.depth = std::max(node.depth, static_cast<std::uint16_t>(child->depth + 1));
  if (node.depth > most_depth) refuse("the expression is too long; split it in two fields");
  node.children = std::move(children);
  return node;
}

const Node* Parser::constant_of(Val value) {
  Node& node = make(Op::constant);
  node.value = value;
  return &node;
}

const Node* Parser::text_of(std::string_view text, Kind kind) { return constant_of(Val::of(keep(text), kind)); }

std::string_view Parser::keep(std::string_view text) {
  program_.texts.push_back(std::make_unique<const std::string>(text));
  return *program_.texts.back();
}

std::uint32_t Parser::new_local(std::string_view name) {
  const auto slot = static_cast<std::uint32_t>(program_.slots++);
  locals_.emplace_back(name, slot);
  return slot;
}

std::optional<std::uint32_t> Parser::find_local(std::string_view name) const {
  const auto found = std::find_if(locals_.rbegin(), locals_.rend(), [&](auto& local) { return local.first == name; });
  return found == locals_.rend() ? std::nullopt : std::optional(found->second);
}

const Node* Parser::to_end() {
  const Node* node = statements();
  if (!done()) refuse("expected an operator or the end, found '" + std::string(1, peek()) + "'");
  return node;
}

const Node* Parser::to_brace() {
  const unsigned open = std::exchange(open_, 0);
  const Node* node = statements();
  open_ = open;
  if (done()) refuse("'{' is not closed");
  if (!take("}")) refuse("expected an operator or '}', found '" + std::string(1, peek()) + "'");
  return node;
}

const Node* Parser::statements() {
  const Deeper deeper(*this);
  static constexpr std::string_view ends[] = {"end", "else", "elsif", "when", "rescue", "ensure", "then", "in"};
  Nodes nodes;
  for (;;) {
    for (skip_space(true); take(";");) skip_space(true);
    const bool ended = done() || peek() == '}' || peek() == ')' ||
                       std::any_of(std::begin(ends), std::end(ends), [&](auto word) { return looking_at_word(word); });
    if (ended) break;
    nodes.push_back(statement());
    skip_space(false);
    if (peek() != ';' && peek() != '\n' && peek() != '\r') {
      skip_space(true);
      break;
    }
  }
  if (nodes.empty()) return constant_of(Val::nil());
  return nodes.size() == 1 ? nodes[0] : &make(Op::sequence, std::move(nodes));
}

const Node* Parser::statement() {
  const unsigned open = std::exchange(open_, 0);
  const Node* node = expression();
  for (;;) {
    skip_before_operator();
    if (take_word("if")) {
      const Node* condition = expression();
      node = &make(Op::choose, {condition, node, constant_of(Val::nil())});
    } else if (take_word("unless")) {
      const Node* condition = expression();
      node = &make(Op::choose, {condition, constant_of(Val::nil()), node});
    } else if (take_word("rescue")) {
      const Node* instead = expression();
      node = &make(Op::rescue, {node, instead});
    } else {
      break;
    }
  }
  if (looking_at_word("while") || looking_at_word("until")) refuse("loops are not supported; use map or select");
  open_ = open;
  return node;
}

const Node* Parser::expression() {
  const Deeper deeper(*this);
  const Node* node = negation();
  for (;;) {
    skip_before_operator();
    const bool both = take_word("and");
    if (!both && !take_word("or")) return node;
    const Node* right = negation();
    node = &make(both ? Op::logical_and : Op::logical_or, {node, right});
  }
}

const Node* Parser::negation() {
  skip_space(true);
  if (!take_word("not")) return assignment();
  const Deeper deeper(*this);
  return &make(Op::logical_not, {negation()});
}

const Node* Parser::assignment() {
  const Deeper deeper(*this);
  skip_space(true);
  const std::size_t begin = at_;
  const char first = peek();
  if ((first >= 'a' && first <= 'z') || first == '_') {
    const std::string_view name = identifier();
    skip_space(false);
    for (const std::string_view op : {"", "||", "&&", "+", "-", "*", "/", "<<"}) {
      const char after = peek(op.size() + 1);
      if (!looking_at(op) || peek(op.size()) != '=') continue;
      if (op.empty() && (after == '=' || after == '~' || after == '>')) continue;
      if (is_keyword(name) || looking_at("+==")) break;
      at_ += op.size() + 1;
      return assigned(name, op);
    }
    at_ = begin;
  }
  const Node* node = ternary();
  refuse_assignment();
  return node;
}

const Node* Parser::assigned(std::string_view name, std::string_view op) {
  static constexpr std::string_view given[] = {"record",     "tag",  "tag_parts", "tag_prefix",
                                               "tag_suffix", "time", "hostname"};
  if (std::find(std::begin(given), std::end(given), name) != std::end(given)) {
    refuse("'" + std::string(name) + "' can't be assigned to; use a name of your own");
  }
  const std::size_t place = at_;
  const Node* value = assignment();
  skip_before_operator();
  if (take_word("rescue")) {
    const Node* instead = ternary();
    value = &make(Op::rescue, {value, instead});
  }
  const auto known = find_local(name);
  if (!known && !op.empty() && op != "||") refuse("'" + std::string(name) + "' has no value yet", place);
  const std::uint32_t slot = known ? *known : new_local(name);
  if (!op.empty()) {
    Node& old = make(Op::local);
    old.number = slot;
    value = binary_node(op, &old, value, place);
  }
  Node& node = make(Op::assign, {value});
  node.number = slot;
  return &node;
}

void Parser::refuse_assignment() {
  skip_before_operator();
  std::size_t length = 0;
  for (const std::string_view op : {"||", "&&", "**", "<<", ">>", "+", "-", "*", "/", "%", "|", "&"}) {
    if (looking_at(op)) {
      length = op.size();
      break;
    }
  }
  if (peek(length) != '=' || peek(length + 1) == '=' || peek(length + 1) == '~' || peek(length + 1) == '>') return;
  refuse("an expression can't change the record; give the new value to a key of <record>");
}

const Node* Parser::ternary() {
  const Deeper deeper(*this);
  const Node* condition = binary(1);
  skip_before_operator();
  if (!take("?")) return condition;
  ++open_;
  const Node* yes = ternary();
  skip_space(true);
  if (!take(":")) refuse("expected ':' of 'condition ? a : b'");
  --open_;
  const Node* no = ternary();
  return &make(Op::choose, {condition, yes, no});
}

std::string_view Parser::peek_operator() const {
  for (const Operator& op : operators) {
    if (!looking_at(op.text)) continue;
    // `&.` is a call, `=>` stands between a hash's key and value, `+=` assigns.
    if (op.text == "&" && peek(1) == '.') return {};
    const bool may_assign = op.level >= 6 || op.level == 2 || op.level == 3 || op.text == "**";
    if (may_assign && peek(op.text.size()) == '=' && peek(op.text.size() + 1) != '=') return {};
    return op.text;
  }
  return {};
}

const Node* Parser::binary(int lowest) {
  const Deeper deeper(*this);
  skip_space(true);
  const bool beginless = lowest == 1 && looking_at("..");
  const Node* left = beginless ? constant_of(Val::nil()) : unary();
  for (;;) {
    skip_before_operator();
    const std::size_t place = at_;
    const std::string_view op = peek_operator();
    const int level = level_of(op);
    if (level == 0 || level < lowest) return left;
    at_ += op.size();
    skip_space(true);
    const bool endless =
        level == 1 && (done() || peek() == ']' || peek() == ')' || peek() == '}' || looking_at_word("then"));
    const Node* right = endless ? constant_of(Val::nil()) : binary(level + 1);
    left = binary_node(op, left, right, place);
  }
}

const Node* Parser::binary_node(std::string_view op, const Node* left, const Node* right, std::size_t place) {
  if (op == "||") return &make(Op::logical_or, {left, right});
  if (op == "&&") return &make(Op::logical_and, {left, right});
  if (op == ".." || op == "...") {
    Node& node = make(Op::range, {left, right});
    node.flags = op == "..." ? 1 : 0;
    return &node;
  }
  if (op == "!=") return &make(Op::logical_not, {call(left, "==", {{right}}, place)});
  if (op == "!~") return &make(Op::logical_not, {call(left, "=~", {{right}}, place)});
  return call(left, op, {{right}}, place);
}

const Node* Parser::unary() {
  const Deeper deeper(*this);
  skip_space(true);
  const std::size_t place = at_;
  if (looking_at("!") && peek(1) != '~' && peek(1) != '=') {
    ++at_;
    return &make(Op::logical_not, {unary()});
  }
  if (peek() == '-' && !is_digit(peek(1)) && peek(1) != '>') {
    ++at_;
    return call(unary(), "-@", {}, place);
  }
  if (peek() == '+' && !is_digit(peek(1))) return ++at_, unary();
  return power();
}

const Node* Parser::power() {
  const Node* base = postfix();
  skip_before_operator();
  if (!looking_at("**") || peek(2) == '=') return base;
  const std::size_t place = at_;
  at_ += 2;
  const Node* exponent = unary();
  return call(base, "**", {{exponent}}, place);
}

}  // namespace logboom::expression
