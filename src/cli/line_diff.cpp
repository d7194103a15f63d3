#include "cli/line_diff.hpp"

#include <algorithm>

namespace logboom {

namespace {

// Beyond this many pairs of lines the table of a shortest diff costs more than it helps.
constexpr std::size_t max_table = 4'000'000;

}  // namespace

std::vector<std::string> line_diff(const std::vector<std::string>& wanted, const std::vector<std::string>& have) {
  std::vector<std::string> out;
  if (wanted == have) return out;
  const std::size_t columns = have.size() + 1;
  std::size_t i = 0;
  std::size_t j = 0;
  if ((wanted.size() + 1) * columns <= max_table) {
    // How many lines the rest of both has in common, from each pair of lines on.
    std::vector<std::size_t> common((wanted.size() + 1) * columns, 0);
    for (std::size_t a = wanted.size(); a-- > 0;) {
      for (std::size_t b = have.size(); b-- > 0;) {
        common[a * columns + b] = wanted[a] == have[b]
                                      ? common[(a + 1) * columns + b + 1] + 1
                                      : std::max(common[(a + 1) * columns + b], common[a * columns + b + 1]);
      }
    }
    while (i < wanted.size() && j < have.size()) {
      if (wanted[i] == have[j]) {
        out.push_back("  " + wanted[i++]);
        ++j;
      } else if (common[(i + 1) * columns + j] >= common[i * columns + j + 1]) {
        out.push_back("- " + wanted[i++]);
      } else {
        out.push_back("+ " + have[j++]);
      }
    }
  }
  while (i < wanted.size()) out.push_back("- " + wanted[i++]);
  while (j < have.size()) out.push_back("+ " + have[j++]);
  return out;
}

}  // namespace logboom
