#include "base/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace logboom {
namespace {

namespace fs = std::filesystem;

std::tm local(std::time_t time) {
  std::tm out{};
  ::localtime_r(&time, &out);
  return out;
}

// Midday of the first day of the period that holds `time`: midnight may be missing where clocks are changed.
std::time_t period_start(std::time_t time, LogRotation::Age age) {
  std::tm day = local(time);
  day.tm_hour = 12;
  day.tm_min = day.tm_sec = 0;
  day.tm_isdst = -1;
  if (age == LogRotation::Age::weekly) day.tm_mday -= day.tm_wday;
  if (age == LogRotation::Age::monthly) day.tm_mday = 1;
  return std::mktime(&day);
}

std::string date_of(std::time_t time) {
  const std::tm day = local(time);
  std::array<char, 16> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%d", &day)};
}

}  // namespace

LogRotation log_rotation(std::string_view age, std::optional<std::uint64_t> size) {
  LogRotation out;
  if (age == "daily") out.age = LogRotation::Age::daily;
  if (age == "weekly") out.age = LogRotation::Age::weekly;
  if (age == "monthly") out.age = LogRotation::Age::monthly;
  if (out.age != LogRotation::Age::any || (age.empty() && !size)) return out;
  if (!age.empty()) {
    const auto [end, error] = std::from_chars(age.data(), age.data() + age.size(), out.files);
    if (error != std::errc() || end != age.data() + age.size() || out.files > 10'000) {
      throw std::invalid_argument("expected daily, weekly, monthly or a number of files but found '" +
                                  std::string(age) + "'");
    }
  }
  out.size = out.files == 0 ? 0 : size.value_or(std::uint64_t{1} << 20);
  return out;
}

LogFile::LogFile(std::string path, LogRotation rotation) : path_(std::move(path)), rotation_(rotation) { open_file(); }

LogFile::~LogFile() {
  if (file_ >= 0) ::close(file_);
}

void LogFile::open_file() {
  std::error_code ignored;
  const fs::path folder = fs::path(path_).parent_path();
  if (!folder.empty()) fs::create_directories(folder, ignored);
  const int file = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) {
    throw std::runtime_error("can't open the log file '" + path_ + "': " + std::generic_category().message(errno));
  }
  if (file_ >= 0) ::close(file_);
  file_ = file;
  struct stat status {};
  ::fstat(file_, &status);
  size_ = static_cast<std::uint64_t>(status.st_size);
  period_ = period_start(size_ > 0 ? status.st_mtime : std::time(nullptr), rotation_.age);
}

void LogFile::reopen() { open_file(); }

void LogFile::write(std::string_view line, std::time_t now) {
  if (is_due(now)) put_aside(now);
  while (!line.empty()) {
    const ssize_t written = ::write(file_, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
}

bool LogFile::is_due(std::time_t now) const {
  if (rotation_.age == LogRotation::Age::any) return rotation_.size > 0 && size_ >= rotation_.size;
  return period_start(now, rotation_.age) > period_;
}

// Where renaming fails the file stays in use until it is due the next time.
void LogFile::put_aside(std::time_t now) {
  try {
    rotation_.age == LogRotation::Age::any ? rename_numbered() : rename_dated(now);
    open_file();
  } catch (const std::exception&) {  // no folder, no rights: there is nowhere to say it
  }
  size_ = 0;
  period_ = period_start(now, rotation_.age);
}

void LogFile::rename_numbered() const {
  const auto name = [this](unsigned number) { return path_ + "." + std::to_string(number); };
  for (unsigned number = rotation_.files < 3 ? 0 : rotation_.files - 2; number > 0; --number) {
    ::rename(name(number - 1).c_str(), name(number).c_str());
  }
  fs::rename(path_, name(0));
}

void LogFile::rename_dated(std::time_t now) const {
  constexpr std::time_t day = 86'400;
  const std::string dated = path_ + "." + date_of(period_start(now, rotation_.age) - day);
  std::string name = dated;
  for (unsigned number = 1; fs::exists(name); ++number) name = dated + "." + std::to_string(number);
  fs::rename(path_, name);
}

}  // namespace logboom
