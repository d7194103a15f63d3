#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/expression_program.hpp"
#include "base/expression_value.hpp"

namespace logboom::expression {

class Machine;

/// One call of a method.
struct Call {
  Machine& machine;
  const Node& node;
  Val self;
  std::span<const Val> args;

  bool has_block() const noexcept { return node.block != nullptr; }
  /// An argument, or the default where fewer are given.
  Val arg(std::size_t index, Val otherwise = {}) const noexcept {
    return index < args.size() ? args[index] : otherwise;
  }
};

/// The elements of an array, the pairs of a hash as arrays.
std::vector<Val> items_of(const Call& call);

using Function = Val (*)(const Call&);

enum class Block : std::uint8_t { no, may, must };

/// What one kind of value does for a method's name.
struct Entry {
  std::string_view name;
  std::uint32_t kinds;  // a bit for each Kind
  std::uint8_t least;
  std::uint8_t most;
  Function function;
  Block block = Block::no;
};

struct Method {
  std::string name;
  std::array<const Entry*, kinds> by_kind{};
};

constexpr std::uint32_t bit(Kind kind) noexcept { return 1U << static_cast<unsigned>(kind); }
inline constexpr std::uint32_t any_kind = (1U << kinds) - 1 - bit(Kind::error);
inline constexpr std::uint32_t text_kinds = bit(Kind::string) | bit(Kind::symbol);
inline constexpr std::uint32_t number_kinds = bit(Kind::integer) | bit(Kind::floating);

/// The method of that name; null where there is none.
const Method* find_method(std::string_view name);
/// " (did you mean …?)", or nothing.
std::string suggest_method(std::string_view name);
/// What is wrong with so many arguments for every kind of value; empty where they are right for one.
std::string wrong_arguments(const Method& method, std::size_t count, bool block);

// Each file's methods.
std::span<const Entry> object_methods();
std::span<const Entry> number_methods();
std::span<const Entry> string_methods();
std::span<const Entry> string_cut_methods();
std::span<const Entry> search_methods();
std::span<const Entry> array_methods();
std::span<const Entry> hash_methods();
std::span<const Entry> each_methods();
std::span<const Entry> group_methods();
std::span<const Entry> time_methods();

}  // namespace logboom::expression
