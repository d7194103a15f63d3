#include "base/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <utility>

// Fluentd's words instead of spdlog's "warning" and "critical".
#define SPDLOG_LEVEL_NAMES \
  { "trace", "debug", "info", "warn", "error", "fatal", "off" }
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace logboom {
namespace {

static_assert(static_cast<int>(LogLevel::fatal) == static_cast<int>(spdlog::level::critical));

// spdlog's %z is +00:00, strftime's is +0000.
class ZoneFlag : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm& time, spdlog::memory_buf_t& out) override {
    std::array<char, 8> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%z", &time);
    out.append(text.data(), text.data() + size);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return spdlog::details::make_unique<ZoneFlag>(); }
};

std::unique_ptr<spdlog::pattern_formatter> line_format() {
  auto format = std::make_unique<spdlog::pattern_formatter>();
  format->add_flag<ZoneFlag>('*').set_pattern("%Y-%m-%d %H:%M:%S %* [%l]: %v");
  return format;
}

bool is_plain(char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t'; }

std::string harmless(std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
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

class SinkLog : public OwnLog {
 public:
  explicit SinkLog(spdlog::sink_ptr sink) : sink_(prepare(std::move(sink))) {}

  void write(LogLevel level, std::string_view message) override {
    const std::string text = harmless(message);
    const spdlog::details::log_msg line({}, static_cast<spdlog::level::level_enum>(level), text);
    const std::lock_guard lock(mutex_);
    try {
      sink_->log(line);
      sink_->flush();
    } catch (const spdlog::spdlog_ex&) {  // a full disk must not end the program, and there is nowhere to say it
    }
  }

  void reopen() override {}

 protected:
  void replace(spdlog::sink_ptr sink) {
    sink = prepare(std::move(sink));
    const std::lock_guard lock(mutex_);
    sink_.swap(sink);
  }

 private:
  static spdlog::sink_ptr prepare(spdlog::sink_ptr sink) {
    sink->set_formatter(line_format());
    return sink;
  }

  std::mutex mutex_;
  spdlog::sink_ptr sink_;
};

// spdlog retries an open that fails, with pauses; this says at once what is wrong.
spdlog::sink_ptr open_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) {
    throw std::runtime_error("can't open the log file '" + path + "': " + std::generic_category().message(errno));
  }
  ::close(file);
  return std::make_shared<spdlog::sinks::basic_file_sink_st>(path);
}

class FileLog : public SinkLog {
 public:
  explicit FileLog(std::string path) : SinkLog(open_file(path)), path_(std::move(path)) {}

  void reopen() override {
    try {
      replace(open_file(path_));
    } catch (const std::exception& problem) {
      error(problem.what());
    }
  }

 private:
  std::string path_;
};

}  // namespace

std::unique_ptr<OwnLog> make_stderr_log() {
  return std::make_unique<SinkLog>(std::make_shared<spdlog::sinks::stderr_sink_st>());
}

std::unique_ptr<OwnLog> make_file_log(std::string path) { return std::make_unique<FileLog>(std::move(path)); }

bool LogLimiter::due(std::uint64_t& suppressed) noexcept {
  using std::chrono::steady_clock;
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
