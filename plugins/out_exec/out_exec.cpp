#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>

#include <logboom/chunk_values.hpp>
#include <logboom/formatter.hpp>
#include <logboom/inject.hpp>
#include <logboom/output.hpp>

#include "command.hpp"

namespace logboom {

namespace {

/// Text is written when there is so much of it, and at the end of a chunk.
constexpr std::size_t write_size = 256 * 1024;

/// A file that a command reads, gone with the object. Throws std::system_error.
class ScratchFile {
 public:
  ScratchFile() : path_((std::filesystem::temp_directory_path() / "logboom-exec-XXXXXX").string()) {
    fd_ = ::mkstemp(path_.data());
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "can't make " + path_);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() {
    close();
    ::unlink(path_.c_str());
  }

  void append(std::string_view text) {
    while (!text.empty()) {
      const ssize_t wrote = ::write(fd_, text.data(), text.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) throw std::system_error(errno, std::generic_category(), "can't write " + path_);
      text.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }
  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  int fd_ = -1;
};

class OutExec final : public ChunkOutput {
 public:
  struct Options {
    std::string command;
    std::chrono::nanoseconds command_timeout{std::chrono::seconds(270)};
    PluginSection format{"tsv", nullptr};
    std::optional<InjectOptions> inject;

    static void describe(Describe<Options>& d) {
      d.param(
           "command", &Options::command,
           "A shell command; the path of a file with the chunk's events is put behind it. ${tag}, ${chunk_id}, "
           "${key} of chunk keys and time conversions are filled in. It must end with 0, else the chunk comes again.")
          .required();
      d.param("command_timeout", &Options::command_timeout, "A command that takes longer is killed.");
      d.plugin("format", &Options::format, PluginKind::formatter, "How an event is written into the file.");
      d.section("inject", &Options::inject,
                "Fields that are added to each record before it is formatted; here time_type is `string` and the time "
                "UTC where nothing else is said.");
      d.leave_section("buffer");
    }
  };

  OutExec(Options options, BuildContext& context)
      : options_(std::move(options)),
        command_text_(Template::compile(options_.command)),
        formatter_(context.formatter(options_.format)()),
        injector_(inject_defaults(options_.inject, context.element()), context.element(), context.system()) {
    const Attribute* attribute = context.element().find("command");
    check_placeholder_fields(command_text_.field_keys(), buffer_settings(context.element(), {}, true, {}), *attribute);
    if (options_.command.find("${tag[") == std::string::npos) return;
    throw ConfigError(attribute->value_pos,
                      "only the whole tag can be put into a command: use ${tag}, and take it apart there");
  }

  bool waits_for_slice() const override { return true; }

  WriteResult write(const Chunk& chunk) override {
    const std::lock_guard lock(mutex_);
    WriteResult result;
    ScratchFile file;
    text_.clear();
    const auto put = [this, &file] {
      file.append(text_.text());
      text_.clear();
    };
    chunk.for_each([&](std::string_view tag, const Event& event, std::uint64_t place) {
      if (!formatter_->format(tag, injector_.apply(tag, event), text_)) result.add_invalid(place, event);
      if (text_.size() >= write_size) put();
    });
    put();
    file.close();
    const std::string failure =
        command_.run(command_line(chunk) + " " + file.path(),
                     std::chrono::duration_cast<std::chrono::milliseconds>(options_.command_timeout));
    if (failure.empty()) return result;
    return {WriteResult::Status::retry, cat("command '", options_.command, "': ", failure), 0};
  }

  void idle() override { text_.release_memory(); }
  void interrupt() noexcept override { command_.interrupt(); }

 private:
  /// As Fluentd's exec has them, unlike its other outputs.
  static std::optional<InjectOptions> inject_defaults(std::optional<InjectOptions> options, const Element& element) {
    if (!options) return options;
    const Element& section = *element.sections("inject").front();
    if (section.find("time_type") == nullptr) options->time_type = InjectTime::text;
    if (!options->localtime && !options->utc) options->localtime = false;
    return options;
  }

  std::string command_line(const Chunk& chunk) const {
    Template::Values values = placeholder_values(chunk);
    const std::string tag = chunk.tag ? quoted(chunk.tag->text()) : std::string();
    if (chunk.tag) values.tag = tag;
    values.field = [&chunk](std::string_view name) -> std::optional<std::string> {
      const std::string* value = chunk.field(name);
      return quoted(value == nullptr ? std::string_view() : *value);
    };
    return command_text_.expand(values);
  }

  /// A tag, or a field's value, comes from the network: the shell must not read it as anything but a word.
  static std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
      if (c == '\'') {
        out += "'\\''";
      } else if (c != '\0') {
        out += c;
      }
    }
    return out + "'";
  }

  Options options_;
  Template command_text_;
  std::mutex mutex_;
  std::unique_ptr<Formatter> formatter_;
  Injector injector_;
  OutBuffer text_;
  Command command_;
};

}  // namespace

namespace plugins {

PluginInfo out_exec() {
  return describe_plugin<OutExec>(PluginKind::output, "exec", "Hands chunks to a command, in a file.");
}

}  // namespace plugins

}  // namespace logboom
