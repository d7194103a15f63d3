#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// Fluentd's globs as programs for a machine that is in several states at once.
namespace logboom::glob {

enum class Op : std::uint8_t { byte, not_dot, not_newline, split, jump, at_begin, at_part_end, accept };

// Targets of split and jump are relative, so that programs can be concatenated.
struct Instruction {
  Op op;
  char byte = 0;
  std::ptrdiff_t first = 0;
  std::ptrdiff_t second = 0;
};
using Program = std::vector<Instruction>;

/// Throws std::invalid_argument; see Pattern::compile for the language.
Program parse(std::string_view text);

using States = std::vector<std::size_t>;

/// Runs a program over a tag with all its states at once (Thompson's simulation). Keeps the program by reference.
class Simulation {
 public:
  explicit Simulation(const Program& program) : program_(program), mark_(program.size(), 0) {}

  /// The states reachable from `from` without consuming a byte; `next` is the byte ahead, if there is one.
  void close(const States& from, bool at_begin, std::optional<char> next, States& out);
  void advance(const States& closed, char c, States& out) const;
  bool accepts(const States& closed) const;

 private:
  void follow(std::size_t at, bool at_begin, std::optional<char> next, States& out);

  const Program& program_;
  std::vector<std::size_t> mark_;
  std::size_t generation_ = 0;
  States pending_;
};

bool matches(const Program& program, std::string_view tag);

/// One byte for each way in which the programs can tell bytes apart; no newline.
std::vector<char> representative_bytes(const std::vector<const Program*>& programs);

}  // namespace logboom::glob
