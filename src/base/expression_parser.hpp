#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/ascii.hpp>

#include "base/expression_program.hpp"

namespace logboom::expression {

/// Reads Ruby by recursive descent, character by character, because what a character means depends on whether an
/// operand or an operator is due there. Throws ExpressionError.
class Parser {
 public:
  /// Reads `text` from `at` on into `program`.
  Parser(std::string_view text, std::size_t at, const ExpressionSettings& settings, Program& program)
      : text_(text), at_(at), settings_(settings), program_(program) {}

  /// Statements up to the text's end.
  const Node* to_end();
  /// Statements up to the brace that closes a placeholder; at() is then behind it.
  const Node* to_brace();
  /// The inside of a double-quoted string up to the text's end, with `${` as another `#{`.
  const Node* inside_of_string();
  std::size_t at() const noexcept { return at_; }

 private:
  using Nodes = std::vector<const Node*>;
  struct Arguments {
    Nodes nodes;
    const Node* block = nullptr;
  };
  /// One level of recursion: there are not too many.
  class Deeper {
   public:
    explicit Deeper(Parser& parser);
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    ~Deeper();

   private:
    Parser& parser_;
  };

  // expression_parser.cpp: statements and operators
  const Node* statements();
  const Node* statement();
  const Node* expression();
  const Node* negation();
  const Node* assignment();
  const Node* assigned(std::string_view name, std::string_view op);
  const Node* ternary();
  const Node* binary(int lowest);
  const Node* binary_node(std::string_view op, const Node* left, const Node* right, std::size_t place);
  const Node* unary();
  const Node* power();
  std::string_view peek_operator() const;
  void refuse_assignment();

  // expression_postfix.cpp: calls
  const Node* postfix();
  const Node* index(const Node* receiver);
  const Node* method_call(const Node* receiver, bool safe);
  const Node* call(const Node* receiver, std::string_view name, Arguments arguments, std::size_t place,
                   bool safe = false);
  Arguments arguments(char close);
  const Node* pair_list(char close, const Node* key = nullptr);
  bool at_label() const;
  void block(Node& node);
  void block_parameters(Node& node);
  const Node* symbol_block(std::string_view name, std::size_t place);
  void refuse_bare_argument();

  // expression_operand.cpp: names, constants, keywords
  const Node* operand();
  const Node* word();
  const Node* variable(std::string_view name, std::size_t place);
  const Node* constant_call(std::string_view module, std::string_view method, std::size_t place);
  const Node* required(std::size_t place);
  const Node* keyword(std::string_view name, std::size_t place);
  const Node* constant(std::string_view name, std::size_t place);
  const Node* environment(std::size_t place);
  const Node* json_call(std::string_view method, std::size_t place);
  const Node* conversion(std::string_view name);
  const Node* dollar();
  const Node* if_expression(bool inverted);
  const Node* case_expression();
  const Node* begin_expression();
  Nodes call_arguments(std::size_t least, std::size_t most, std::string_view what);

  // expression_literal.cpp
  const Node* number();
  const Node* symbol();
  const Node* array();
  const Node* hash();
  const Node* quoted();
  const Node* double_quoted(char open, char close);
  const Node* single_quoted(char open, char close);
  const Node* regexp(char open, char close);
  const Node* percent();
  const Node* words(char open, char close, bool symbols);
  const Node* joined(Nodes parts);
  void escape(std::string& out);
  void unicode_escape(std::string& out);
  void append_literal(Nodes& parts, std::string& literal);
  const Node* interpolation();

  // The text
  [[noreturn]] void refuse(const std::string& message) const { refuse(message, at_); }
  [[noreturn]] void refuse(const std::string& message, std::size_t place) const;
  bool done() const noexcept { return at_ >= text_.size(); }
  char peek(std::size_t ahead = 0) const noexcept { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool looking_at(std::string_view what) const noexcept { return text_.substr(at_).starts_with(what); }
  bool looking_at_word(std::string_view what) const noexcept;
  bool take(std::string_view what);
  bool take_word(std::string_view what);
  void expect(std::string_view what);
  void expect_word(std::string_view what);
  void skip_space(bool lines);
  /// Spaces before an operator: line ends count only where nothing is open.
  void skip_before_operator();
  std::string_view identifier();

  // Nodes
  Node& make(Op op, Nodes children = {});
  const Node* constant_of(Val value);
  const Node* text_of(std::string_view text, Kind kind = Kind::string);
  std::string_view keep(std::string_view text);
  std::uint32_t new_local(std::string_view name);
  std::optional<std::uint32_t> find_local(std::string_view name) const;

  std::string_view text_;
  std::size_t at_;
  const ExpressionSettings& settings_;
  Program& program_;
  std::vector<std::pair<std::string, std::uint32_t>> locals_;
  unsigned open_ = 0;   // brackets and parentheses around the place: line ends mean nothing
  unsigned depth_ = 0;  // of the recursion
};

bool is_word(char c) noexcept;
/// Words that Ruby does not let be names.
bool is_keyword(std::string_view name) noexcept;

}  // namespace logboom::expression
