#pragma once

#include <cstdint>
#include <exception>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include <logboom/log.hpp>

#include "output/dead_letters.hpp"

namespace logboom {

/// Dead letters as files below the state directory, which together take up no more than a limit: each counts in whole
/// blocks of a disk.
/// Threads: any.
class DeadLetterStore final : public DeadLetters {
 public:
  DeadLetterStore(std::string root_dir, std::uint64_t limit, Log& log);

  bool store(const std::string& output_id, const Chunk& chunk, std::string_view reason) override;

  /// One letter at a time is sent again by one caller only. False where somebody has it already.
  bool claim(const std::string& path);
  void release(const std::string& path);
  /// It was sent again, and its events are nowhere else all the same: whoever sends it another time sends something
  /// new.
  void keep(const std::string& path);
  /// It is safe elsewhere, or not wanted any more.
  void remove(const std::string& path);

 private:
  std::uint64_t measure() const;
  bool fits(std::uint64_t bytes);
  bool has_room(std::uint64_t bytes);
  bool take_room(std::uint64_t bytes);
  void give_back(std::uint64_t bytes);
  void complain(const std::exception& error);

  const std::string root_dir_;
  const std::uint64_t limit_;
  Log& log_;
  LogLimiter failures_{std::chrono::seconds(10)};
  std::mutex mutex_;
  std::uint64_t used_;
  std::set<std::string> claimed_;
};

}  // namespace logboom
