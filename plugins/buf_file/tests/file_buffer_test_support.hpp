#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "../file_buffer.hpp"
#include "output/output_test_support.hpp"

namespace logboom::test {

using namespace buf_file;
namespace fs = std::filesystem;

inline constexpr std::int64_t noon = 1700000000;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::error_code none;
    const fs::path memory = "/dev/shm";
    const fs::path base = fs::is_directory(memory, none) ? memory : fs::temp_directory_path();
    std::string name = (base / "buf_file_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  const fs::path& path() const noexcept { return path_; }
  operator std::string() const { return path_.string(); }  // NOLINT

 private:
  fs::path path_;
};

inline std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

inline void write_content(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

/// The system's files, with the failures that a test asks for.
class FaultyFiles : public FileOps {
 public:
  explicit FaultyFiles(fs::path directory = {}) : directory_(std::move(directory)) {}

  int open(const std::string& path, int flags, mode_t mode) override {
    if (no_journal && path.ends_with("done.log.new") && (flags & O_CREAT) != 0) return errno = ENOSPC, -1;
    const int error = path.ends_with(".log") && (flags & O_CREAT) == 0 ? open_error.load() : 0;
    if (error != 0) {
      ++failed_reads;
      return errno = error, -1;
    }
    return FileOps::open(path, flags, mode);
  }
  ssize_t pread(int descriptor, void* to, std::size_t size, off_t offset) override {
    if (const int error = read_error.load(); error != 0) return ++failed_reads, errno = error, -1;
    return FileOps::pread(descriptor, to, size, offset);
  }
  ssize_t pwritev(int descriptor, const iovec* parts, int count, off_t offset) override {
    if (const int error = write_error.load(); error != 0) return errno = error, -1;
    ++writes;
    if (disk_size != 0) return write_to_disk(descriptor, parts, count, offset);
    if (!short_writes) return FileOps::pwritev(descriptor, parts, count, offset);
    iovec some = parts[0];
    some.iov_len = std::min<std::size_t>(some.iov_len, 1 + writes % 7);
    return FileOps::pwritev(descriptor, &some, 1, offset);
  }
  int fdatasync(int descriptor) override {
    std::this_thread::sleep_for(sync_takes.load());
    if (hold_syncs) {
      ++held_syncs;
      eventually([this] { return !hold_syncs; });
    }
    ++syncs;
    if (syncs_that_fail > 0 && syncs_that_fail-- > 0) return errno = EIO, -1;
    return FileOps::fdatasync(descriptor);
  }

  std::uint64_t used() const {
    std::uint64_t sum = 0;
    std::error_code error;
    for (auto at = fs::directory_iterator(directory_, error); at != fs::directory_iterator(); at.increment(error)) {
      const std::uintmax_t size = at->file_size(error);
      if (!error) sum += size;
    }
    return sum;
  }

  std::atomic<std::uint64_t> disk_size{0};  // of a disk for this directory alone, in bytes
  std::atomic<bool> no_journal{false};      // it can't be written anew
  std::atomic<int> open_error{0};           // of segments that are there
  std::atomic<int> read_error{0};
  std::atomic<unsigned> failed_reads{0};
  std::atomic<int> write_error{0};
  std::atomic<unsigned> writes{0};
  std::atomic<bool> short_writes{false};
  std::atomic<int> syncs_that_fail{0};
  std::atomic<int> syncs{0};
  std::atomic<std::chrono::milliseconds> sync_takes{0ms};
  std::atomic<bool> hold_syncs{false};
  std::atomic<int> held_syncs{0};

 private:
  ssize_t write_to_disk(int descriptor, const iovec* parts, int count, off_t offset) {
    const std::lock_guard lock(mutex_);
    std::uint64_t end = static_cast<std::uint64_t>(offset);
    for (int i = 0; i < count; ++i) end += parts[i].iov_len;
    struct stat status {};
    ::fstat(descriptor, &status);
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const std::uint64_t in_use = used();
    const std::uint64_t room = size + (disk_size > in_use ? disk_size - in_use : 0);
    if (end <= room) return FileOps::pwritev(descriptor, parts, count, offset);
    if (static_cast<std::uint64_t>(offset) >= room) return errno = ENOSPC, -1;
    iovec some = parts[0];
    some.iov_len = std::min<std::size_t>(some.iov_len, room - static_cast<std::uint64_t>(offset));
    return FileOps::pwritev(descriptor, &some, 1, offset);
  }

  const fs::path directory_;
  std::mutex mutex_;
};

inline BufferSettings at_once() {
  BufferSettings settings;
  settings.flush_mode = FlushMode::immediate;
  settings.chunk_limit = std::uint64_t{256} << 20;
  settings.total_limit = std::uint64_t{64} << 30;
  return settings;
}

inline std::vector<std::int64_t> numbers_of(const Chunk& chunk) {
  std::vector<std::int64_t> out;
  chunk.for_each([&](std::string_view, const Event& event) { out.push_back(number_of(event)); });
  return out;
}

/// A file buffer that is open, and what a test asks of it.
class FileBufferFixture {
 public:
  explicit FileBufferFixture(const std::string& directory, const std::string& options = "",
                             const BufferSettings& settings = at_once())
      : files(directory), context("path " + directory + "\n" + options, "buffer") {
    FileOptions own;
    file_schema().apply(context.element(), &own, [](const SourcePos&, const std::string&) {});
    buffer_ = std::make_unique<FileBuffer>(std::move(own), context, files);
    buffer_->start(settings, counters);
    buffer_->open();
  }
  FileBuffer* operator->() { return buffer_.get(); }
  FileBuffer& operator*() { return *buffer_; }
  void close() { buffer_.reset(); }

  /// Waits for room.
  bool put(const BatchPtr& batch, Receipts receipts = {}, MessageId id = {}) {
    if (!eventually([&] { return buffer_->reserve(*batch); })) return false;
    buffer_->append({batch, std::move(receipts), id});
    return true;
  }
  const Chunk* take(std::chrono::milliseconds patience = 10s) {
    return buffer_->take(Buffer::Clock::now() + patience, buffer_->wakes());
  }
  /// Takes chunks until there are none, nor will be from before, and says that they are done.
  std::vector<std::int64_t> take_all() {
    std::vector<std::int64_t> all;
    const auto knows = [this] { return buffer_->empty() || buffer_->totals().buffered_events != 0; };
    while (eventually(knows) && !buffer_->empty()) {
      const Chunk* chunk = take();
      if (chunk == nullptr) break;
      for (const std::int64_t n : numbers_of(*chunk)) all.push_back(n);
      buffer_->done(*chunk, 0);
    }
    return all;
  }
  void expect_balance() {
    const OutputTotals totals = buffer_->totals();
    EXPECT_EQ(totals.events_in, totals.delivered + totals.dropped + totals.buffered_events);
  }

  FaultyFiles files;
  TestContext context;
  OutputCounters counters;

 private:
  std::unique_ptr<FileBuffer> buffer_;
};

/// A file buffer that is open, with a test's own way to the files.
struct BufferOnFiles {
  BufferOnFiles(const std::string& directory, FileOps& files, const BufferSettings& settings = at_once())
      : context("path " + directory, "buffer") {
    FileOptions own;
    file_schema().apply(context.element(), &own, [](const SourcePos&, const std::string&) {});
    buffer = std::make_unique<FileBuffer>(std::move(own), context, files);
    buffer->start(settings, counters);
    buffer->open();
  }
  const Chunk* take(std::chrono::milliseconds patience = 10s) {
    return buffer->take(Buffer::Clock::now() + patience, buffer->wakes());
  }
  std::vector<std::int64_t> take_until(std::size_t wanted) {
    std::vector<std::int64_t> all;
    eventually([&] {
      while (const Chunk* chunk = take(0ms)) {
        for (const std::int64_t n : numbers_of(*chunk)) all.push_back(n);
        buffer->done(*chunk, 0);
      }
      return all.size() >= wanted;
    });
    std::sort(all.begin(), all.end());
    return all;
  }
  OutputCounters counters;
  TestContext context;
  std::unique_ptr<FileBuffer> buffer;
};

inline std::vector<fs::path> segments_in(const fs::path& directory) {
  std::vector<fs::path> paths;
  for (const segment::File& file : segment::list_files(directory.string())) paths.emplace_back(file.path);
  return paths;
}

/// The files as a process that is killed now leaves them. One that goes meanwhile is one that it had removed.
inline void copy_files(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    std::error_code error;
    if (entry.path().filename() == "lock" || !entry.is_regular_file(error)) continue;
    fs::copy(entry.path(), to / entry.path().filename(), error);
    if (error && error != std::errc::no_such_file_or_directory)
      throw fs::filesystem_error("copy_files", entry.path(), error);
  }
}

inline std::vector<std::int64_t> range(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> out;
  for (std::int64_t n = from; n < to; ++n) out.push_back(n);
  return out;
}

}  // namespace logboom::test
