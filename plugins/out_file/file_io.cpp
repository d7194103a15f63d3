#include "file_io.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace logboom {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what, const std::string& path, int error) {
  throw std::system_error(error, std::generic_category(), what + " " + path);
}

void make_directories(const std::string& path, mode_t mode) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string directory = path.substr(0, slash);
    if (::mkdir(directory.c_str(), mode) == 0) continue;
    const int error = errno == EEXIST ? ENOTDIR : errno;
    if (std::error_code none; !fs::is_directory(directory, none)) fail("can't make the directory", directory, error);
  }
}

/// Makes the directories where the file could not be opened for want of them.
int open_in_directory(const std::string& path, int flags, const FileModes& modes) {
  const int fd = ::open(path.c_str(), flags, modes.file);
  if (fd >= 0 || errno != ENOENT) return fd;
  make_directories(path, modes.directory);
  return ::open(path.c_str(), flags, modes.file);
}

}  // namespace

void Fd::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Fd open_for_append(const std::string& path, const FileModes& modes) {
  Fd fd(open_in_directory(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, modes));
  if (!fd) fail("can't open", path, errno);
  return fd;
}

Fd create_new(const std::string& path, const FileModes& modes) {
  Fd fd(open_in_directory(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, modes));
  if (!fd && errno != EEXIST) fail("can't make", path, errno);
  return fd;
}

struct stat status_of(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) fail("can't look at", path, errno);
  return info;
}

void write_all(int fd, std::string_view text, const std::string& path, std::uint64_t& written) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      fail("can't write to", path, errno);
    }
    written += static_cast<std::uint64_t>(count);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool rename_if_free(const std::string& from, const std::string& to, const FileModes& modes) {
  constexpr unsigned no_replace = 1;  // RENAME_NOREPLACE
  const auto rename = [&] {
    return ::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), no_replace) == 0;
  };
  if (rename()) return true;
  if (errno == ENOENT) {
    make_directories(to, modes.directory);
    if (rename()) return true;
  }
  if (errno == EEXIST) return false;
  if (errno != EINVAL && errno != ENOSYS) fail("can't rename " + from + " to", to, errno);
  // A file system that can't do it in one step: the name is taken by an empty file first.
  if (!create_new(to, modes)) return false;
  if (::rename(from.c_str(), to.c_str()) != 0) fail("can't rename " + from + " to", to, errno);
  return true;
}

void link_to(const std::string& target, const std::string& link, bool relative, const FileModes& modes) {
  const fs::path absolute = fs::absolute(target).lexically_normal();
  const fs::path from = fs::absolute(link).lexically_normal().parent_path();
  const std::string text = relative ? absolute.lexically_relative(from).string() : absolute.string();
  const std::string temporary = link + ".new";
  ::unlink(temporary.c_str());
  if (::symlink(text.c_str(), temporary.c_str()) != 0) {
    if (errno != ENOENT) fail("can't make the link", temporary, errno);
    make_directories(link, modes.directory);
    if (::symlink(text.c_str(), temporary.c_str()) != 0) fail("can't make the link", temporary, errno);
  }
  if (::rename(temporary.c_str(), link.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    fail("can't make the link", link, error);
  }
}

}  // namespace logboom
