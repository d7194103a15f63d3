#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>

#include "log_writer.hpp"

namespace logboom::buf_file {

namespace {

/// How much of a segment is read before it is written again.
constexpr std::uint64_t slice_bytes = 8 * 1024 * 1024;

/// The frame as it was before it was written.
std::optional<Draft> draft_of(const segment::Frame& frame, std::string_view payload, ChunkRecordPtr chunk) {
  OutBuffer entries;
  if (!segment::unpack(frame, payload, entries)) return std::nullopt;
  Draft draft(std::move(chunk));
  const SlabPtr block(Slab::make(std::max<std::size_t>(entries.size(), 1)));
  if (!entries.empty()) std::memcpy(block->data(), entries.data(), entries.size());
  draft.entries.emplace_back(block->data(), entries.size());
  draft.blocks.push_back(block);
  for (const segment::Section& section : frame.sections)
    draft.sections.push_back({Tag::make(section.tag), section.events, section.bytes});
  draft.messages = frame.messages;
  draft.events = frame.events;
  draft.bytes = frame.bytes;
  draft.run = {0, static_cast<std::uint32_t>(frame.offset), static_cast<std::uint32_t>(frame.size())};
  return draft;
}

/// Keeps the chunks of a segment from being read while their frames move.
class Moving {
 public:
  Moving(Catalog& catalog, const OpenSegment& failed, std::uint32_t from) : catalog_(catalog) {
    for (const SegmentIndex::Entry& entry : failed.index.entries) {
      if (std::uint64_t{entry.offset} + entry.size <= from || chunks_.contains(entry.chunk)) continue;
      ChunkRecordPtr chunk = catalog_.find(entry.chunk);
      if (chunk != nullptr && catalog_.expect(*chunk)) chunks_.emplace(entry.chunk, std::move(chunk));
    }
    for (const auto& [number, chunk] : chunks_) catalog_.moved(*chunk, failed.sequence, from, {});
  }
  Moving(const Moving&) = delete;
  Moving& operator=(const Moving&) = delete;
  ~Moving() {
    for (const auto& [number, chunk] : chunks_) catalog_.written(*chunk, std::nullopt);
  }
  /// Null where the chunk is not there any more.
  ChunkRecordPtr find(std::uint64_t number) const {
    const auto at = chunks_.find(number);
    return at == chunks_.end() ? nullptr : at->second;
  }

 private:
  Catalog& catalog_;
  std::unordered_map<std::uint64_t, ChunkRecordPtr> chunks_;
};

}  // namespace

/// Drafts that are written together, and what they are copies of, where that is still in memory.
struct LogWriter::Slice {
  std::vector<Draft> drafts;
  std::vector<Draft*> origins;
  std::uint64_t bytes = 0;
};

/// Writes the drafts, and says in `origins` where each is now.
bool LogWriter::write_slice(Slice& slice) {
  for (Draft& draft : slice.drafts) catalog_.expect(*draft.chunk);
  std::uint64_t lost = 0;
  const bool written = write(slice.drafts, lost);
  for (std::size_t i = 0; i < slice.drafts.size(); ++i) {
    if (slice.origins[i] != nullptr) slice.origins[i]->run = slice.drafts[i].run;
  }
  slice = Slice();
  return written;
}

bool LogWriter::add_to(Slice& slice, Draft draft, Draft* origin) {
  slice.bytes += draft.bytes;
  slice.drafts.push_back(std::move(draft));
  slice.origins.push_back(origin);
  return slice.bytes < slice_bytes || write_slice(slice);
}

bool LogWriter::write_again(const OpenSegmentPtr& failed, const std::vector<Draft*>& kept) {
  if (active_) seal();
  std::erase(sealed_, failed);
  const auto from = static_cast<std::uint32_t>(std::max<std::uint64_t>(failed->synced, segment::file_head_size));
  replaces_ = failed->sequence;
  replaces_from_ = from;
  const bool opened = open_segment();
  replaces_ = replaces_from_ = 0;
  if (!opened) return false;

  const Moving moving(catalog_, *failed, from);
  std::map<std::uint64_t, Draft*> in_memory;
  for (Draft* draft : kept) {
    const bool moves = draft->run.segment == failed->sequence && draft->run.offset >= from;
    if (moves && moving.find(draft->chunk->number) != nullptr) in_memory.emplace(draft->run.offset, draft);
  }
  Slice slice;
  SegmentIndex left;
  segment::Reader reader = segment::Reader::of_file(failed->file.get());
  segment::Frame frame;
  auto next = in_memory.begin();
  while (reader.next(frame)) {
    if (frame.offset < from) left.add(frame);
    if (frame.offset < from || in_memory.contains(frame.offset)) continue;
    // Each at its place: what a chunk has keeps its order.
    for (; next != in_memory.end() && next->first < frame.offset; ++next) {
      if (!add_to(slice, *next->second, next->second)) return false;
    }
    ChunkRecordPtr chunk = moving.find(frame.chunk);
    std::optional<Draft> draft = chunk ? draft_of(frame, reader.payload(), std::move(chunk)) : std::nullopt;
    if (draft && !add_to(slice, std::move(*draft), nullptr)) return false;
  }
  for (; next != in_memory.end(); ++next) {
    if (!add_to(slice, *next->second, next->second)) return false;
  }
  failed->index = std::move(left);
  return write_slice(slice);
}

}  // namespace logboom::buf_file
