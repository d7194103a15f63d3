#include <algorithm>
#include <cstdlib>

#include "base/expression_method.hpp"
#include "base/expression_parser.hpp"

namespace logboom::expression {
namespace {

constexpr std::string_view keywords[] = {
    "alias",  "and",    "begin", "break", "case", "class",  "def",   "defined?", "do",    "else", "elsif", "end",
    "ensure", "false",  "for",   "if",    "in",   "module", "next",  "nil",      "not",   "or",   "redo",  "rescue",
    "retry",  "return", "self",  "super", "then", "true",   "undef", "unless",   "until", "when", "while", "yield"};

struct NamedClass {
  std::string_view name;
  Class type;
};
constexpr NamedClass classes[] = {
    {"String", Class::string},  {"Symbol", Class::symbol},  {"Integer", Class::integer}, {"Fixnum", Class::integer},
    {"Bignum", Class::integer}, {"Float", Class::floating}, {"Numeric", Class::numeric}, {"Hash", Class::hash},
    {"Array", Class::array},    {"NilClass", Class::nil},   {"TrueClass", Class::true_}, {"FalseClass", Class::false_},
    {"Time", Class::time},      {"Regexp", Class::regexp},  {"Range", Class::range},     {"MatchData", Class::match},
    {"Object", Class::object},
};

}  // namespace

bool is_keyword(std::string_view name) noexcept {
  return std::find(std::begin(keywords), std::end(keywords), name) != std::end(keywords);
}

const Node* Parser::operand() {
  const Deeper deeper(*this);
  skip_space(true);
  const char c = peek();
  if (done()) refuse("expected a value, found the end");
  if (is_digit(c) || ((c == '-' || c == '+') && is_digit(peek(1)))) return number();
  if (c == '"' || c == '\'') return quoted();
  if (c == ':' && peek(1) != ':') return symbol();
  if (c == '[') return array();
  if (c == '{') return hash();
  if (c == '/') return regexp('/', '/');
  if (c == '%') return percent();
  if (c == '$') return dollar();
  if (is_word(c)) return word();
  if (c == '(') {
    ++at_;
    const Node* node = statements();
    expect(")");
    return node;
  }
  if (c == '@') refuse("instance variables are not supported (nor is prepare_value); use a local variable");
  if (c == '`') refuse("commands are not run");
  if (looking_at("->")) refuse("lambdas are not supported");
  if (looking_at("<<")) refuse("here documents are not supported; use a quoted string");
  refuse(std::string("expected a value, found '") + c + "'");
}

const Node* Parser::word() {
  const std::size_t place = at_;
  const std::string_view name = identifier();
  if (name == "defined" && peek() == '?') refuse("defined? is not supported; use record.key?(\"name\")", place);
  if (is_keyword(name)) return keyword(name, place);
  if (name[0] >= 'A' && name[0] <= 'Z') return constant(name, place);
  return variable(name, place);
}

const Node* Parser::variable(std::string_view name, std::size_t place) {
  if (const auto slot = find_local(name)) {
    Node& node = make(Op::local);
    node.number = *slot;
    return &node;
  }
  static constexpr std::pair<std::string_view, Op> given[] = {
      {"record", Op::record},         {"tag", Op::tag},   {"tag_parts", Op::tag_parts}, {"tag_prefix", Op::tag_prefix},
      {"tag_suffix", Op::tag_suffix}, {"time", Op::time},
  };
  for (const auto& [known, op] : given) {
    if (name == known) return &make(op);
  }
  if (name == "hostname") return text_of(settings_.hostname);
  if (name == "format" || name == "sprintf") {
    Nodes nodes = call_arguments(1, 32, name);
    const Node* text = nodes.front();
    nodes.erase(nodes.begin());
    return call(text, "%", {{&make(Op::array, std::move(nodes))}}, place);
  }
  refuse("unknown name '" + std::string(name) + "'; there are record, tag, tag_parts, tag_prefix, tag_suffix, time, " +
             "hostname; write record[\"" + std::string(name) + "\"] for a field",
         place);
}

const Node* Parser::keyword(std::string_view name, std::size_t place) {
  if (name == "nil") return constant_of(Val::nil());
  if (name == "true" || name == "false") return constant_of(Val::of(name == "true"));
  if (name == "if" || name == "unless") return if_expression(name == "unless");
  if (name == "case") return case_expression();
  if (name == "begin") return begin_expression();
  if (name == "while" || name == "until" || name == "for") refuse("loops are not supported; use map or select", place);
  if (name == "def" || name == "class" || name == "module") refuse("nothing can be defined in an expression", place);
  if (name == "return" || name == "next" || name == "break") {
    refuse("'" + std::string(name) + "' is not supported; use if … else … end", place);
  }
  refuse("expected a value, found '" + std::string(name) + "'", place);
}

const Node* Parser::constant(std::string_view name, std::size_t place) {
  if (peek() == '(' && (name == "Integer" || name == "Float" || name == "String" || name == "Array")) {
    return conversion(name);
  }
  if (name == "ENV") return environment(place);
  const bool scoped = take("::");
  if (!scoped && peek() == '.' && (name == "Time" || name == "JSON" || name == "Socket")) {
    ++at_;
    const std::string_view method = identifier();
    if (name == "Time") return time_call(method, place);
    if (name == "JSON") return json_call(method, place);
    if (method == "gethostname") return text_of(settings_.hostname);
    refuse("of Socket there is gethostname only", place);
  }
  for (const NamedClass& known : classes) {
    if (known.name == name && !scoped) return constant_of(Val::of(known.type));
  }
  refuse("'" + std::string(name) + "' is not available; there are ENV, Time, JSON, Socket.gethostname, Integer(), " +
             "Float(), String(), Array() and the names of core classes",
         place);
}

const Node* Parser::environment(std::size_t place) {
  const bool fetch = take(".fetch(");
  const bool asks = !fetch && (take(".key?(") || take(".has_key?(") || take(".include?("));
  if (!fetch && !asks && !take("[")) refuse("of ENV there is ENV[\"NAME\"], ENV.fetch and ENV.key?", place);
  Arguments found = arguments(fetch || asks ? ')' : ']');
  if (found.nodes.empty() || found.nodes.size() > (fetch ? 2 : 1) || found.block != nullptr ||
      found.nodes[0]->op != Op::constant || found.nodes[0]->value.kind != Kind::string) {
    refuse("the name of an environment variable is a plain string", place);
  }
  const std::string name(found.nodes[0]->value.text());
  const char* value = std::getenv(name.c_str());
  if (asks) return constant_of(Val::of(value != nullptr));
  if (value != nullptr) return text_of(value);
  if (fetch && found.nodes.size() == 2) return found.nodes[1];
  if (fetch) refuse("the environment variable '" + name + "' is not set; give ENV.fetch a default", place);
  return constant_of(Val::nil());
}

Parser::Nodes Parser::call_arguments(std::size_t least, std::size_t most, std::string_view what) {
  const std::size_t place = at_;
  Arguments found;
  if (take("(")) found = arguments(')');
  if (found.nodes.size() < least || found.nodes.size() > most || found.block != nullptr) {
    refuse("wrong number of arguments for " + std::string(what), place);
  }
  return std::move(found.nodes);
}

const Node* Parser::time_call(std::string_view method, std::size_t place) {
  if (method == "now") {
    call_arguments(0, 0, "Time.now");
    return &make(Op::now);
  }
  if (method == "at") return &make(Op::time_at, call_arguments(1, 3, "Time.at"));
  refuse("Time." + std::string(method) +
             " is not available; there are Time.now and Time.at. A text is read as a time by the filter 'parser' "
             "with time_key",
         place);
}

const Node* Parser::json_call(std::string_view method, std::size_t place) {
  if (method == "parse" || method == "load") return &make(Op::json_parse, call_arguments(1, 1, "JSON.parse"));
  if (method == "generate" || method == "dump") {
    const Node* value = call_arguments(1, 1, "JSON.generate").front();
    return call(value, "to_json", {}, place);
  }
  refuse("of JSON there are JSON.parse and JSON.generate", place);
}

const Node* Parser::conversion(std::string_view name) {
  Node& node = make(Op::kernel, call_arguments(1, name == "Integer" ? 2 : 1, name));
  node.number = name == "Integer" ? 0 : name == "Float" ? 1 : name == "String" ? 2 : 3;
  return &node;
}

const Node* Parser::dollar() {
  const std::size_t place = at_++;
  Node& node = make(Op::group);
  if (take("~")) {
    node.number = -1;
    return &node;
  }
  if (!is_digit(peek()) || peek() == '0' || is_digit(peek(1)))
    refuse("of Ruby's $ names there are $~ and $1 to $9", place);
  node.number = text_[at_++] - '0';
  return &node;
}

const Node* Parser::if_expression(bool inverted) {
  const Deeper deeper(*this);
  const Node* condition = expression();
  skip_space(true);
  take(";");
  skip_space(true);
  take_word("then");
  const Node* yes = statements();
  const Node* no = nullptr;
  if (take_word("elsif")) {
    no = if_expression(false);
  } else {
    no = take_word("else") ? statements() : constant_of(Val::nil());
    expect_word("end");
  }
  return inverted ? &make(Op::choose, {condition, no, yes}) : &make(Op::choose, {condition, yes, no});
}

const Node* Parser::case_expression() {
  const Deeper deeper(*this);
  skip_space(false);
  if (peek() == '\n' || peek() == ';') refuse("write a value behind 'case'");
  Nodes nodes{expression()};
  skip_space(true);
  take(";");
  skip_space(true);
  while (take_word("when")) {
    std::vector<const Node*> candidates;
    do {
      candidates.push_back(ternary());
      skip_before_operator();
    } while (take(","));
    skip_space(true);
    take(";");
    skip_space(true);
    take_word("then");
    const Node* value = statements();
    for (const Node* candidate : candidates) {
      nodes.push_back(candidate);
      nodes.push_back(value);
    }
    skip_space(true);
  }
  if (nodes.size() == 1) refuse("expected 'when'");
  nodes.push_back(take_word("else") ? statements() : constant_of(Val::nil()));
  expect_word("end");
  return &make(Op::case_when, std::move(nodes));
}

const Node* Parser::begin_expression() {
  const Deeper deeper(*this);
  const Node* node = statements();
  if (take_word("rescue")) {
    // `rescue`, `rescue => e`, `rescue StandardError`: whatever fails is rescued.
    skip_space(false);
    if (peek() == '=' || (peek() >= 'A' && peek() <= 'Z')) refuse("write 'rescue' without a class or a name");
    const Node* instead = statements();
    node = &make(Op::rescue, {node, instead});
  }
  if (looking_at_word("ensure")) refuse("'ensure' is not supported");
  expect_word("end");
  return node;
}

}  // namespace logboom::expression
