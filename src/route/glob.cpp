#include "route/glob.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace logboom::glob {
namespace {

constexpr std::size_t max_brace_depth = 100;

void append(Program& to, const Program& part) { to.insert(to.end(), part.begin(), part.end()); }

void append_loop(Program& to, Op op) { append(to, {{Op::split, 0, 1, 3}, {op}, {Op::jump, 0, -2}}); }

// (?:.*\.|\A)
void append_leading_parts(Program& to) {
  append(to, {{Op::split, 0, 1, 6}});
  append_loop(to, Op::not_newline);
  append(to, {{Op::byte, '.'}, {Op::jump, 0, 2}, {Op::at_begin}});
}

Program alternatives(const std::vector<Program>& choices) {
  std::size_t total = 0;
  for (const Program& choice : choices) total += choice.size() + 2;
  Program out;
  out.reserve(total);
  for (const Program& choice : choices) {
    const bool last = &choice == &choices.back();
    if (!last) out.push_back({Op::split, 0, 1, static_cast<std::ptrdiff_t>(choice.size()) + 2});
    append(out, choice);
    if (!last) out.push_back({Op::jump, 0, static_cast<std::ptrdiff_t>(total - out.size() - 2)});
  }
  return out;
}

// Follows the loop of GlobMatchPattern in Fluentd's match.rb: a dot is held back until the next character shows whether
// it belongs to a `.**` or ends the pattern.
class GlobParser {
 public:
  explicit GlobParser(std::string_view text) : text_(text) {}

  Program parse() {
    while (pos_ < text_.size()) step();
    if (!open_.empty()) throw std::invalid_argument("unclosed '{'");
    current_.push_back({Op::accept});
    return std::move(current_);
  }

 private:
  struct Group {
    Program before;
    std::vector<Program> choices;
  };

  void step() {
    const char c = text_[pos_];
    if (escaped_) {
      literal(c);
      escaped_ = false;
    } else if (text_.substr(pos_, 2) == "**") {
      double_star();
      return;
    } else {
      flush_dot();
      single(c);
    }
    ++pos_;
  }

  void double_star() {
    if (dot_) current_.push_back({Op::at_part_end});
    dot_ = false;
    pos_ += 2;
    if (text_.substr(pos_, 1) == ".") {
      append_leading_parts(current_);
      ++pos_;
    } else {
      append_loop(current_, Op::not_newline);
    }
  }

  void single(char c) {
    if (c == '\\') {
      escaped_ = true;
    } else if (c == '.') {
      dot_ = true;
    } else if (c == '*') {
      append_loop(current_, Op::not_dot);
    } else if (c == '{') {
      open_group();
    } else if (c == '}' && !open_.empty()) {
      close_group();
    } else if (c == ',' && !open_.empty()) {
      open_.back().choices.push_back(std::exchange(current_, {}));
    } else {
      literal(c);
    }
  }

  void open_group() {
    if (open_.size() == max_brace_depth) throw std::invalid_argument("more than 100 nested '{'");
    open_.push_back({std::exchange(current_, {}), {}});
  }

  void close_group() {
    Group group = std::move(open_.back());
    open_.pop_back();
    group.choices.push_back(std::move(current_));
    current_ = std::move(group.before);
    append(current_, alternatives(group.choices));
  }

  void literal(char c) { current_.push_back({Op::byte, c}); }

  void flush_dot() {
    if (dot_) literal('.');
    dot_ = false;
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  bool escaped_ = false;
  bool dot_ = false;
  Program current_;
  std::vector<Group> open_;
};

}  // namespace

Program parse(std::string_view text) { return GlobParser(text).parse(); }

void Simulation::close(const States& from, bool at_begin, std::optional<char> next, States& out) {
  out.clear();
  ++generation_;
  pending_.assign(from.begin(), from.end());
  while (!pending_.empty()) {
    const std::size_t at = pending_.back();
    pending_.pop_back();
    if (mark_[at] == generation_) continue;
    mark_[at] = generation_;
    follow(at, at_begin, next, out);
  }
}

void Simulation::advance(const States& closed, char c, States& out) const {
  out.clear();
  for (const std::size_t at : closed) {
    const Instruction& i = program_[at];
    const bool takes = (i.op == Op::byte && i.byte == c) || (i.op == Op::not_dot && c != '.') ||
                       (i.op == Op::not_newline && c != '\n');
    if (takes) out.push_back(at + 1);
  }
}

bool Simulation::accepts(const States& closed) const {
  return std::any_of(closed.begin(), closed.end(), [&](std::size_t at) { return program_[at].op == Op::accept; });
}

void Simulation::follow(std::size_t at, bool at_begin, std::optional<char> next, States& out) {
  const Instruction& i = program_[at];
  const auto target = [at](std::ptrdiff_t by) {
    return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(at) + by);
  };
  switch (i.op) {
    case Op::split:
      pending_.push_back(target(i.first));
      pending_.push_back(target(i.second));
      break;
    case Op::jump: pending_.push_back(target(i.first)); break;
    case Op::at_begin:
      if (at_begin) pending_.push_back(at + 1);
      break;
    case Op::at_part_end:
      if (!next || *next == '.') pending_.push_back(at + 1);
      break;
    case Op::byte:
    case Op::not_dot:
    case Op::not_newline:
    case Op::accept: out.push_back(at); break;
  }
}

bool matches(const Program& program, std::string_view tag) {
  Simulation simulation(program);
  States states{0};
  States closed;
  for (std::size_t i = 0; i < tag.size(); ++i) {
    simulation.close(states, i == 0, tag[i], closed);
    if (closed.empty()) return false;
    if (i + 1 == tag.size() && tag[i] == '\n' && simulation.accepts(closed)) return true;
    simulation.advance(closed, tag[i], states);
  }
  simulation.close(states, tag.empty(), std::nullopt, closed);
  return simulation.accepts(closed);
}

std::vector<char> representative_bytes(const std::vector<const Program*>& programs) {
  std::array<bool, 256> used{};
  used[static_cast<unsigned char>('.')] = true;
  for (const Program* program : programs) {
    for (const Instruction& i : *program) {
      if (i.op == Op::byte) used[static_cast<unsigned char>(i.byte)] = true;
    }
  }
  std::vector<char> out;
  bool have_other = false;
  for (std::size_t b = 0; b < used.size(); ++b) {
    if (b == '\n' || (!used[b] && have_other)) continue;
    have_other = have_other || !used[b];
    out.push_back(static_cast<char>(b));
  }
  return out;
}

}  // namespace logboom::glob
