#pragma once

#include <cstdint>
#include <string_view>

#include "base/expression_value.hpp"

namespace logboom::expression {

class Machine;

/// Ruby's String#to_i and #to_f: the number at the start, else 0.
Val loose_integer(Machine& machine, std::string_view text, std::int64_t base);
double loose_float(std::string_view text);
/// Integer(text) and Float(text): the whole text is a number, or it fails.
Val strict_integer(Machine& machine, std::string_view text, std::int64_t base);
Val strict_float(Machine& machine, std::string_view text);
/// Cut towards zero; fails where it does not fit.
Val to_integer(Machine& machine, double value);
/// Ruby's format of one value list: %s %d %i %u %f %e %g %x %X %o %b %c %%, with flags, width and precision.
Val format_text(Machine& machine, std::string_view format, std::span<const Val> values);

}  // namespace logboom::expression
