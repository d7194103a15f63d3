#pragma once

#include <memory>
#include <string>

#include <logboom/log.hpp>

namespace logboom {

/// The log that main makes and hands on. Lines look like Fluentd's: "2026-11-23 15:00:00 +0000 [info]: message", in
/// local time. Control characters in a message are written as \xNN and its further lines are indented, so that nothing
/// that a peer sent can pass for a line of its own.
class OwnLog : public Log {
 public:
  /// After a log rotation: the file is opened anew under its name. Does nothing for stderr. When the file can't be
  /// opened, the old one stays in use and gets an error line. Threads: any.
  virtual void reopen() = 0;
};

std::unique_ptr<OwnLog> make_stderr_log();
/// Appends to the file, made if it is not there. Throws std::runtime_error when that is not possible.
std::unique_ptr<OwnLog> make_file_log(std::string path);

}  // namespace logboom
