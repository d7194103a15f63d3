#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <logboom/out_buffer.hpp>

#include "chain_file.hpp"
#include "file_io.hpp"
#include "file_names.hpp"

namespace logboom {

/// A file that events go into: what is formatted for it, and its descriptor while it is open.
struct Target {
  using Clock = std::chrono::steady_clock;

  std::string key;
  FileName name;
  std::int64_t slice = 0;
  std::string link;  // of the symbolic link to it; empty: none
  OutBuffer text;
  std::string stream;  // of its chain
  std::string path;    // set while it is open
  Fd fd;
  std::optional<ChainFile> chain;
  std::uint64_t chunk = 0;  // the last chunk of which something was written to it
  std::size_t journal = 0;  // and where that chunk's journal has it
  Clock::time_point used{};
};

/// The targets in use, by key, the last used first.
class Targets {
 public:
  /// Null where there is none; else it is now the last used one. Valid until it is erased.
  Target* find(std::string_view key);
  Target& add(Target target);
  /// The one that was not used for the longest time. There must be one.
  Target& oldest() { return list_.back(); }
  void erase_oldest();
  std::size_t size() const noexcept { return list_.size(); }

  template <class F>
  void for_each(F&& visit) {
    for (Target& target : list_) visit(target);
  }

 private:
  std::list<Target> list_;
  std::unordered_map<std::string_view, std::list<Target>::iterator> by_key_;
};

}  // namespace logboom
