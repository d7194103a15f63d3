#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace logboom {

/// How the lines of a file differ from those that were written. Numbers count from 0.
struct LineChange {
  enum class Kind : std::uint8_t { changed, removed, inserted, moved };
  Kind kind = Kind::changed;
  std::uint64_t line = 0;     // in the file; removed: the one that is there now
  std::uint64_t count = 1;    // of such lines in a row
  std::uint64_t written = 0;  // where it was written; moved: where it belongs
};

struct Alignment {
  static constexpr std::uint64_t nowhere = ~std::uint64_t{0};

  std::vector<LineChange> changes;  // by line
  /// For each line of the file the written one that it is, in rising order, or nowhere.
  std::vector<std::uint64_t> written;
};

/// Both lists are of the lines' digests, or the beginnings of them.
Alignment align(const std::vector<std::uint64_t>& written, const std::vector<std::uint64_t>& found);

}  // namespace logboom
