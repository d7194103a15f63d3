#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <optional>
#include <string>
#include <string_view>

namespace logboom::buf_file {

/// What the buffer asks of the system for its files, so that a test can let it fail. Errors as errno has them.
/// Threads: any.
class FileOps {
 public:
  virtual ~FileOps() = default;
  virtual int open(const std::string& path, int flags, mode_t mode);
  virtual ssize_t pwritev(int descriptor, const iovec* parts, int count, off_t offset);
  virtual ssize_t pread(int descriptor, void* to, std::size_t size, off_t offset);
  virtual int fdatasync(int descriptor);
  virtual int truncate(int descriptor, off_t size);
  /// 0, or -1 with errno.
  virtual int sync_directory(const std::string& path);
  virtual int unlink(const std::string& path);

  static FileOps& system() noexcept;
};

/// An open file, closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

/// All of it at this offset; false with errno.
bool write_all(FileOps& ops, int descriptor, const void* data, std::size_t size, off_t offset);
/// The whole file, at most `limit` bytes of it. Nothing, with errno, where it can't be read.
std::optional<std::string> read_file(FileOps& ops, const std::string& path, std::size_t limit);
/// Written beside and renamed, synced. False with errno.
bool replace_file(FileOps& ops, const std::string& path, std::string_view content, mode_t mode);

std::string error_text(int error);
/// The same, with what can be done about it where a file can't be opened or read.
std::string trouble_text(int error);

}  // namespace logboom::buf_file
