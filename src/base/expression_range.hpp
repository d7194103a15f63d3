#pragma once

#include <cstddef>

#include "base/expression_value.hpp"

namespace logboom::expression {

class Machine;

/// A part of so many characters or elements.
struct Slice {
  bool found = false;
  std::size_t begin = 0;
  std::size_t size = 0;
};

/// What x[first], x[first, second] and x[range] mean for `size` elements. False where the types are wrong.
bool slice_of(Machine& machine, const Val& first, const Val* second, std::size_t size, Slice& slice);

}  // namespace logboom::expression
