#include "cli/certs_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include <logboom/log.hpp>

namespace logboom {

namespace fs = std::filesystem;

namespace {

constexpr mode_t folder_mode = 0700;
constexpr mode_t others = 077;

[[noreturn]] void fail(std::string_view what, const fs::path& path, int error) {
  throw std::runtime_error(cat(what, " ", path.string(), ": ", std::string_view(std::strerror(error))));
}

[[noreturn]] void refuse_existing(const fs::path& path) {
  throw std::runtime_error(cat(path.string(), " is there already; --force makes a new one in its place"));
}

void make_folder(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return;
  if (const fs::path parent = path.parent_path(); !parent.empty()) {
    fs::create_directories(parent, error);
    if (error) fail("can't make", parent, error.value());
  }
  if (::mkdir(path.c_str(), folder_mode) != 0 && errno != EEXIST) fail("can't make", path, errno);
}

/// The folders between the file and one that is there are as private as the last.
void make_private_folders(const fs::path& path) {
  if (path.empty() || fs::exists(path)) return;
  make_private_folders(path.parent_path());
  make_folder(path);
}

void write_all(int fd, const std::string& text, const fs::path& path) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = ::write(fd, text.data() + at, text.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("can't write", path, errno);
    at += static_cast<std::size_t>(n);
  }
  if (::fsync(fd) != 0) fail("can't write", path, errno);
}

/// A file under another name, which is removed unless it gets its own.
class Draft {
 public:
  Draft(const fs::path& path, Secrecy secrecy) : path_(cat(path.string(), ".new-", ::getpid())) {
    ::unlink(path_.c_str());
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secrecy == Secrecy::secret ? 0600 : 0644);
    if (fd_ < 0) fail("can't make", path_, errno);
    if (secrecy == Secrecy::secret && ::fchmod(fd_, 0600) != 0) {
      const int error = errno;
      remove();
      fail("can't protect", path_, error);
    }
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() { remove(); }

  int fd() const noexcept { return fd_; }
  void rename_to(const fs::path& path, Existing existing) {
    int result = ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, path.c_str(),
                             existing == Existing::kept ? RENAME_NOREPLACE : 0U);
    if (result != 0 && existing == Existing::kept && (errno == EINVAL || errno == ENOSYS)) {
      if (fs::exists(path)) refuse_existing(path);  // a file system that can't look and rename at once
      result = ::rename(path_.c_str(), path.c_str());
    }
    if (result != 0 && errno == EEXIST) refuse_existing(path);
    if (result != 0) fail("can't make", path, errno);
    path_.clear();
  }

 private:
  void remove() noexcept {
    if (fd_ >= 0) ::close(fd_);
    if (!path_.empty()) ::unlink(path_.c_str());
    fd_ = -1;
  }

  std::string path_;
  int fd_ = -1;
};

void sync_folder(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

LockedFolder::LockedFolder(const fs::path& path) : path_(path) {
  make_folder(path);
  fd_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd_ < 0) fail("can't open", path, errno);
  int result = 0;
  do result = ::flock(fd_, LOCK_EX);
  while (result != 0 && errno == EINTR);
}

LockedFolder::~LockedFolder() {
  if (fd_ >= 0) ::close(fd_);
}

void write_atomically(const fs::path& path, const std::string& text, Secrecy secrecy, Existing existing) {
  const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  make_private_folders(folder);
  if (existing == Existing::kept && fs::exists(fs::symlink_status(path))) refuse_existing(path);
  Draft draft(path, secrecy);
  write_all(draft.fd(), text, path);
  draft.rename_to(path, existing);
  sync_folder(folder);
}

void rewrite_file(const fs::path& path, const std::string& text) {
  constexpr mode_t of_group = 070;
  struct stat before {};
  if (::stat(path.c_str(), &before) != 0) fail("can't look at", path, errno);
  Draft draft(path, Secrecy::secret);
  // Another group may not be let in.
  const bool same_owner = ::fchown(draft.fd(), before.st_uid, before.st_gid) == 0;
  if (::fchmod(draft.fd(), before.st_mode & 0777 & ~(same_owner ? 0 : of_group)) != 0)
    fail("can't protect", path, errno);
  write_all(draft.fd(), text, path);
  draft.rename_to(path, Existing::replaced);
  sync_folder(path.parent_path().empty() ? fs::path(".") : path.parent_path());
}

std::string read_file(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail("can't read", path, errno);
  std::string text;
  std::array<char, 16384> part{};
  constexpr std::size_t largest = 16U << 20U;
  ssize_t n = 0;
  while ((n = ::read(fd, part.data(), part.size())) > 0 && text.size() < largest)
    text.append(part.data(), static_cast<std::size_t>(n));
  const int error = errno;
  ::close(fd);
  if (n < 0) fail("can't read", path, error);
  return text;
}

bool is_too_open(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & others) != 0;
}

std::string mode_text(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "?";
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(status.st_mode & 07777));
  return text.data();
}

fs::path key_path_of(const fs::path& certificate) {
  std::string stem = certificate.stem().string();
  if (stem == "cert") return certificate.parent_path() / "key.pem";
  if (stem.ends_with("-cert")) stem.erase(stem.size() - 5);
  return certificate.parent_path() / (stem + "-key.pem");
}

}  // namespace logboom
