#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace logboom {

/// Columns as wide as they must be: the first `left` of them to the left, the others to the right.
void write_table(const std::vector<std::vector<std::string>>& rows, std::size_t left, std::ostream& out);

}  // namespace logboom
