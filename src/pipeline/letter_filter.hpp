#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "output/dead_letter_file.hpp"

namespace logboom {

/// Which dead letters are meant. What is not said means all.
struct LetterFilter {
  std::vector<std::string> ids;  // of which one must be part of the letter's; empty: all
  std::string output;
  std::string tag;  // a match pattern, of which one of its tags is enough
  std::string reason;
  std::optional<std::int64_t> before;  // given up then or before; milliseconds since 1970
  std::optional<std::int64_t> after;

  bool is_empty() const { return ids.empty() && output.empty() && tag.empty() && reason.empty() && !before && !after; }
};

/// Those that are meant. Throws std::invalid_argument for a wrong pattern.
std::vector<DeadLetter> filtered(std::vector<DeadLetter> letters, const LetterFilter& filter);

/// As the arguments of a command. The second throws std::runtime_error.
std::string to_json(const LetterFilter& filter);
LetterFilter letter_filter_from_json(const std::string& json);

}  // namespace logboom
