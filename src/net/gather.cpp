#include "net/gather.hpp"

#include <algorithm>

namespace logboom::net {

namespace {

// Below this rate a wait would save less than a handful of system calls; once waiting, a little less is still enough.
constexpr double busy_reads_per_ms = 12;
constexpr double still_busy_reads_per_ms = 5;
// How far back the rate looks.
constexpr double memory_ms = 4;
// Reads larger than this are worth their system call already.
constexpr std::size_t large_read = 16 * 1024;

}  // namespace

std::chrono::microseconds Gather::after_round(std::size_t reads, std::size_t bytes, Clock::time_point now) noexcept {
  const double elapsed_ms = std::chrono::duration<double, std::milli>(now - last_).count();
  last_ = now;
  reads_per_ms_ = reads_per_ms_ * (1 - std::min(1.0, elapsed_ms / memory_ms)) + static_cast<double>(reads) / memory_ms;
  const bool large = reads != 0 && bytes / reads > large_read;
  waiting_ = !large && reads_per_ms_ >= (waiting_ ? still_busy_reads_per_ms : busy_reads_per_ms);
  return waiting_ ? longest_wait : std::chrono::microseconds{};
}

}  // namespace logboom::net
