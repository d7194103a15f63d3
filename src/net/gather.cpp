#include "net/gather.hpp"

#include <algorithm>

namespace logboom::net {

namespace {

// Below this rate a wait would save less than a handful of system calls.
constexpr double busy_reads_per_ms = 12;
// Reads larger than this are worth their system call already.
constexpr std::size_t large_read = 16 * 1024;

}  // namespace

std::chrono::microseconds Gather::after_round(std::size_t reads, std::size_t bytes, Clock::time_point now) noexcept {
  const double elapsed_ms = std::chrono::duration<double, std::milli>(now - last_).count();
  last_ = now;
  const double weight = std::min(1.0, elapsed_ms / 4.0);
  const double rate = static_cast<double>(reads) / std::max(elapsed_ms, 0.02);
  reads_per_ms_ += weight * (rate - reads_per_ms_);
  if (reads == 0 || reads_per_ms_ < busy_reads_per_ms || bytes / reads > large_read) return {};
  return longest_wait;
}

}  // namespace logboom::net
