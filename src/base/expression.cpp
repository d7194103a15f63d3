#include <logboom/expression.hpp>

#include <cctype>
#include <optional>

#include "base/expression_machine.hpp"
#include "base/expression_parser.hpp"
#include "base/record_walk.hpp"

namespace logboom {

using namespace expression;

namespace {

constexpr std::size_t longest = 64 * 1024;

/// A template's piece. The plain ones need no program.
struct Piece {
  enum class Kind : std::uint8_t { literal, tag, tag_part, field, program };
  Kind kind = Kind::literal;
  std::string text;  // of a literal, a field's key
  TagView view = TagView::parts;
  std::int64_t index = 0;
  std::shared_ptr<const Program> program;
  const Node* root = nullptr;  // in the program
};

/// What a plain node is as a piece.
std::optional<Piece> plain_piece(const Node& node) {
  Piece piece;
  switch (node.op) {
    case Op::tag: piece.kind = Piece::Kind::tag; return piece;
    case Op::tag_part:
      piece.kind = Piece::Kind::tag_part;
      piece.view = static_cast<TagView>(node.flags);
      piece.index = node.number;
      return piece;
    case Op::field:
      piece.kind = Piece::Kind::field;
      piece.text = node.text;
      return piece;
    case Op::constant:
      if (node.value.kind != expression::Kind::string) return std::nullopt;
      piece.text = node.value.text();
      return piece;
    default: return std::nullopt;
  }
}

std::shared_ptr<Program> new_program(std::string_view text, const ExpressionSettings& settings) {
  if (text.size() > longest) throw ExpressionError(longest, "the expression is longer than 64 KiB");
  auto program = std::make_shared<Program>();
  program->source = text;
  program->zone = settings.zone;
  return program;
}

/// The end of what Fluentd takes for a placeholder that begins here: `${…}` or `__NAME__`; 0 where there is none.
std::size_t placeholder_end(std::string_view text, std::size_t at) {
  if (text.substr(at).starts_with("${")) {
    const std::size_t close = text.find('}', at + 2);
    return close == std::string_view::npos || close == at + 2 ? 0 : close + 1;
  }
  if (!text.substr(at).starts_with("__")) return 0;
  std::size_t end = at + 2;
  while (end < text.size() && (std::isupper(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) ++end;
  return end - at > 4 && text.substr(end - 2, 2) == "__" ? end : 0;
}

}  // namespace

struct ExpressionTemplate::Impl {
  std::string text;
  std::vector<Piece> pieces;
  std::vector<std::string> unknown;
  TimeZone zone = TimeZone::utc();
  bool typed = false;  // one placeholder, whose value keeps its type

  void add(Piece piece) {
    const bool literals =
        piece.kind == Piece::Kind::literal && !pieces.empty() && pieces.back().kind == Piece::Kind::literal;
    if (literals) {
      pieces.back().text += piece.text;
    } else {
      pieces.push_back(std::move(piece));
    }
  }
  void add_program(const std::shared_ptr<const Program>& program, const Node& root) {
    auto plain = plain_piece(root);
    if (plain) return add(std::move(*plain));
    Piece piece;
    piece.kind = Piece::Kind::program;
    piece.program = program;
    piece.root = &root;
    add(std::move(piece));
  }
  void compile_plain(const ExpressionSettings& settings, bool as_text);
  void compile_ruby(const ExpressionSettings& settings, bool as_text);
  bool compile_known(std::string_view name, const ExpressionSettings& settings);
};

/// The placeholders of mode plain, which are expressions too.
bool ExpressionTemplate::Impl::compile_known(std::string_view name, const ExpressionSettings& settings) {
  if (name == "time") name = "time.to_s";
  auto program = new_program(name, settings);
  try {
    program->root = Parser(name, 0, settings, *program).to_end();
  } catch (const ExpressionError&) {
    return false;
  }
  const Node& root = *program->root;
  const bool digs = root.op == Op::call && root.children[0]->op == Op::record && name.starts_with("record.dig(");
  const bool field = root.op == Op::field && name.starts_with("record[\"");
  const bool known =
      field || digs || root.op == Op::tag || root.op == Op::tag_part || name == "hostname" || name == "time.to_s";
  if (known) add_program(program, root);
  return known;
}

void ExpressionTemplate::Impl::compile_plain(const ExpressionSettings& settings, bool as_text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = placeholder_end(text, at);
    Piece literal;
    if (end == 0) {
      literal.text = text[at++];
      add(std::move(literal));
      continue;
    }
    typed = at == 0 && end == text.size() && !as_text;
    const std::string_view whole = std::string_view(text).substr(at, end - at);
    const std::string_view name = whole.starts_with("${") ? whole.substr(2, whole.size() - 3) : std::string_view();
    if (name.empty() || !compile_known(name, settings)) {
      unknown.emplace_back(whole);
      auto program = new_program("nil", settings);
      program->root = Parser("nil", 0, settings, *program).to_end();
      add_program(program, *program->root);
    }
    at = end;
  }
}

void ExpressionTemplate::Impl::compile_ruby(const ExpressionSettings& settings, bool as_text) {
  auto program = new_program(text, settings);
  if (!as_text && text.starts_with("${") && text.ends_with('}')) {
    Parser parser(text, 2, settings, *program);
    program->root = parser.to_brace();
    typed = parser.at() == text.size();
    if (typed) return add_program(program, *program->root);
    program = new_program(text, settings);
  }
  program->root = Parser(text, 0, settings, *program).inside_of_string();
  // Variables of one placeholder may be used in the next.
  if (program->root->op != Op::string || program->slots != 0) return add_program(program, *program->root);
  for (const Node* part : program->root->children) add_program(program, *part);
}

Expression Expression::compile(std::string_view ruby, const ExpressionSettings& settings) {
  auto program = new_program(ruby, settings);
  program->root = Parser(program->source, 0, settings, *program).to_end();
  return Expression(std::move(program));
}

const std::string& Expression::text() const noexcept { return program_->source; }

ExpressionTemplate ExpressionTemplate::compile(std::string_view text, Mode mode, const ExpressionSettings& settings,
                                               bool as_text) {
  auto impl = std::make_shared<Impl>();
  impl->text = text;
  impl->zone = settings.zone;
  if (text.size() > longest) throw ExpressionError(longest, "the text is longer than 64 KiB");
  mode == Mode::plain ? impl->compile_plain(settings, as_text) : impl->compile_ruby(settings, as_text);
  return ExpressionTemplate(std::move(impl));
}

bool ExpressionTemplate::is_constant() const noexcept {
  return impl_->pieces.empty() || (impl_->pieces.size() == 1 && impl_->pieces[0].kind == Piece::Kind::literal);
}

const std::vector<std::string>& ExpressionTemplate::unknown() const noexcept { return impl_->unknown; }

const std::string& ExpressionTemplate::text() const noexcept { return impl_->text; }

namespace {

Val value_of(const Piece& piece, Machine& machine) {
  const ExpressionSubject& subject = machine.subject();
  switch (piece.kind) {
    case Piece::Kind::literal: return Val::of(std::string_view(piece.text));
    case Piece::Kind::tag: return Val::of(subject.tag);
    case Piece::Kind::tag_part: return machine.tag_part(piece.view, piece.index);
    case Piece::Kind::field: return Val::of(msgpack::find_key(subject.record.value(), piece.text));
    case Piece::Kind::program: break;
  }
  return machine.run(*piece.program, *piece.root);
}

Val value_of(const std::vector<Piece>& pieces, bool typed, Machine& machine) {
  if (pieces.empty()) return Val::of(std::string_view(""));
  if (pieces.size() == 1) {
    const Val value = value_of(pieces[0], machine);
    return typed || value.is_error() || value.kind == expression::Kind::string ? value : Val::of(machine.to_s(value));
  }
  Text text(machine);
  for (const Piece& piece : pieces) {
    const Val value = value_of(piece, machine);
    if (value.is_error()) return value;
    machine.put_text(value, text.out());
  }
  return machine.has_room(text.size()) ? text.value() : Val::failed();
}

}  // namespace

Evaluator::Evaluator() : machine_(std::make_unique<Machine>()) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

void Evaluator::start(const ExpressionSubject& subject) noexcept { machine_->start(subject); }

bool Evaluator::evaluate(const Expression& expression) {
  const Program& program = *expression.program_;
  machine_->reset(program.zone);
  machine_->last = machine_->run(program, *program.root);
  return !machine_->last.is_error();
}

bool Evaluator::evaluate(const ExpressionTemplate& text) {
  machine_->reset(text.impl_->zone);
  machine_->last = value_of(text.impl_->pieces, text.impl_->typed, *machine_);
  return !machine_->last.is_error();
}

const std::string& Evaluator::error() const noexcept { return machine_->error(); }
void Evaluator::write(msgpack::Writer& writer) const { machine_->write(machine_->last, writer); }
std::string_view Evaluator::text() { return machine_->to_s(machine_->last); }
bool Evaluator::truthy() const noexcept { return machine_->last.truthy(); }
bool Evaluator::is_nil() const noexcept { return machine_->last.is_nil(); }

}  // namespace logboom
