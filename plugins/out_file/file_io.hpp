#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace logboom {

/// Owns a descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void reset() noexcept;

 private:
  int fd_ = -1;
};

/// All of these throw std::system_error, which names the file and what was tried.
struct FileModes {
  mode_t file = 0644;
  mode_t directory = 0755;
};

/// Opens a file for appending, and makes it and its directories where they are missing.
Fd open_for_append(const std::string& path, const FileModes& modes);
/// Makes a file that must not be there yet. An empty Fd where it is.
Fd create_new(const std::string& path, const FileModes& modes);
struct stat status_of(int fd, const std::string& path);
/// Writes the text; `written` grows by each part that is in the file.
void write_all(int fd, std::string_view text, const std::string& path, std::uint64_t& written);
/// Gives the file its name if that is free; else false, and nothing has changed.
bool rename_if_free(const std::string& from, const std::string& to, const FileModes& modes);
/// Makes or replaces a symbolic link in one step. Relative: the link says how to come from its own directory to the
/// target; else it names the absolute path.
void link_to(const std::string& target, const std::string& link, bool relative, const FileModes& modes);

}  // namespace logboom
