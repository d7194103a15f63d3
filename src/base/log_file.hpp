#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace logboom {

/// When a log's file is put aside under another name, as Ruby's Logger does it: by age the old file is called
/// `path.YYYYMMDD` after the last day that it holds, by size `path.0` is the newest of the old ones.
struct LogRotation {
  enum class Age : std::uint8_t { any, daily, weekly, monthly };
  Age age = Age::any;
  std::uint64_t size = 0;  ///< Bytes from which on the file is put aside; 0: never. Counts where `age` is `any`.
  unsigned files = 7;      ///< How many files there may be then, the current one included.
  friend bool operator==(const LogRotation&, const LogRotation&) = default;
};

/// What Fluentd's options mean: `age` is empty, daily, weekly, monthly, or the number of files (7 if only the size is
/// given; 0: the file is never put aside), `size` is 1 MiB if only the age is given. Throws std::invalid_argument.
LogRotation log_rotation(std::string_view age, std::optional<std::uint64_t> size);

/// A file that lines are appended to. Threads: one at a time.
class LogFile {
 public:
  /// Makes the file and its folders. Throws std::runtime_error when that is not possible.
  LogFile(std::string path, LogRotation rotation);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  /// What can't be written is lost: a full disk must not end the program, and there is nowhere to say it.
  void write(std::string_view line, std::time_t now);
  /// Opens the file anew under its name. Throws std::runtime_error, and goes on with the old one, where it can't.
  void reopen();

 private:
  void open_file();
  bool is_due(std::time_t now) const;
  void put_aside(std::time_t now);
  void rename_numbered() const;
  void rename_dated(std::time_t now) const;

  std::string path_;
  LogRotation rotation_;
  int file_ = -1;
  std::uint64_t size_ = 0;
  std::int64_t period_ = 0;  // the day on which the current file's day, week or month began
};

}  // namespace logboom
