#include "base/log.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stdexcept>
#include <utility>

#include <logboom/timefmt.hpp>
#include <nlohmann/json.hpp>

namespace logboom {
namespace {

using std::chrono::steady_clock;

constexpr std::array<std::string_view, 6> level_names{"trace", "debug", "info", "warn", "error", "fatal"};

bool is_plain(char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t'; }

std::string harmless(std::string_view message) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(message.size());
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain(c)) {
      out += c;
    } else if (c == '\n') {
      out += "\n  ";
    } else {
      out.append("\\x").append({digits[byte >> 4], digits[byte & 15]});
    }
  }
  return out;
}

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Which lines have been written lately.
class Repetitions {
 public:
  void set(const LogStyle& style) {
    repeated_ = style.ignore_repeated;
    same_ = style.ignore_same;
    written_.clear();
    last_.clear();
  }

  /// True when the line is to be left out.
  bool is_one(std::string_view line) {
    if (repeated_.count() <= 0 && same_.count() <= 0) return false;
    const auto now = steady_clock::now();
    if (repeated_.count() > 0 && line == last_ && now - last_time_ <= repeated_) return true;
    if (same_.count() > 0 && !first_of_its_interval(line, now)) return true;
    last_ = line;
    last_time_ = now;
    return false;
  }

 private:
  static constexpr std::size_t max_remembered = 1000;

  bool first_of_its_interval(std::string_view line, steady_clock::time_point now) {
    const auto found = written_.find(line);
    if (found != written_.end()) {
      if (now - found->second <= same_) return false;
      found->second = now;
      return true;
    }
    if (written_.size() >= max_remembered) {
      std::erase_if(written_, [&](const auto& entry) { return now - entry.second > same_; });
    }
    if (written_.size() < max_remembered) written_.emplace(line, now);
    return true;
  }

  std::chrono::nanoseconds repeated_{0};
  std::chrono::nanoseconds same_{0};
  std::string last_;
  steady_clock::time_point last_time_;
  std::map<std::string, steady_clock::time_point, std::less<>> written_;
};

void write_to_stderr(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // there is nowhere to say it
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

class StyledLog final : public OwnLog {
 public:
  StyledLog() { set_style({}); }

  void write(LogLevel level, std::string_view message) override {
    while (message.ends_with('\n')) message.remove_suffix(1);
    if (put(level, message)) tell(level, message);
  }

  /// False where the line is left out.
  bool put(LogLevel level, std::string_view message) {
    const std::string_view name = level_names.at(std::min(static_cast<std::size_t>(level), level_names.size() - 1));
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto sec = std::chrono::floor<std::chrono::seconds>(now);
    const std::lock_guard lock(mutex_);
    if (repetitions_.is_one(cat(name, " ", message))) return false;
    const std::string time =
        time_->format({sec.count(), static_cast<std::uint32_t>(std::chrono::nanoseconds(now - sec).count())});
    const std::string line = style_.format == LogFormat::json ? cat("{\"time\":", json_text(time), ",\"level\":\"",
                                                                    name, "\",\"message\":", json_text(message), "}\n")
                                                              : cat(time, " [", name, "]: ", harmless(message), "\n");
    file_ ? file_->write(line, static_cast<std::time_t>(sec.count())) : write_to_stderr(line);
    return true;
  }

  void tell(LogLevel level, std::string_view message) {
    // What a listener logs itself is for nobody but the log.
    thread_local bool telling = false;
    if (telling) return;
    const std::shared_lock lock(listening_);
    telling = true;
    if (listener_) listener_(level, message);
    telling = false;
  }

  void reopen() override {
    try {
      const std::lock_guard lock(mutex_);
      if (file_) file_->reopen();
      return;
    } catch (const std::exception& problem) {
      error(problem.what());
    }
  }

  void set_style(const LogStyle& style) override {
    TimeFormatter time = TimeFormatter::compile(style.time_format, TimeZone::local());
    const std::lock_guard lock(mutex_);
    time_ = std::move(time);
    style_ = style;
    repetitions_.set(style);
  }

  void listen(Listener listener) override {
    const std::unique_lock lock(listening_);
    listener_ = std::move(listener);
  }

  void move_to_file(std::string path, LogRotation rotation) override {
    auto file = std::make_unique<LogFile>(std::move(path), rotation);
    const std::lock_guard lock(mutex_);
    file_ = std::move(file);
  }

  void move_to_stderr() override {
    const std::lock_guard lock(mutex_);
    file_.reset();
  }

 private:
  std::mutex mutex_;
  LogStyle style_;
  std::optional<TimeFormatter> time_;
  Repetitions repetitions_;
  std::unique_ptr<LogFile> file_;
  std::shared_mutex listening_;
  Listener listener_;
};

}  // namespace

void check_style(const LogStyle& style) { TimeFormatter::compile(style.time_format, TimeZone::utc()); }

std::unique_ptr<OwnLog> make_stderr_log() { return std::make_unique<StyledLog>(); }

std::unique_ptr<OwnLog> make_file_log(std::string path, LogRotation rotation) {
  auto log = std::make_unique<StyledLog>();
  log->move_to_file(std::move(path), rotation);
  return log;
}

bool LogLimiter::due(std::uint64_t& suppressed) noexcept {
  const std::int64_t now = std::chrono::nanoseconds(steady_clock::now().time_since_epoch()).count();
  std::int64_t next = next_.load(std::memory_order_relaxed);
  const std::int64_t later = now + std::chrono::nanoseconds(interval_).count();
  if (now < next || !next_.compare_exchange_strong(next, later, std::memory_order_relaxed)) {
    kept_back_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  suppressed = kept_back_.exchange(0, std::memory_order_relaxed);
  return true;
}

}  // namespace logboom
