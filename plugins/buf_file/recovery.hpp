#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "catalog.hpp"
#include "journal.hpp"
#include "log_writer.hpp"

namespace logboom::buf_file {

/// Finds out what a buffer's directory holds from before: by the index beside a segment, or by reading the segment.
/// Cuts torn ends, and puts damaged segments aside. A segment that the system can't read now is read later, by
/// `run_again`. Of chunks that may have more in a segment that is not read yet nothing is done before it is.
/// Threads: one at a time. `prepare`, then `run`, then `run_again`.
class Recovery {
 public:
  Recovery(const StoreSettings& settings, FileOps& ops, Catalog& catalog, Journal& journal, Log& log, bool sync);

  /// A chunk that is not done, or a part of one.
  struct Found {
    ChunkRecordPtr chunk;
    std::optional<Run> place;   // where it begins, if it is a later part
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
    std::uint64_t lost_events = 0;  // of chunks that were not done; at least
  };

  /// Quick: what there is. After it numbers and segments that are made are new ones. False where the directory, or what
  /// it says of chunks and messages that are done, can't be read now, which is logged: to be called again.
  bool prepare();
  std::uint32_t next_segment() const noexcept { return next_segment_; }
  std::uint64_t buffer() const noexcept { return buffer_; }

  /// Gives each chunk, the oldest first, as soon as it seems to be complete; `stop` ends it early.
  void run(const std::function<void(Found)>& found, const std::atomic<bool>& stop);
  /// Some segments can't be read yet.
  bool has_unread() const noexcept { return !unread_.empty(); }
  /// Looks whether they can be now.
  void run_again(const std::function<void(Found)>& found, const std::atomic<bool>& stop);
  /// After `run`: messages that are here, or were, whole, the oldest first.
  std::vector<SegmentIndex::Message> whole_messages() const;
  const Counts& counts() const noexcept { return counts_; }

 private:
  struct Segment {
    std::uint32_t sequence = 0;
    std::string path;
    std::uint64_t size = 0;
    bool opened = false;
    std::optional<segment::FileHead> head;
  };
  bool not_now(const std::string& what, int error);
  bool take_bare_indexes(const std::vector<segment::File>& files, const std::vector<segment::File>& indexes);
  void look_at(const segment::File& file);
  bool open(Segment& segment);
  void complain(const std::string& path, std::uint64_t bytes);
  void set_aside_unread(Segment segment);
  void take_up(const Segment& segment, const SegmentIndex& index);
  void hold(std::uint64_t number);
  bool may_have_more(std::uint64_t number) const noexcept;
  void settle_held();
  void begin_run(std::uint64_t run);
  std::optional<SegmentIndex> index_of(const Segment& segment);
  std::optional<SegmentIndex> indexed(const Segment& segment);
  std::optional<SegmentIndex> read(const Segment& segment);
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
  std::vector<Segment> unread_;                             // that can't be read now
  bool reading_ = false;                                    // not all of the others are read yet
  std::uint64_t run_ = 0;                                   // the latest of which something was found
  std::unordered_set<std::uint64_t> numbers_;               // of chunks that were found
  std::unordered_map<std::uint64_t, ChunkRecordPtr> held_;  // of which more may be in what is not read
  LogLimiter complaints_{std::chrono::seconds(60)};
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
