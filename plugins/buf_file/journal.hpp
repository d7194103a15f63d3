#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include <logboom/log.hpp>

#include "done_set.hpp"
#include "file_ops.hpp"
#include "index_file.hpp"

namespace logboom::buf_file {

/// `<directory>/done.log`: which chunks are done, and the ids of messages whose segments are gone. Records of 40 bytes,
/// each with its own checksum; one that is damaged or torn is passed over. Where it can't be written what is missing is
/// written later: after a crash in between, chunks are delivered once more.
///
/// Threads: any.
class Journal {
 public:
  Journal(FileOps& ops, std::string directory, mode_t mode, Log& log, std::string id);

  /// Reads the file that is there into `done`, which outlives this; gives the messages in it.
  std::vector<SegmentIndex::Message> open(DoneSet& done);

  void done(std::uint64_t number);
  /// Messages of a segment that will be removed. Those that are older than `oldest_ms` are forgotten.
  void keep(const std::vector<SegmentIndex::Message>& messages, std::int64_t oldest_ms, std::size_t most);
  /// Now and then: writes the file anew where it has grown, or where something is missing in it. Synced if `sync`.
  /// True where all that is remembered stands in the file, synced if `sync`.
  bool tend(bool sync);

 private:
  void append(const std::string& records);
  void rewrite();

  FileOps& ops_;
  const std::string path_;
  const mode_t mode_;
  Log& log_;
  const std::string id_;
  LogLimiter complaints_{std::chrono::seconds(30)};
  std::mutex mutex_;
  DoneSet* done_ = nullptr;
  std::deque<SegmentIndex::Message> messages_;
  Descriptor file_;
  std::uint64_t size_ = 0;
  std::uint64_t size_when_new_ = 0;
  bool incomplete_ = true;
  bool unsynced_ = false;
};

}  // namespace logboom::buf_file
