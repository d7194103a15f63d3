#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace logboom {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, fatal, off };

/// Where logboom says what it does: stderr, or the file of `-o`. Never stdout, which belongs to the events.
///
/// Threads: any. A line is written whole. Callers keep secrets out.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view message) = 0;
  bool enabled(LogLevel level) const noexcept { return level >= level_.load(std::memory_order_relaxed); }
  void set_level(LogLevel level) noexcept { level_.store(level, std::memory_order_relaxed); }

  void trace(std::string_view message) { log(LogLevel::trace, message); }
  void debug(std::string_view message) { log(LogLevel::debug, message); }
  void info(std::string_view message) { log(LogLevel::info, message); }
  void warn(std::string_view message) { log(LogLevel::warn, message); }
  void error(std::string_view message) { log(LogLevel::error, message); }
  void fatal(std::string_view message) { log(LogLevel::fatal, message); }

 private:
  void log(LogLevel level, std::string_view message) {
    if (enabled(level)) write(level, message);
  }
  std::atomic<LogLevel> level_{LogLevel::info};
};

/// Lets the first of a stream of like messages through, then one an interval, and counts those between.
/// Threads: any.
class LogLimiter {
 public:
  explicit LogLimiter(std::chrono::seconds interval) noexcept : interval_(interval) {}
  /// True when the message is due; `suppressed` then says how many were kept back since the last one.
  bool due(std::uint64_t& suppressed) noexcept;

 private:
  std::chrono::seconds interval_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::uint64_t> kept_back_{0};
};

namespace detail {

inline std::string_view as_text(std::string_view text, std::string&) { return text; }
template <std::integral N>
std::string_view as_text(N number, std::string& digits) {
  digits = std::to_string(number);
  return digits;
}

}  // namespace detail

/// cat("peer ", port, ": ", reason) – strings and integers in one string.
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::string out;
  const auto add = [&out](const auto& part) {
    std::string digits;
    out.append(detail::as_text(part, digits));
  };
  (add(parts), ...);
  return out;
}

}  // namespace logboom
