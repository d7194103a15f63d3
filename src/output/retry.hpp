#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

#include <logboom/buffer.hpp>

namespace logboom {

/// When a chunk that could not be written is tried again.
/// Threads: one at a time.
class RetryPolicy {
 public:
  using Duration = std::chrono::nanoseconds;

  explicit RetryPolicy(const RetrySettings& settings, std::uint32_t seed = std::random_device()())
      : settings_(settings), random_(seed) {}

  /// The wait after the attempt number `attempts` (1: the first) of a chunk whose first attempt failed `failing_for`
  /// ago; nothing where the chunk is given up.
  std::optional<Duration> next(std::uint64_t attempts, Duration failing_for);

  /// True where such a chunk is for the secondary output.
  bool is_for_secondary(std::uint64_t attempts, Duration failing_for) const;

 private:
  Duration step(std::uint64_t attempts) const;

  RetrySettings settings_;
  std::minstd_rand random_;
};

}  // namespace logboom
