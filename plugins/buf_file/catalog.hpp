#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "done_set.hpp"

namespace logboom::buf_file {

/// A part of a segment in which frames of a chunk stand. Frames of other chunks may stand between them.
struct Run {
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
  bool operator==(const Run&) const = default;
};

/// Where a chunk's events are. What is not const belongs to the catalog, the draft to the staging area.
struct ChunkRecord {
  explicit ChunkRecord(std::uint64_t n) : number(n) {}

  const std::uint64_t number;
  // Set before it is shared, for the frames' heads; empty in a chunk that was found at the start.
  bool by_tag = false;
  std::optional<std::int64_t> slice;
  std::string fields;

  std::vector<Run> runs;
  std::uint32_t unwritten = 0;  // frames that are on their way into a segment
  std::uint32_t parts = 1;  // chunks that an output sees of it, or may see: more only where it was found at the start
  bool finished = false;

  std::uint64_t epoch = 0;  // of the staging area, when it last had a draft
  std::size_t draft = 0;    // its place there
};
using ChunkRecordPtr = std::shared_ptr<ChunkRecord>;

/// Which segments there are, what stands in them, and which of them nobody needs any more.
/// Threads: any.
class Catalog {
 public:
  /// How many runs may be remembered before those of a chunk that lie near one another are joined.
  explicit Catalog(std::size_t runs_wanted = 256 * 1024) : runs_wanted_(runs_wanted) {}

  /// Numbers of chunks that are done, and need not be read any more.
  DoneSet& done() noexcept { return done_; }
  std::uint64_t next_number() noexcept;
  void number_seen(std::uint64_t number) noexcept;

  void add_segment(std::uint32_t segment, std::uint64_t size, std::int64_t written_ms, bool growing);
  void grow(std::uint32_t segment, std::uint64_t size, std::int64_t written_ms);
  /// From now on it may be removed.
  void seal(std::uint32_t segment);

  ChunkRecordPtr make(std::uint64_t number);
  /// The chunk of this number, if it is not finished.
  ChunkRecordPtr find(std::uint64_t number) const;
  /// Another frame of the chunk will be written; false where the chunk is finished already.
  bool expect(ChunkRecord& chunk);
  /// It is written, or will not be (no run).
  void written(ChunkRecord& chunk, const std::optional<Run>& run);
  /// Adds a run that was found at the start.
  void found(ChunkRecord& chunk, const Run& run);
  /// What stands in `segment` from `from` on is in these runs instead.
  void moved(ChunkRecord& chunk, std::uint32_t segment, std::uint32_t from, const std::vector<Run>& runs);
  /// Waits until nothing of the chunk is on its way. False at the deadline.
  bool wait_written(const ChunkRecord& chunk, std::chrono::steady_clock::time_point deadline);
  std::vector<Run> runs_of(const ChunkRecord& chunk) const;
  void add_part(ChunkRecord& chunk);
  /// The chunk of this number with one more part, if it is not finished.
  ChunkRecordPtr hold(std::uint64_t number);
  /// The chunk, or the last part of it, is done. True where its number has to be remembered.
  bool finish(ChunkRecord& chunk);

  bool is_finished(const ChunkRecord& chunk) const;
  std::uint32_t unwritten(const ChunkRecord& chunk) const;
  bool is_used(std::uint32_t segment) const;
  struct Removable {
    std::uint32_t segment = 0;
    std::uint64_t size = 0;
  };
  /// Segments in which nothing is needed and which were written before `written_before_ms`; and older ones, as long as
  /// all segments together have more bytes than `limit`. They are forgotten.
  std::vector<Removable> take_removable(std::int64_t written_before_ms, std::uint64_t limit);
  std::uint64_t disk_bytes() const;
  std::size_t runs() const;
  std::size_t chunks() const;
  std::size_t segments() const;

 private:
  struct Segment {
    std::uint64_t size = 0;
    std::int64_t written_ms = 0;
    std::uint32_t chunks = 0;  // that are not finished and have a run in it
    bool growing = false;
  };
  void add_run(ChunkRecord& chunk, const Run& run);
  std::uint64_t gap() const noexcept;
  void count_segments(const std::vector<Run>& runs, int by);

  const std::size_t runs_wanted_;
  DoneSet done_;
  mutable std::mutex mutex_;
  std::condition_variable written_;
  std::map<std::uint32_t, Segment> segments_;
  std::unordered_map<std::uint64_t, std::weak_ptr<ChunkRecord>> chunks_;
  std::uint64_t next_number_ = 1;
  std::uint64_t disk_bytes_ = 0;
  std::size_t runs_ = 0;
};

}  // namespace logboom::buf_file
