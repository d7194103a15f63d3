#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <filesystem>
#include <mutex>
#include <optional>
#include <system_error>

#include <logboom/chunk_values.hpp>
#include <logboom/output.hpp>

namespace logboom {

namespace {

/// An open file, which takes over its descriptor. Others that have it open so wait while this one is there.
class DumpFile {
 public:
  DumpFile(int fd, bool compress) : fd_(fd) {
    while (::flock(fd, LOCK_EX) != 0 && errno == EINTR) {
    }
    size_ = ::lseek(fd, 0, SEEK_END);
    const int other = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    file_ = other < 0 ? nullptr : ::gzdopen(other, compress ? "ab" : "abT");
    if (file_ == nullptr && other >= 0) ::close(other);
  }
  DumpFile(const DumpFile&) = delete;
  DumpFile& operator=(const DumpFile&) = delete;
  ~DumpFile() {
    static_cast<void>(finish());
    ::close(fd_);
  }

  bool write(const Span& span) { return file_ != nullptr && ::gzwrite(file_, span.data, span.size) > 0; }
  /// Whether everything arrived.
  bool finish() {
    gzFile file = std::exchange(file_, nullptr);
    return file != nullptr && ::gzclose(file) == Z_OK;
  }
  /// The file as it was before.
  void take_back() {
    static_cast<void>(finish());
    if (size_ >= 0) static_cast<void>(::ftruncate(fd_, size_));
  }

 private:
  int fd_;
  off_t size_ = -1;
  gzFile file_;
};

enum class Compress : std::uint8_t { text, gzip };

class OutSecondaryFile final : public ChunkOutput {
 public:
  struct Options {
    std::string directory;
    std::string basename = "dump.bin";
    bool append = false;
    Compress compress = Compress::text;

    static void describe(Describe<Options>& d) {
      d.param("directory", &Options::directory, "Where the files are; may hold placeholders.").required();
      d.param("basename", &Options::basename, "The files' name; may hold placeholders such as ${tag} or ${chunk_id}.");
      d.param("append", &Options::append, "One file that grows; else each chunk gets a file with a number.");
      d.choice("compress", &Options::compress, {{"text", Compress::text}, {"gzip", Compress::gzip}},
               "How files are compressed.");
      d.leave_section("buffer");
    }
  };

  OutSecondaryFile(Options options, BuildContext& context)
      : options_(std::move(options)),
        path_(Template::compile(options_.directory + "/" + options_.basename)),
        file_mode_(context.system().file_permission.value_or(FileMode{0644})),
        dir_mode_(context.system().dir_permission.value_or(FileMode{0755})) {
    if (context.element().name != "secondary")
      throw ConfigError(context.element().pos, "secondary_file can only stand in <secondary>: use file instead");
  }

  WriteResult write(const Chunk& chunk) override {
    const std::lock_guard lock(mutex_);
    std::string error;
    const auto base = path_.expand_path(placeholder_values(chunk), error);
    if (!base) return {WriteResult::Status::refused, "secondary_file: " + error, 0};
    std::string path;
    const int fd = open(*base, path);
    if (fd < 0) return failed(path);
    DumpFile file(fd, options_.compress == Compress::gzip);
    bool right = true;
    std::optional<WriteResult> unreadable;
    try {
      chunk.for_each_batch([&](const BatchPtr& batch) {
        for (const Span& span : batch->spans()) right = right && file.write(span);
        return right;
      });
    } catch (const ChunkUnreadable& why) {
      unreadable = WriteResult{WriteResult::Status::retry, why.what(), 0};
    }
    if (file.finish() && right && !unreadable) return {};
    const WriteResult result = unreadable ? *unreadable : failed(path);
    file.take_back();
    if (!options_.append) ::unlink(path.c_str());
    return result;
  }

 private:
  static WriteResult failed(const std::string& path) {
    return {WriteResult::Status::retry, cat("can't write ", path, ": ", std::generic_category().message(errno)), 0};
  }

  /// The file for one chunk: a new one, or the one that grows.
  int open(const std::string& base, std::string& path) const {
    const std::string suffix = options_.compress == Compress::gzip ? ".gz" : "";
    path = base + suffix;
    make_directories(std::filesystem::path(base).parent_path());
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
    if (options_.append) return ::open(path.c_str(), flags, file_mode_.bits);
    for (std::uint64_t number = 0;; ++number) {
      path = cat(base, ".", number, suffix);
      const int fd = ::open(path.c_str(), flags | O_EXCL, file_mode_.bits);
      if (fd >= 0 || errno != EEXIST) return fd;
    }
  }

  void make_directories(const std::filesystem::path& directory) const {
    std::error_code error;
    if (directory.empty() || std::filesystem::exists(directory, error)) return;
    make_directories(directory.parent_path());
    if (std::filesystem::create_directory(directory, error))
      std::filesystem::permissions(directory, std::filesystem::perms(dir_mode_.bits), error);
  }

  Options options_;
  Template path_;
  FileMode file_mode_;
  FileMode dir_mode_;
  std::mutex mutex_;
};

}  // namespace

namespace plugins {

PluginInfo out_secondary_file() {
  return describe_plugin<OutSecondaryFile>(PluginKind::output, "secondary_file",
                                           "Keeps the chunks that another output could not write.");
}

}  // namespace plugins

}  // namespace logboom
