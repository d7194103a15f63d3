#include <algorithm>

#include "base/expression_method.hpp"
#include "base/expression_parser.hpp"

namespace logboom::expression {
namespace {

struct Hint {
  std::string_view name;
  std::string_view hint;
};
/// Methods that Ruby has and that are refused for a reason.
constexpr Hint hints[] = {
    {"merge!", "use merge"},
    {"update", "use merge"},
    {"store", "give the value to a key of <record>"},
    {"delete_if", "use reject"},
    {"keep_if", "use select"},
    {"clear", "use remove_keys or renew_record"},
    {"push", "use +"},
    {"append", "use +"},
    {"unshift", "use +"},
    {"pop", "use [0..-2] or last"},
    {"shift", "use [1..] or first"},
    {"replace", "give the value to a key of <record>"},
    {"each", "use map or select; an expression gives one value and changes nothing"},
    {"each_pair", "use map or select; an expression gives one value and changes nothing"},
    {"each_with_object", "use map and to_h"},
    {"present?", "that is Rails; use !x.nil? && !x.empty?"},
    {"blank?", "that is Rails; use x.nil? || x.empty?"},
    {"presence", "that is Rails"},
    {"try", "that is Rails; use &."},
    {"send", "write the method's name"},
    {"public_send", "write the method's name"},
    {"instance_variable_get", "there are no instance variables"},
    {"eval", "code is not run"},
    {"instance_eval", "code is not run"},
    {"system", "commands are not run"},
};

std::string_view hint_of(std::string_view name) {
  const auto* found = std::find_if(std::begin(hints), std::end(hints), [&](auto& hint) { return hint.name == name; });
  return found == std::end(hints) ? std::string_view{} : found->hint;
}

}  // namespace

const Node* Parser::postfix() {
  const Deeper deeper(*this);
  const Node* node = operand();
  for (;;) {
    const std::size_t end = at_;
    skip_before_operator();
    if (peek() == '[' && (at_ == end || node->op != Op::constant)) {
      node = index(node);
    } else if (peek() == '.' && peek(1) != '.') {
      ++at_;
      node = method_call(node, false);
    } else if (take("&.")) {
      node = method_call(node, true);
    } else if (looking_at("::")) {
      refuse("'::' is not supported here");
    } else {
      at_ = end;
      return node;
    }
  }
}

const Node* Parser::index(const Node* receiver) {
  const std::size_t place = at_++;
  Arguments found = arguments(']');
  if (found.nodes.size() == 1 && found.nodes[0]->op == Op::constant) {
    const Val& key = found.nodes[0]->value;
    if (receiver->op == Op::record && key.kind == Kind::string) {
      Node& node = make(Op::field);
      node.text = key.text();
      return &node;
    }
    if (receiver->op == Op::record && key.kind == Kind::symbol) {
      refuse("a record's keys are strings: write record[\"" + std::string(key.text()) + "\"]", place);
    }
    const bool of_tag =
        receiver->op == Op::tag_parts || receiver->op == Op::tag_prefix || receiver->op == Op::tag_suffix;
    if (of_tag && key.kind == Kind::integer) {
      Node& node = make(Op::tag_part);
      node.flags = static_cast<std::uint8_t>(receiver->op == Op::tag_parts    ? TagView::parts
                                             : receiver->op == Op::tag_prefix ? TagView::prefix
                                                                              : TagView::suffix);
      node.number = key.integer;
      return &node;
    }
  }
  return call(receiver, "[]", std::move(found), place);
}

const Node* Parser::method_call(const Node* receiver, bool safe) {
  skip_space(true);
  const std::size_t place = at_;
  if (identifier().empty()) refuse("expected a method's name behind '.'");
  // In `x.y!=z` the mark does not belong to the name.
  if ((peek() == '?' || peek() == '!') && (peek(1) != '=' || (peek() == '?' && peek(2) == '='))) ++at_;
  const std::string_view name = text_.substr(place, at_ - place);
  if (name == "map" || name == "collect" || name == "flat_map" || name == "filter_map") {
    // Their values are the block's, so that it does not matter that the numbers come first.
    if (take(".with_index") || take(".each_with_index")) {
      Arguments first;
      if (take("(")) first = arguments(')');
      if (first.nodes.size() > 1) refuse("wrong number of arguments for 'with_index'", place);
      Nodes children{receiver};
      children.insert(children.end(), first.nodes.begin(), first.nodes.end());
      Node& numbered = make(safe ? Op::safe_call : Op::call, std::move(children));
      numbered.method = find_method("each_with_index");
      return call(&numbered, name, {}, place, safe);
    }
  }
  Arguments found;
  if (take("(")) {
    found = arguments(')');
  } else {
    refuse_bare_argument();
  }
  return call(receiver, name, std::move(found), place, safe);
}

void Parser::refuse_bare_argument() {
  std::size_t spaces = 0;
  while (peek(spaces) == ' ') ++spaces;
  if (spaces == 0) return;
  const char c = peek(spaces);
  const bool regexp = c == '/' && peek(spaces + 1) != ' ';
  const bool symbol = c == ':' && is_word(peek(spaces + 1)) && !is_digit(peek(spaces + 1)) && open_ == 0;
  if (c == '"' || c == '\'' || is_digit(c) || regexp || symbol) {
    refuse("put the arguments of a method in parentheses");
  }
}

const Node* Parser::call(const Node* receiver, std::string_view name, Arguments found, std::size_t place, bool safe) {
  const bool deletes = name == "delete" || name == "delete_at" || name == "delete!";
  if (deletes && (receiver->op == Op::record || receiver->op == Op::tag_parts)) {
    refuse("an expression can't change the record; use remove_keys to remove a key", place);
  }
  const Method* method = find_method(name);
  if (method == nullptr) {
    std::string_view hint = hint_of(name);
    std::string message = "the method '" + std::string(name) + "' is not supported";
    if (hint.empty() && name.ends_with('!')) {
      message += "; nothing is changed in place: use " + std::string(name.substr(0, name.size() - 1));
    } else {
      message += hint.empty() ? suggest_method(name) : "; " + std::string(hint);
    }
    refuse(message, place);
  }
  Nodes children{receiver};
  children.insert(children.end(), found.nodes.begin(), found.nodes.end());
  Node& node = make(safe ? Op::safe_call : Op::call, std::move(children));
  node.method = method;
  node.block = found.block;
  const std::size_t before = at_;
  if (is_word(name.back()) || name.back() == '?') {
    skip_space(false);
    if ((peek() == '{' || looking_at_word("do")) && node.block == nullptr) {
      block(node);
    } else {
      at_ = before;
    }
  }
  const std::string wrong = wrong_arguments(*method, found.nodes.size(), node.block != nullptr);
  if (!wrong.empty()) refuse(wrong, place);
  if (node.block != nullptr && node.block->depth >= node.depth) {
    node.depth = static_cast<std::uint16_t>(node.block->depth + 1);
  }
  return &node;
}

Parser::Arguments Parser::arguments(char close) {
  const Deeper deeper(*this);
  ++open_;
  Arguments found;
  for (;;) {
    skip_space(true);
    if (peek() == close) break;
    if (done()) refuse(std::string("expected '") + close + "'");
    if (peek() == '*') refuse("'*' is not supported here");
    if (peek() == '&') {
      const std::size_t place = at_++;
      if (peek() != ':') refuse("expected '&:name'", place);
      found.block = symbol_block(symbol()->value.text(), place);
    } else if (at_label()) {
      found.nodes.push_back(pair_list(close));
    } else {
      const Node* node = assignment();
      skip_space(true);
      found.nodes.push_back(looking_at("=>") ? pair_list(close, node) : node);
    }
    skip_space(true);
    if (!take(",")) break;
  }
  --open_;
  expect(std::string_view(&close, 1));
  return found;
}

/// True at `name:` or `"name":`.
bool Parser::at_label() const {
  std::size_t length = 0;
  if (peek() == '"' || peek() == '\'') {
    const std::size_t end = text_.find(peek(), at_ + 1);
    if (end == std::string_view::npos) return false;
    length = end + 1 - at_;
  } else {
    while (is_word(peek(length))) ++length;
    if (length != 0 && (peek(length) == '?' || peek(length) == '!')) ++length;
  }
  if (length == 0 || peek(length) != ':') return false;
  const char after = peek(length + 1);
  return is_word(peek()) ? after != ':' : after == ' ' || after == '\n';
}

/// Pairs up to the closing character, which is left there; `key` is the first key if it was read already.
const Node* Parser::pair_list(char close, const Node* key) {
  const Deeper deeper(*this);
  Nodes nodes;
  for (;; key = nullptr) {
    skip_space(true);
    if (peek() == close) break;
    if (done()) refuse(std::string("expected '") + close + "'");
    if (looking_at("**")) refuse("'**' is not supported; use merge");
    if (key == nullptr && at_label()) {
      const bool quoted = peek() == '"' || peek() == '\'';
      const std::size_t begin = at_ + (quoted ? 1 : 0);
      const std::size_t colon = text_.find(quoted ? peek() : ':', begin);
      nodes.push_back(text_of(text_.substr(begin, colon - begin), Kind::symbol));
      at_ = colon + (quoted ? 2 : 1);
    } else {
      nodes.push_back(key != nullptr ? key : ternary());
      expect("=>");
    }
    nodes.push_back(assignment());
    skip_space(true);
    if (!take(",")) break;
  }
  return &make(Op::hash, std::move(nodes));
}

void Parser::block(Node& node) {
  const Deeper deeper(*this);
  const bool braces = take("{");
  if (!braces) take_word("do");
  const std::size_t outer = locals_.size();
  const unsigned open = std::exchange(open_, 0);
  skip_space(true);
  if (take("|")) block_parameters(node);
  node.block = statements();
  braces ? expect("}") : expect_word("end");
  open_ = open;
  locals_.resize(outer);
}

void Parser::block_parameters(Node& node) {
  do {
    skip_space(true);
    if (peek() == '(' || peek() == '*' || peek() == '&') refuse("a block's parameters are plain names");
    const std::string_view name = identifier();
    if (name.empty() || is_keyword(name)) refuse("expected a name");
    node.slots.push_back(new_local(name));
    skip_space(true);
  } while (take(","));
  expect("|");
}

/// `&:name` is a block that calls the method on what it is given.
const Node* Parser::symbol_block(std::string_view name, std::size_t place) {
  return call(&make(Op::parameter), name, {}, place);
}

}  // namespace logboom::expression
