#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "file_ops.hpp"

namespace logboom::buf_file {

/// Which directory a `path` of `<buffer>` means: itself; where it is a pattern with `*`, or an existing file, one
/// beside the files that Fluentd would make.
std::string directory_of(const std::string& path);
/// Files that Fluentd's own file buffer has left where `path` points.
std::vector<std::string> fluentd_files(const std::string& path);

/// Makes the directory and those above it. Throws std::runtime_error.
void make_directories(const std::string& path, mode_t mode);

/// Keeps other processes, and other buffers of this one, out of a directory.
class DirectoryLock {
 public:
  DirectoryLock() = default;
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  ~DirectoryLock() { leave_line(); }

  enum class Outcome : std::uint8_t {
    locked,
    held_here,       // by another buffer of this process
    held_elsewhere,  // `holder` says by whom
  };
  /// Throws std::runtime_error where the lock file can't be made.
  Outcome try_lock(const std::string& directory, mode_t mode);
  /// Of the buffers of this process that wait for a directory the one that came first gets it first: an older one may
  /// hold up batches that came before, and a newer one never ends by itself.
  void line_up(const std::string& directory);
  void leave_line();
  const std::string& holder() const noexcept { return holder_; }

  /// Asks the buffer of this process that holds the lock to hand the directory over; see `is_wanted`.
  static void ask_for(const std::string& directory);
  /// Takes that back. Others that wait ask again.
  static void ask_no_more(const std::string& directory);
  /// Another buffer of this process asks for the directory.
  static bool is_wanted(const std::string& directory);

 private:
  Descriptor file_;
  std::string holder_;
};

}  // namespace logboom::buf_file
