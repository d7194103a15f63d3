#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <logboom/log.hpp>

#include "base/log_file.hpp"

namespace logboom {

enum class LogFormat : std::uint8_t { text, json };

/// How a line of the log looks, and which are left out.
struct LogStyle {
  LogFormat format = LogFormat::text;
  std::string time_format = "%Y-%m-%d %H:%M:%S %z";
  std::chrono::nanoseconds ignore_repeated{0};  ///< The same line again, nothing between, within so long.
  std::chrono::nanoseconds ignore_same{0};      ///< The same, whatever is between.
  friend bool operator==(const LogStyle&, const LogStyle&) = default;
};

/// Throws std::invalid_argument for a time format that can't be.
void check_style(const LogStyle& style);

/// The log that main makes and hands on. Lines look like Fluentd's: "2026-11-23 15:00:00 +0000 [info]: message", in
/// local time, or {"time":"…","level":"info","message":"…"}. In text, control characters in a message are written as
/// \xNN and its further lines are indented, so that nothing that a peer sent can pass for a line of its own.
class OwnLog : public Log {
 public:
  /// After a log rotation: the file is opened anew under its name. Does nothing for stderr. When the file can't be
  /// opened, the old one stays in use and gets an error line. Threads: any.
  virtual void reopen() = 0;
  /// From now on lines look so. Throws std::invalid_argument for a time format that can't be. Threads: any.
  virtual void set_style(const LogStyle& style) = 0;
  /// From now on lines go to that file. Throws std::runtime_error, and changes nothing, when it can't be opened.
  /// Threads: any.
  virtual void move_to_file(std::string path, LogRotation rotation) = 0;
  /// From now on lines go to stderr. Threads: any.
  virtual void move_to_stderr() = 0;
  /// From now on this is called behind each line that was written, on the thread that wrote it; empty: nobody is.
  /// Threads: any; afterwards the one before is not called any more.
  using Listener = std::function<void(LogLevel, std::string_view message)>;
  virtual void listen(Listener listener) = 0;
};

std::unique_ptr<OwnLog> make_stderr_log();
/// Appends to the file, made if it is not there, with its folders. Throws std::runtime_error when that is not possible.
std::unique_ptr<OwnLog> make_file_log(std::string path, LogRotation rotation = {});

}  // namespace logboom
