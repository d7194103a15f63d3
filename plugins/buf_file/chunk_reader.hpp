#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/chunk.hpp>
#include <logboom/segment.hpp>

#include "catalog.hpp"
#include "file_ops.hpp"

namespace logboom::buf_file {

struct ReadResult {
  std::uint64_t events = 0;
  bool failed = false;              // the system could not read a file, which may be fine
  std::uint64_t damaged_bytes = 0;  // that are no intact frames
  std::set<std::uint32_t> damaged_segments;
  std::string problem;  // of the last failure or damage: which file, and why
};

/// What a chunk's first frame says of the keys that it has in common.
struct ChunkKeyValues {
  std::optional<Tag> tag;
  std::optional<std::int64_t> slice;
  std::vector<Chunk::Field> fields;
};

/// Reads the frames of one chunk from its runs. Threads: one at a time.
class ChunkReader {
 public:
  ChunkReader(FileOps& ops, const std::string& directory, std::uint64_t number)
      : ops_(ops), directory_(directory), number_(number) {}

  /// Sees what can be read; keeps one piece of the files in memory at a time.
  ReadResult check(const std::vector<Run>& runs) { return go_through(runs, nullptr); }
  /// Gives all events that can be read to `visit` as well, in batches with memory of their own: what follows one
  /// another under one tag is one. Ends early where `visit` says false.
  ReadResult load(const std::vector<Run>& runs, const ChunkSource::Visit& visit) { return go_through(runs, &visit); }
  /// The same, piece by piece, each of them gone when `visit` does not hold it. `ends_at_damage`: what is behind damage
  /// is not given.
  ReadResult stream(const std::vector<Run>& runs, bool ends_at_damage, const ChunkSource::Visit& visit) {
    in_pieces_ = true;
    ends_at_damage_ = ends_at_damage;
    return go_through(runs, &visit);
  }
  const std::optional<ChunkKeyValues>& keys() const noexcept { return keys_; }

 private:
  ReadResult go_through(const std::vector<Run>& runs, const ChunkSource::Visit* visit);
  bool open(std::uint32_t segment);
  void failed();
  void damaged(std::uint64_t bytes, std::string_view what);
  void read_run(const Run& run);
  bool fill(Slab& slab, std::uint64_t size, std::uint64_t at);
  std::uint64_t read_frames(std::span<const std::uint8_t> bytes, std::uint64_t at, std::uint64_t& wanted);
  void take(std::string_view payload);
  void take_keys();
  void add_sections(const std::uint8_t* entries, const SlabPtr& holder);
  void finish_batch();

  FileOps& ops_;
  const std::string& directory_;
  const std::uint64_t number_;
  const ChunkSource::Visit* visit_ = nullptr;
  bool in_pieces_ = false;
  bool ends_at_damage_ = false;
  bool enough_ = false;
  Descriptor file_;
  std::uint32_t open_segment_ = 0;
  std::string path_;
  segment::Frame frame_;
  SlabPtr slab_;  // the piece that is looked at
  OutBuffer unpacked_;
  std::unique_ptr<EventBatch> batch_;
  std::optional<ChunkKeyValues> keys_;
  ReadResult result_;
};

}  // namespace logboom::buf_file
