#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <logboom/chunk.hpp>

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

/// Reads the frames of one chunk from its runs and adds them to `chunk.batches`, in memory of their own. Where
/// `chunk` does not know its keys yet it gets them from the first frame.
ReadResult read_chunk(FileOps& ops, const std::string& directory, std::uint64_t number, const std::vector<Run>& runs,
                      Chunk& chunk);

}  // namespace logboom::buf_file
