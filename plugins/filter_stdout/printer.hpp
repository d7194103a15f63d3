#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include <logboom/line_writer.hpp>
#include <logboom/log.hpp>
#include <logboom/metrics.hpp>

namespace logboom::plugins {

/// Writes lines from a thread of its own, which begins with the first of them, so that a reader who stands still holds
/// nobody up: what does not fit into the queue is dropped and counted.
///
/// Threads: `print` on any. The destructor waits for what is queued, for a second at most.
class Printer {
 public:
  Printer(int fd, std::size_t queue_bytes, std::string id, Log& log);
  ~Printer();
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;

  /// `text` is so many whole lines.
  void print(std::string_view text, std::uint64_t lines);
  const Counter& printed() const noexcept { return printed_; }
  const Counter& dropped() const noexcept { return dropped_; }

 private:
  void run();
  void drop(std::uint64_t lines, std::string_view reason);

  std::size_t queue_bytes_;
  std::string id_;
  Log& log_;
  LineWriter writer_;
  Counter printed_;
  Counter dropped_;
  LogLimiter limiter_{std::chrono::seconds(60)};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string queue_;
  std::uint64_t queued_lines_ = 0;
  bool stopping_ = false;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace logboom::plugins
