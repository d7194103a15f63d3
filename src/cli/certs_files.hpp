#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace logboom {

/// Where `logboom certs` says what a person should look into.
using CertWarn = std::function<void(const std::string&)>;

/// A directory of certificates that nobody else changes meanwhile: one is made with mode 0700 where there is none.
/// Throws std::runtime_error.
class LockedFolder {
 public:
  explicit LockedFolder(const std::filesystem::path& path);
  LockedFolder(const LockedFolder&) = delete;
  LockedFolder& operator=(const LockedFolder&) = delete;
  ~LockedFolder();

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

enum class Secrecy { secret, open };  // 0600, or 0644 as far as the umask lets it
enum class Existing { kept, replaced };

/// All of the file or nothing, on the disk when this returns. A file that is there already is an error where it must be
/// kept. Makes the file's folder, with mode 0700, where there is none. Throws std::runtime_error.
void write_atomically(const std::filesystem::path& path, const std::string& text, Secrecy secrecy, Existing existing);

/// As `write_atomically`, for a file that is there: it keeps its mode, and its owner where that is allowed.
void rewrite_file(const std::filesystem::path& path, const std::string& text);

std::string read_file(const std::filesystem::path& path);

/// Whether others than its owner may read or write the file.
bool is_too_open(const std::filesystem::path& path);
std::string mode_text(const std::filesystem::path& path);

/// `x.pem`: `x-key.pem`; `server-cert.pem`: `server-key.pem`; `cert.pem`: `key.pem`.
std::filesystem::path key_path_of(const std::filesystem::path& certificate);

}  // namespace logboom
