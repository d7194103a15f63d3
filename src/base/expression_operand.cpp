#include <algorithm>
#include <cstdlib>

#include "base/expression_library.hpp"
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
  if (name == "require") return required(place);
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
  std::string path(name);
  while (take("::")) path.append("::").append(identifier());
  if (peek() == '.') {
    const std::size_t before = at_++;
    const std::string_view method = identifier();
    if (const Node* node = constant_call(path, method, place)) return node;
    at_ = before;
  }
  for (const NamedClass& known : classes) {
    if (known.name == path) return constant_of(Val::of(known.type));
  }
  refuse("'" + std::string(name) + "' is not available; there are ENV, Time, DateTime, JSON, Base64, CGI, URI, " +
             "Digest, SecureRandom, Socket.gethostname, Integer(), Float(), String(), Array() and the names of core "
             "classes",
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

/// `module.method(…)`; null where nothing is known of the module.
const Node* Parser::constant_call(std::string_view module, std::string_view method, std::size_t place) {
  for (const std::string_view json : {"JSON", "Oj", "Yajl", "Yajl::Parser", "Yajl::Encoder"}) {
    if (module == json) return json_call(method, place);
  }
  if (module == "Socket") {
    if (method == "gethostname") return text_of(settings_.hostname);
    refuse("of Socket there is gethostname only", place);
  }
  const bool time = module == "Time" || module == "DateTime";
  if (time && method == "now") {
    call_arguments(0, 0, "Time.now");
    Node& node = make(Op::now);
    node.flags = module == "DateTime" ? 1 : 0;
    return &node;
  }
  if (module == "Time" && method == "at") return &make(Op::time_at, call_arguments(1, 3, "Time.at"));
  if (const LibraryFunction* function = find_library_function(module, method)) {
    Node& node = make(Op::library, call_arguments(function->least, function->most, method));
    node.number = static_cast<std::int64_t>(function->function);
    return &node;
  }
  std::string names = library_functions(module);
  if (names.empty()) return nullptr;
  if (time) names = (module == "Time" ? "now, at, " : "now, ") + names;
  refuse("of " + std::string(module) + " there are " + names, place);
}

/// `require "time"`: what is known is there.
const Node* Parser::required(std::size_t place) {
  skip_space(false);
  const bool parentheses = take("(");
  const char quote = peek();
  if (quote != '"' && quote != '\'') refuse("expected a library's name in quotes", place);
  const Node* name = quoted();
  if (parentheses) expect(")");
  if (name->op != Op::constant || !is_library(name->value.text())) {
    refuse("libraries can't be loaded; see docs/expressions.md for what is there", place);
  }
  return constant_of(Val::of(true));
}

const Node* Parser::json_call(std::string_view method, std::size_t place) {
  if (method == "parse" || method == "load") return &make(Op::json_parse, call_arguments(1, 1, "JSON.parse"));
  if (method == "generate" || method == "dump" || method == "encode") {
    const Node* value = call_arguments(1, 1, "JSON.generate").front();
    return call(value, "to_json", {}, place);
  }
  refuse("of JSON there are JSON.parse and JSON.generate", place);
}

const Node* Parser::conversion(std::string_view name) {
  Nodes given = call_arguments(1, name == "Integer" ? 3 : name == "Float" ? 2 : 1, name);
  // `exception: false`: nil instead of an error.
  bool lenient = false;
  if (given.size() > 1 && given.back()->op == Op::hash) {
    const Nodes& option = given.back()->children;
    lenient = option.size() == 2 && option[0]->value.is_text() && option[0]->value.text() == "exception";
    if (!lenient) refuse("of " + std::string(name) + "'s options there is 'exception: false'");
    lenient = option[1]->op == Op::constant && !option[1]->value.truthy();
    given.pop_back();
  }
  Node& node = make(Op::kernel, std::move(given));
  node.number = name == "Integer" ? 0 : name == "Float" ? 1 : name == "String" ? 2 : 3;
  return lenient ? &make(Op::rescue, {&node, constant_of(Val::nil())}) : &node;
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
    // Whatever fails is rescued: there are no classes of errors.
    skip_space(false);
    while (peek() >= 'A' && peek() <= 'Z') {
      while (is_word(peek()) || looking_at("::")) at_ += is_word(peek()) ? 1U : 2U;
      skip_space(false);
      if (take(",")) skip_space(true);
    }
    std::int64_t slot = -1;
    if (take("=>")) {
      skip_space(false);
      const std::string_view name = identifier();
      if (name.empty() || is_keyword(name)) refuse("expected a name");
      slot = static_cast<std::int64_t>(new_local(name));
    }
    skip_space(true);
    take_word("then");
    const Node* instead = statements();
    Node& rescued = make(Op::rescue, {node, instead});
    rescued.number = slot + 1;
    node = &rescued;
  }
  if (looking_at_word("ensure")) refuse("'ensure' is not supported");
  expect_word("end");
  return node;
}

}  // namespace logboom::expression
