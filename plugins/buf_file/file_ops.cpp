#include "file_ops.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace logboom::buf_file {

int FileOps::open(const std::string& path, int flags, mode_t mode) {
  return ::open(path.c_str(), flags | O_CLOEXEC, mode);
}

ssize_t FileOps::pwritev(int descriptor, const iovec* parts, int count, off_t offset) {
  return ::pwritev(descriptor, parts, count, offset);
}

ssize_t FileOps::pread(int descriptor, void* to, std::size_t size, off_t offset) {
  return ::pread(descriptor, to, size, offset);
}

int FileOps::fdatasync(int descriptor) { return ::fdatasync(descriptor); }

int FileOps::truncate(int descriptor, off_t size) { return ::ftruncate(descriptor, size); }

int FileOps::sync_directory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory ? ::fsync(directory.get()) : -1;
}

int FileOps::unlink(const std::string& path) { return ::unlink(path.c_str()); }

FileOps& FileOps::system() noexcept {
  static FileOps ops;
  return ops;
}

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

bool write_all(FileOps& ops, int descriptor, const void* data, std::size_t size, off_t offset) {
  iovec part{const_cast<void*>(data), size};
  while (part.iov_len > 0) {
    const ssize_t got = ops.pwritev(descriptor, &part, 1, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return errno = ENOSPC, false;
    part.iov_base = static_cast<char*>(part.iov_base) + got;
    part.iov_len -= static_cast<std::size_t>(got);
    offset += got;
  }
  return true;
}

std::optional<std::string> read_file(FileOps& ops, const std::string& path, std::size_t limit) {
  const Descriptor file(ops.open(path, O_RDONLY, 0));
  if (!file) return std::nullopt;
  std::string content;
  while (content.size() < limit) {
    const std::size_t before = content.size();
    content.resize(std::min(limit, before + 65536));
    const ssize_t got =
        ops.pread(file.get(), content.data() + before, content.size() - before, static_cast<off_t>(before));
    content.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno != EINTR) return std::nullopt;
    if (got == 0) break;
  }
  return content;
}

bool replace_file(FileOps& ops, const std::string& path, std::string_view content, mode_t mode) {
  const std::string beside = path + ".new";
  {
    const Descriptor file(ops.open(beside, O_WRONLY | O_CREAT | O_TRUNC, mode));
    if (!file || !write_all(ops, file.get(), content.data(), content.size(), 0) || ops.fdatasync(file.get()) != 0) {
      const int error = errno;
      if (file) ops.unlink(beside);
      errno = error;
      return false;
    }
  }
  return std::rename(beside.c_str(), path.c_str()) == 0;
}

std::string error_text(int error) { return std::generic_category().message(error); }

std::string trouble_text(int error) {
  const char* advice = "look at the disk and its file system";
  switch (error) {
    case EMFILE: advice = "raise the limit of open files (ulimit -n, LimitNOFILE)"; break;
    case ENFILE: advice = "raise the system's limit of open files (fs.file-max)"; break;
    case ENOMEM: advice = "free memory"; break;
    case EACCES:
    case EPERM: advice = "let logboom's user read and write it"; break;
    default: break;
  }
  return error_text(error) + " (" + advice + ")";
}

}  // namespace logboom::buf_file
