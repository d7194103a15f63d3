#include "catalog.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace logboom::buf_file {

std::uint64_t Catalog::next_number() noexcept {
  const std::lock_guard lock(mutex_);
  return next_number_++;
}

void Catalog::number_seen(std::uint64_t number) noexcept {
  const std::lock_guard lock(mutex_);
  next_number_ = std::max(next_number_, number + 1);
}

void Catalog::add_segment(std::uint32_t segment, std::uint64_t size, std::int64_t written_ms, bool growing) {
  const std::lock_guard lock(mutex_);
  Segment& entry = segments_[segment];
  disk_bytes_ += size - entry.size;
  entry.size = size;
  entry.written_ms = written_ms;
  entry.growing = growing;
}

void Catalog::grow(std::uint32_t segment, std::uint64_t size, std::int64_t written_ms) {
  add_segment(segment, size, written_ms, true);
}

void Catalog::seal(std::uint32_t segment) {
  const std::lock_guard lock(mutex_);
  const auto at = segments_.find(segment);
  if (at != segments_.end()) at->second.growing = false;
}

ChunkRecordPtr Catalog::make(std::uint64_t number) {
  auto chunk = std::make_shared<ChunkRecord>(number);
  const std::lock_guard lock(mutex_);
  chunks_[number] = chunk;
  return chunk;
}

ChunkRecordPtr Catalog::find(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto at = chunks_.find(number);
  return at == chunks_.end() ? nullptr : at->second.lock();
}

bool Catalog::expect(ChunkRecord& chunk) {
  const std::lock_guard lock(mutex_);
  if (chunk.finished) return false;
  ++chunk.unwritten;
  return true;
}

void Catalog::written(ChunkRecord& chunk, const std::optional<Run>& run) {
  {
    const std::lock_guard lock(mutex_);
    if (run && !chunk.finished) add_run(chunk, *run);
    --chunk.unwritten;
  }
  written_.notify_all();
}

void Catalog::found(ChunkRecord& chunk, const Run& run) {
  const std::lock_guard lock(mutex_);
  add_run(chunk, run);
}

/// Runs of a chunk that are no further apart are joined; the more of them there are, the more is.
std::uint64_t Catalog::gap() const noexcept {
  if (runs_ < runs_wanted_) return 0;
  if (runs_ < runs_wanted_ * 2) return 4096;
  if (runs_ < runs_wanted_ * 3) return 65536;
  return std::numeric_limits<std::uint64_t>::max();
}

void Catalog::add_run(ChunkRecord& chunk, const Run& run) {
  if (!chunk.runs.empty()) {
    Run& last = chunk.runs.back();
    const std::uint64_t end = std::uint64_t{last.offset} + last.size;
    if (last.segment == run.segment && run.offset >= end && run.offset - end <= gap()) {
      last.size = run.offset + run.size - last.offset;
      return;
    }
  }
  const bool known = std::any_of(chunk.runs.rbegin(), chunk.runs.rend(),
                                 [&run](const Run& other) { return other.segment == run.segment; });
  if (!known) ++segments_[run.segment].chunks;
  chunk.runs.push_back(run);
  ++runs_;
}

void Catalog::count_segments(const std::vector<Run>& runs, int by) {
  std::vector<std::uint32_t> seen;
  for (const Run& run : runs) {
    if (std::find(seen.rbegin(), seen.rend(), run.segment) != seen.rend()) continue;
    seen.push_back(run.segment);
    const auto at = segments_.find(run.segment);
    if (at != segments_.end()) at->second.chunks += static_cast<std::uint32_t>(by);
  }
}

void Catalog::moved(ChunkRecord& chunk, std::uint32_t segment, std::uint32_t from, const std::vector<Run>& runs) {
  const std::lock_guard lock(mutex_);
  if (chunk.finished) return;
  count_segments(chunk.runs, -1);
  runs_ -= chunk.runs.size();
  std::vector<Run> kept;
  for (Run run : std::exchange(chunk.runs, {})) {
    if (run.segment == segment && run.offset >= from) continue;
    if (run.segment == segment && run.offset + run.size > from) run.size = from - run.offset;
    kept.push_back(run);
  }
  kept.insert(kept.end(), runs.begin(), runs.end());
  chunk.runs = std::move(kept);
  count_segments(chunk.runs, 1);
  runs_ += chunk.runs.size();
}

bool Catalog::wait_written(const ChunkRecord& chunk, std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return written_.wait_until(lock, deadline, [&chunk] { return chunk.unwritten == 0; });
}

std::vector<Run> Catalog::runs_of(const ChunkRecord& chunk) const {
  const std::lock_guard lock(mutex_);
  return chunk.runs;
}

void Catalog::add_part(ChunkRecord& chunk) {
  const std::lock_guard lock(mutex_);
  ++chunk.parts;
}

ChunkRecordPtr Catalog::hold(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto at = chunks_.find(number);
  ChunkRecordPtr chunk = at == chunks_.end() ? nullptr : at->second.lock();
  if (chunk != nullptr) ++chunk->parts;
  return chunk;
}

bool Catalog::finish(ChunkRecord& chunk) {
  const std::lock_guard lock(mutex_);
  if (--chunk.parts != 0) return false;
  chunk.finished = true;
  count_segments(chunk.runs, -1);
  runs_ -= chunk.runs.size();
  chunk.runs = {};
  chunks_.erase(chunk.number);
  return true;
}

bool Catalog::is_finished(const ChunkRecord& chunk) const {
  const std::lock_guard lock(mutex_);
  return chunk.finished;
}

std::uint32_t Catalog::unwritten(const ChunkRecord& chunk) const {
  const std::lock_guard lock(mutex_);
  return chunk.unwritten;
}

bool Catalog::is_used(std::uint32_t segment) const {
  const std::lock_guard lock(mutex_);
  const auto at = segments_.find(segment);
  return at != segments_.end() && at->second.chunks != 0;
}

std::vector<Catalog::Removable> Catalog::take_removable(std::int64_t written_before_ms, std::uint64_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<Removable> removable;
  for (auto at = segments_.begin(); at != segments_.end();) {
    const Segment& segment = at->second;
    const bool unused = segment.chunks == 0 && !segment.growing;
    if (!unused || (segment.written_ms >= written_before_ms && disk_bytes_ <= limit)) {
      ++at;
      continue;
    }
    removable.push_back({at->first, segment.size});
    disk_bytes_ -= segment.size;
    at = segments_.erase(at);
  }
  return removable;
}

std::uint64_t Catalog::disk_bytes() const {
  const std::lock_guard lock(mutex_);
  return disk_bytes_;
}

std::size_t Catalog::runs() const {
  const std::lock_guard lock(mutex_);
  return runs_;
}

std::size_t Catalog::chunks() const {
  const std::lock_guard lock(mutex_);
  return chunks_.size();
}

std::size_t Catalog::segments() const {
  const std::lock_guard lock(mutex_);
  return segments_.size();
}

}  // namespace logboom::buf_file
