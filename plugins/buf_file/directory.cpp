#include "directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <utility>

#include <logboom/log.hpp>

namespace logboom::buf_file {

namespace fs = std::filesystem;

namespace {

constexpr const char* wanted = "/wanted";

/// Who waits for which directory, in the order in which they came.
struct Waiting {
  std::mutex mutex;
  std::vector<std::pair<std::string, const DirectoryLock*>> line;

  bool is_turn(const std::string& directory, const DirectoryLock* who) {
    const std::lock_guard lock(mutex);
    const auto first =
        std::find_if(line.begin(), line.end(), [&](const auto& entry) { return entry.first == directory; });
    return first == line.end() || first->second == who;
  }
};

/// Of the process, as the locks of files are.
Waiting& waiting() {
  static Waiting all;
  return all;
}

/// `<prefix>.b<hex><rest>` or `.q…`, as Fluentd names chunks.
bool is_fluentd_chunk(const std::string& name, const std::string& prefix) {
  if (!name.starts_with(prefix + ".")) return false;
  std::string_view rest = std::string_view(name).substr(prefix.size() + 1);
  if (rest.empty() || (rest.front() != 'b' && rest.front() != 'q')) return false;
  const auto digits = std::find_if_not(rest.begin() + 1, rest.end(),
                                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return digits - rest.begin() > 16;
}

}  // namespace

std::string directory_of(const std::string& path) {
  const std::size_t star = path.find('*');
  if (star != std::string::npos) {
    std::string prefix = path.substr(0, star);
    while (!prefix.empty() && prefix.back() == '.') prefix.pop_back();
    if (prefix.empty() || prefix.back() == '/') prefix += "buffer";
    return prefix + ".segments";
  }
  std::error_code error;
  if (fs::exists(path, error) && !fs::is_directory(path, error)) return path + ".segments";
  std::string directory = path;
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  return directory;
}

std::vector<std::string> fluentd_files(const std::string& path) {
  const std::size_t star = path.find('*');
  std::error_code error;
  fs::path folder = path;
  std::string prefix = "buffer";
  if (star != std::string::npos || !fs::is_directory(path, error)) {
    std::string front = path.substr(0, star);
    while (!front.empty() && front.back() == '.') front.pop_back();
    folder = fs::path(front).parent_path();
    prefix = fs::path(front).filename().string();
  }
  std::vector<std::string> files;
  for (auto at = fs::directory_iterator(folder, error); at != fs::directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.ends_with(".meta") && is_fluentd_chunk(name, prefix)) files.push_back(at->path().string());
    if (error) break;
  }
  std::sort(files.begin(), files.end());
  return files;
}

void make_directories(const std::string& path, mode_t mode) {
  std::error_code error;
  if (fs::is_directory(path, error)) return;
  const fs::path above = fs::path(path).parent_path();
  if (!above.empty() && above != path) make_directories(above.string(), mode);
  if (::mkdir(path.c_str(), mode) == 0) return void(::chmod(path.c_str(), mode));
  if (errno == EEXIST && fs::is_directory(path, error)) return;
  throw std::runtime_error(cat("can't make the directory ", path, " for the buffer: ", error_text(errno)));
}

void DirectoryLock::line_up(const std::string& directory) {
  const std::lock_guard lock(waiting().mutex);
  waiting().line.emplace_back(directory, this);
}

void DirectoryLock::leave_line() {
  const std::lock_guard lock(waiting().mutex);
  std::erase_if(waiting().line, [this](const auto& entry) { return entry.second == this; });
}

DirectoryLock::Outcome DirectoryLock::try_lock(const std::string& directory, mode_t mode) {
  if (!waiting().is_turn(directory, this)) return Outcome::held_here;
  const std::string path = directory + "/lock";
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, mode));
  if (!file) throw std::runtime_error(cat("can't open ", path, ": ", trouble_text(errno)));
  char text[32] = {};
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    const ssize_t size = ::pread(file.get(), text, sizeof text, 0);
    long pid = 0;
    std::from_chars(text, text + std::max<ssize_t>(size, 0), pid);
    if (pid == ::getpid()) return Outcome::held_here;
    holder_ = pid > 0 ? cat("process ", pid) : "another process";
    return Outcome::held_elsewhere;
  }
  const std::string own = cat(::getpid(), "\n");
  if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), own.data(), own.size(), 0) < 0) errno = 0;
  file_ = std::move(file);
  leave_line();
  ask_no_more(directory);
  return Outcome::locked;
}

void DirectoryLock::ask_for(const std::string& directory) {
  const Descriptor file(::open((directory + wanted).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

void DirectoryLock::ask_no_more(const std::string& directory) { ::unlink((directory + wanted).c_str()); }

bool DirectoryLock::is_wanted(const std::string& directory) {
  return ::access((directory + wanted).c_str(), F_OK) == 0;
}

}  // namespace logboom::buf_file
