#pragma once

#include <atomic>
#include <string>
#include <string_view>

namespace logboom {

/// Writes whole lines to a descriptor, whatever is behind it: a pipe, a terminal, a file or a socket, blocking or not.
///
/// A descriptor may be shared with other writers of this process; `write` lets one in at a time, so that lines stay
/// whole. A pipe or terminal is written to through an own open file description where the system allows it, so that a
/// reader who stands still doesn't hold `interrupt` up.
///
/// Threads: `write` on one at a time, `interrupt` on any.
class LineWriter {
 public:
  explicit LineWriter(int fd);
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Empty when everything is written, else what went wrong. After a failure in mid-line the next text starts on a
  /// line of its own.
  std::string write(std::string_view text);
  void interrupt() noexcept { interrupted_ = true; }

 private:
  std::string write_all(std::string_view text, bool& in_mid_line);
  bool wait_until_writable() const;

  int fd_;
  int own_fd_ = -1;
  bool is_socket_ = false;
  bool mid_line_ = false;
  std::atomic<bool> interrupted_{false};
};

}  // namespace logboom
