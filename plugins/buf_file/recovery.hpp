#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog.hpp"
#include "journal.hpp"
#include "log_writer.hpp"

namespace logboom::buf_file {

/// Finds out what a buffer's directory holds from before: by the index beside a segment, or by reading the segment.
/// Cuts torn ends, and puts damaged segments aside.
/// Threads: `prepare`, then `run` on any one.
class Recovery {
 public:
  Recovery(const StoreSettings& settings, FileOps& ops, Catalog& catalog, Journal& journal, Log& log, bool sync);

  /// A chunk that is not done, or a part of one.
  struct Found {
    ChunkRecordPtr chunk;
    std::size_t first_run = 0;  // of the record's runs
    std::size_t last_run = 0;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t stored = 0;  // on the disk
  };
  struct Counts {
    std::uint64_t segments = 0;
    std::uint64_t read = 0;  // segments that had no index
    std::uint64_t read_bytes = 0;
    std::uint64_t torn_bytes = 0;
    std::uint64_t damaged_segments = 0;
    std::uint64_t lost_events = 0;  // at least
  };

  /// Quick: what there is. After it numbers and segments that are made are new ones.
  void prepare();
  std::uint32_t next_segment() const noexcept { return next_segment_; }
  std::uint64_t buffer() const noexcept { return buffer_; }

  /// Gives each chunk, the oldest first, as soon as it seems to be complete; `stop` ends it early.
  void run(const std::function<void(Found)>& found, const std::atomic<bool>& stop);
  /// After `run`: messages that are here, or were, whole, the oldest first.
  std::vector<SegmentIndex::Message> whole_messages() const;
  const Counts& counts() const noexcept { return counts_; }

 private:
  struct Segment {
    std::uint32_t sequence = 0;
    std::string path;
    std::uint64_t size = 0;
    std::optional<segment::FileHead> head;
  };
  void take_bare_indexes(const std::vector<segment::File>& files);
  void look_at(const segment::File& file);
  std::optional<SegmentIndex> index_of(const Segment& segment);
  std::optional<SegmentIndex> indexed(const Segment& segment);
  SegmentIndex read(const Segment& segment);
  void cut(const Segment& segment, int descriptor, std::uint64_t intact);
  void put_aside(const Segment& segment, const segment::Reader& reader, std::uint64_t events);
  void add(const Segment& segment, const SegmentIndex& index);
  void give(const std::function<void(Found)>& found, std::uint32_t before);

  const StoreSettings settings_;
  FileOps& ops_;
  Catalog& catalog_;
  Journal& journal_;
  Log& log_;
  const bool sync_;
  std::vector<Segment> segments_;
  std::map<std::uint64_t, std::uint64_t> replaced_;  // from where on, by segment
  std::uint32_t next_segment_ = 1;
  std::uint64_t buffer_ = 0;
  std::uint64_t lowest_ = 0;
  Counts counts_;

  struct Open {
    Found found;
    std::uint32_t last_segment = 0;
  };
  std::map<std::uint64_t, Open> open_;  // by the chunk's number
  std::vector<SegmentIndex::Message> messages_;
};

}  // namespace logboom::buf_file
