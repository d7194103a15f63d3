#include "route/pattern.hpp"

#include <logboom/regexp.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

namespace logboom {
namespace {

constexpr std::size_t max_pattern_size = 64 * 1024;
constexpr std::size_t max_brace_depth = 100;
constexpr std::size_t max_universality_states = 64;
constexpr RegexpLimits tag_regexp_limits{
    .retries_in_match = 500'000, .retries_in_search = 1'000'000, .stack_entries = 500'000};

enum class Op : std::uint8_t { byte, not_dot, not_newline, split, jump, at_begin, at_part_end, accept };

// Targets of split and jump are relative, so that programs can be concatenated.
struct Instruction {
  Op op;
  char byte = 0;
  std::ptrdiff_t first = 0;
  std::ptrdiff_t second = 0;
};
using Program = std::vector<Instruction>;

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

using States = std::vector<std::size_t>;

// Runs a program over a tag with all its states at once (Thompson's simulation).
class Simulation {
 public:
  explicit Simulation(const Program& program) : program_(program), mark_(program.size(), 0) {}

  // The states reachable from `from` without consuming a byte; `next` is the byte ahead, if there is one.
  void close(const States& from, bool at_begin, std::optional<char> next, States& out) {
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

  void advance(const States& closed, char c, States& out) const {
    out.clear();
    for (const std::size_t at : closed) {
      const Instruction& i = program_[at];
      const bool takes = (i.op == Op::byte && i.byte == c) || (i.op == Op::not_dot && c != '.') ||
                         (i.op == Op::not_newline && c != '\n');
      if (takes) out.push_back(at + 1);
    }
  }

  bool accepts(const States& closed) const {
    return std::any_of(closed.begin(), closed.end(), [&](std::size_t at) { return program_[at].op == Op::accept; });
  }

 private:
  void follow(std::size_t at, bool at_begin, std::optional<char> next, States& out) {
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

  const Program& program_;
  std::vector<std::size_t> mark_;
  std::size_t generation_ = 0;
  States pending_;
};

bool run(const Program& program, std::string_view tag) {
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

// One byte for each way in which the program can tell bytes apart.
std::vector<char> representative_bytes(const Program& program) {
  std::array<bool, 256> used{};
  used[static_cast<unsigned char>('.')] = true;
  for (const Instruction& i : program) {
    if (i.op == Op::byte) used[static_cast<unsigned char>(i.byte)] = true;
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

bool is_universal(const Program& program) {
  const std::vector<char> alphabet = representative_bytes(program);
  Simulation simulation(program);
  std::set<States> seen{States{0}};
  std::vector<std::pair<States, bool>> pending{{States{0}, true}};
  States closed;
  while (!pending.empty()) {
    const auto [states, at_begin] = std::move(pending.back());
    pending.pop_back();
    simulation.close(states, at_begin, std::nullopt, closed);
    if (!simulation.accepts(closed)) return false;
    for (const char c : alphabet) {
      States next;
      simulation.close(states, at_begin, c, closed);
      simulation.advance(closed, c, next);
      std::sort(next.begin(), next.end());
      if (next.empty() || seen.size() > max_universality_states) return false;
      if (seen.insert(next).second) pending.emplace_back(std::move(next), false);
    }
  }
  return true;
}

Regexp compile_regexp(std::string_view text) {
  if (text.back() != '/') {
    throw std::invalid_argument(
        "a pattern that starts with '/' is a regexp and must end with '/'; write \\s for whitespace in it");
  }
  const std::string_view body = text.size() < 2 ? std::string_view{} : text.substr(1, text.size() - 2);
  return Regexp::compile("\\A" + std::string(body) + "\\Z", {}, tag_regexp_limits);
}

constexpr std::string_view whitespace = " \t\r\n\f\v";

}  // namespace

struct Pattern::Impl {
  std::string text;
  bool everything = false;
  Program glob;  // empty for a regexp and for `**`
  std::optional<Regexp> regexp;
};

Pattern::Pattern(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Pattern Pattern::compile(std::string_view text) {
  auto impl = std::make_shared<Impl>();
  impl->text = text;
  try {
    if (text.size() > max_pattern_size) throw std::invalid_argument("longer than 64 KiB");
    if (text == "**") {
      impl->everything = true;
    } else if (text.starts_with('/')) {
      impl->regexp = compile_regexp(text);
      impl->everything = text == "/.*/";
    } else {
      impl->glob = GlobParser(text).parse();
      impl->everything = is_universal(impl->glob);
    }
  } catch (const std::invalid_argument& e) {
    throw std::invalid_argument("invalid match pattern '" + std::string(text.substr(0, 200)) + "': " + e.what());
  }
  return Pattern(std::move(impl));
}

bool Pattern::matches(std::string_view tag) const {
  if (impl_->regexp) {
    MatchRegion region;
    return impl_->regexp->search(tag, region) == SearchResult::match;
  }
  return impl_->glob.empty() || run(impl_->glob, tag);
}

bool Pattern::matches_everything() const { return impl_->everything; }

const std::string& Pattern::text() const { return impl_->text; }

PatternList::PatternList(std::vector<Pattern> patterns) : patterns_(std::move(patterns)) {}

PatternList PatternList::compile(std::string_view text) {
  std::vector<Pattern> patterns;
  for (std::size_t pos = text.find_first_not_of(whitespace); pos != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(whitespace, pos), text.size());
    patterns.push_back(Pattern::compile(text.substr(pos, end - pos)));
    pos = text.find_first_not_of(whitespace, end);
  }
  if (patterns.empty()) patterns.push_back(Pattern::compile("**"));
  return PatternList(std::move(patterns));
}

bool PatternList::matches(std::string_view tag) const {
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& p) { return p.matches(tag); });
}

bool PatternList::matches_everything() const {
  return std::any_of(patterns_.begin(), patterns_.end(), [](const Pattern& p) { return p.matches_everything(); });
}

}  // namespace logboom
