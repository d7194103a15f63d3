#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace logboom::buf_file {

/// Numbers, as ranges: those that follow one another cost one entry.
/// Threads: any.
class DoneSet {
 public:
  using Range = std::pair<std::uint64_t, std::uint64_t>;  // first and last

  void add(std::uint64_t first, std::uint64_t last);
  void remove(std::uint64_t number);
  bool contains(std::uint64_t number) const;
  std::vector<Range> ranges() const;
  /// The largest number in it; 0 where it is empty.
  std::uint64_t last() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::uint64_t> ranges_;  // last by first
};

}  // namespace logboom::buf_file
