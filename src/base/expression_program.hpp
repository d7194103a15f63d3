#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/expression.hpp>

#include "base/expression_value.hpp"

namespace logboom::expression {

struct Method;

enum class Op : std::uint8_t {
  constant,
  record,
  tag,
  tag_parts,
  tag_prefix,
  tag_suffix,
  time,
  now,         // `flags` 1: a DateTime
  field,       // record["text"]
  tag_part,    // tag_parts[number], tag_prefix[number], tag_suffix[number] by `flags`
  local,       // slot `number`
  assign,      // slot `number` = a
  group,       // $number of the last match; $~ where it is -1
  array,       // children
  hash,        // children: key, value, key, value …
  string,      // children, as text, one behind the other
  regexp,      // the same, compiled; `flags`
  range,       // a, b; `flags` 1: without the end
  call,        // children[0].method(children[1…]), `block`
  safe_call,   // the same unless children[0] is nil
  kernel,      // Integer(x), Float(x), String(x), Array(x) by `number`
  time_at,     // Time.at(children)
  json_parse,  // JSON.parse(a)
  library,     // the Library function `number` of the children
  logical_and,
  logical_or,
  logical_not,
  choose,     // a ? b : c
  rescue,     // a, or b where that fails; why, in slot `number` - 1 unless that is 0
  sequence,   // children; the value of the last
  case_when,  // children: subject, then condition, value, …, else
  parameter,  // what a block of &:name is called with
};

enum class TagView : std::uint8_t { parts, prefix, suffix };

struct Node {
  Op op = Op::constant;
  std::uint8_t flags = 0;
  std::uint16_t depth = 1;
  std::int64_t number = 0;
  std::string_view text;  // in Program::texts
  Val value;              // of a constant
  const Method* method = nullptr;
  std::vector<const Node*> children;
  const Node* block = nullptr;  // of a call, with the slots of its parameters
  std::vector<std::uint32_t> slots;
};

/// A compiled expression. Nodes point at one another; they never move.
struct Program {
  std::string source;
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<std::unique_ptr<const std::string>> texts;
  std::vector<std::unique_ptr<const Regexp>> regexps;
  std::shared_ptr<Counter> regexp_counter;  // of searches that are given up; may be null
  const Node* root = nullptr;
  std::size_t slots = 0;
  TimeZone zone = TimeZone::utc();
};

}  // namespace logboom::expression
