#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <logboom/buffer.hpp>
#include <logboom/log.hpp>

#include "done_set.hpp"
#include "file_ops.hpp"
#include "index_file.hpp"

namespace logboom::buf_file {

/// `<directory>/done.log`: which chunks are done, how many events were delivered and dropped, ever, and the ids of
/// messages whose segments are gone. Records of 40 bytes, each with its own checksum; one that is damaged or torn is
/// passed over. Where it can't be written what is missing is written later: after a crash in between, chunks are
/// delivered once more.
///
/// Threads: any.
class Journal {
 public:
  /// `counters`, which outlives this, counts a chunk before `done` is told of it.
  Journal(FileOps& ops, std::string directory, mode_t mode, Log& log, std::string id, const OutputCounters& counters);

  /// Reads the file that is there into `done`, which outlives this; gives the messages in it. Nothing, with errno,
  /// where the system can't read it: then it stays as it is, and nothing else may be called before `open` is, again.
  std::optional<std::vector<SegmentIndex::Message>> open(DoneSet& done);

  /// After `open`: what was counted before.
  const EverCounts& before() const noexcept { return before_; }

  void done(std::uint64_t number);
  /// It is not: more of the chunk may come to light.
  void undo(std::uint64_t number);
  /// Writes down what else was counted.
  void count();
  /// Messages of a segment that will be removed. Those that are older than `oldest_ms` are forgotten.
  void keep(const std::vector<SegmentIndex::Message>& messages, std::int64_t oldest_ms, std::size_t most);
  /// Now and then: writes the file anew where it has grown, or where something is missing in it. Synced if `sync`.
  /// True where all that is remembered stands in the file, synced if `sync`.
  bool tend(bool sync);

 private:
  EverCounts now() const;
  static std::string counts_since(const EverCounts& now, const EverCounts& then);
  void append_counted(std::string records);
  void append(const std::string& records);
  void rewrite();

  FileOps& ops_;
  const std::string path_;
  const mode_t mode_;
  Log& log_;
  const std::string id_;
  const OutputCounters& counters_;
  EverCounts before_;
  LogLimiter complaints_{std::chrono::seconds(30)};
  std::mutex mutex_;
  EverCounts written_;
  DoneSet* done_ = nullptr;
  std::deque<SegmentIndex::Message> messages_;
  Descriptor file_;
  std::uint64_t size_ = 0;
  std::uint64_t size_when_new_ = 0;
  bool incomplete_ = true;
  bool unsynced_ = false;
};

}  // namespace logboom::buf_file
