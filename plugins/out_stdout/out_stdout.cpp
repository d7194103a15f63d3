#include <unistd.h>

#include <mutex>

#include <logboom/formatter.hpp>
#include <logboom/inject.hpp>
#include <logboom/line_writer.hpp>
#include <logboom/output.hpp>

namespace logboom {

namespace {

/// As much as is worth one system call.
constexpr std::size_t write_size = 128 * 1024;

class OutStdout final : public ChunkOutput {
 public:
  struct Options {
    PluginSection format{"stdout", nullptr};
    std::optional<InjectOptions> inject;

    static void describe(Describe<Options>& d) {
      d.plugin("format", &Options::format, PluginKind::formatter, "How an event is written; its line end included.");
      d.section("inject", &Options::inject, inject_doc);
      d.leave_section("buffer");
    }
  };

  OutStdout(Options options, BuildContext& context)
      : formatter_(context.formatter(options.format)()),
        injector_(options.inject, context.element(), context.system()) {}

  BufferDefaults buffer_defaults() const override {
    BufferDefaults defaults;
    defaults.immediate = true;
    defaults.ack_when_written = true;
    return defaults;
  }

  WriteResult write(const Chunk& chunk) override {
    const std::lock_guard lock(mutex_);
    WriteResult result;
    text_.clear();
    chunk.for_each([&](std::string_view tag, const Event& event, std::uint64_t place) {
      if (!formatter_->format(tag, injector_.apply(tag, event), text_)) result.add_invalid(place, event);
      if (text_.size() >= write_size && result.reason.empty()) put(result);
      if (!result.reason.empty()) text_.clear();
    });
    if (!text_.empty()) put(result);
    if (!result.reason.empty()) result.status = WriteResult::Status::retry;
    return result;
  }

  void idle() override {
    constexpr std::size_t keep = 4 * write_size;
    if (peak_ > keep) text_.release_memory();
    peak_ = 0;
  }

  void interrupt() noexcept override { lines_.interrupt(); }

 private:
  void put(WriteResult& result) {
    if (text_.size() > peak_) peak_ = text_.size();
    if (std::string error = lines_.write(text_.text()); !error.empty()) result.reason = "stdout: " + error;
    text_.clear();
  }

  /// For several flush threads.
  std::mutex mutex_;
  std::unique_ptr<Formatter> formatter_;
  Injector injector_;
  OutBuffer text_;
  std::size_t peak_ = 0;
  LineWriter lines_{STDOUT_FILENO};
};

}  // namespace

namespace plugins {

PluginInfo out_stdout() {
  return describe_plugin<OutStdout>(PluginKind::output, "stdout",
                                    "Writes events to the standard output, line by line.");
}

}  // namespace plugins

}  // namespace logboom
