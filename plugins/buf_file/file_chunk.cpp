#include "file_chunk.hpp"

#include <algorithm>
#include <chrono>

#include "chunk_reader.hpp"
#include "quarantine.hpp"

namespace logboom {

namespace {

using namespace std::chrono_literals;

/// How long a chunk's last frames usually take to be written.
constexpr auto usual_patience = 20ms;

/// Larger chunks are not kept in memory.
constexpr std::uint64_t most_in_memory = std::uint64_t{4} << 20;

/// False where `visit` wants no more.
bool give_draft(const buf_file::Draft& draft, const ChunkSource::Visit& visit) {
  const SlabPtr slab(Slab::make(std::max<std::size_t>(draft.bytes, 1)));
  std::uint8_t* at = slab->data();
  for (const auto& entries : draft.entries) at = std::copy(entries.begin(), entries.end(), at);
  at = slab->data();
  for (const buf_file::Draft::Section& section : draft.sections) {
    auto batch = std::make_unique<EventBatch>(section.tag);
    batch->add(Span{at, section.bytes, section.events}, slab);
    if (!visit(BatchPtr(std::move(batch)))) return false;
    at += section.bytes;
  }
  return true;
}

}  // namespace

FileChunk::FileChunk(FileBuffer& buffer, buf_file::Recovery::Found found)
    : buffer_(buffer),
      record_(std::move(found.chunk)),
      place_(found.place),
      first_run_(found.first_run),
      last_run_(found.last_run) {
  chunk.events = found.events;
  chunk.bytes = found.bytes;
  chunk.id = buffer.chunk_id(record_->number, chunk, place_);
  held = found.stored;
}

void FileChunk::make_record() {
  record_ = buffer_.catalog_.make(buffer_.catalog_.next_number());
  record_->by_tag = chunk.tag.has_value();
  record_->slice = chunk.timekey;
  for (const Chunk::Field& field : chunk.fields) {
    segment::append_text(field.name, record_->fields);
    segment::append_text(field.value, record_->fields);
  }
}

void FileChunk::add(const BatchPtr& batch, const buf_file::Staging::Message& message, bool safe_when_done) {
  if (!record_) make_record();
  if (safe_when_done && message.part.message) messages_.push_back(message.part.message);
  buffer_.store_->staging().add(record_, batch, message);
  chunk.events += batch->events();
  chunk.bytes += batch->bytes();
  held += batch->bytes() + frame_overhead;
}

void FileChunk::seal() {
  if (record_) chunk.id = buffer_.chunk_id(record_->number, chunk, place_);
}

/// Nothing where that is not known just now.
std::optional<FileChunk::Place> FileChunk::find_events() const {
  const auto now = std::chrono::steady_clock::now();
  buf_file::Catalog& catalog = buffer_.catalog_;
  Place place;
  if (!catalog.wait_written(*record_, now + usual_patience) &&
      !buffer_.store_->read_waiting(*record_, place.runs, place.waiting)) {
    place = {};
    if (!catalog.wait_written(*record_, now + buffer_.options_.read_patience)) return std::nullopt;
  }
  if (place.waiting.empty()) place.runs = catalog.runs_of(*record_);
  place.whole = place.runs;
  if (last_run_ < place.runs.size()) place.runs.resize(last_run_);
  const auto first = static_cast<std::ptrdiff_t>(std::min(first_run_, place.runs.size()));
  place.runs.erase(place.runs.begin(), place.runs.begin() + first);
  return place;
}

QueuedChunk::Loaded FileChunk::load() {
  const std::optional<Place> place = find_events();
  if (!place) return {false, 0};
  buf_file::ChunkReader reader(buffer_.ops_, buffer_.store_settings_.directory, record_->number);
  const bool keep = chunk.bytes <= most_in_memory;
  const Visit visit = [this](const BatchPtr& batch) { return chunk.batches.push_back(batch), true; };
  buf_file::ReadResult result = keep ? reader.load(place->runs, visit) : reader.check(place->runs);
  is_damaged_ = !result.damaged_segments.empty();
  take_keys(reader);
  chunk.source = this;
  for (const buf_file::Draft& draft : place->waiting) {
    if (keep) give_draft(draft, visit);
    result.events += draft.events;
  }
  if (result.failed) {
    std::uint64_t suppressed = 0;
    if (buffer_.read_complaints_.due(suppressed)) {
      buffer_.log_.error(cat(buffer_.id_, ": can't read chunk ", chunk.id, " now: ", result.problem,
                             "; its events stay in the file, and it is tried again every second"));
    }
    return {false, 0};
  }
  if (result.events >= chunk.events) return {};
  // A segment that a failed sync made doubtful is written again elsewhere, and gone.
  if (buffer_.catalog_.runs_of(*record_) != place->whole) return {false, 0};
  return give_up_damaged(result);
}

void FileChunk::read(const Visit& visit) const {
  const std::optional<Place> place = find_events();
  if (!place) throw ChunkUnreadable("its last events are not written yet");
  buf_file::ChunkReader reader(buffer_.ops_, buffer_.store_settings_.directory, record_->number);
  bool enough = false;
  const Visit look = [&](const BatchPtr& batch) { return !(enough = !visit(batch)); };
  buf_file::ReadResult result = reader.stream(place->runs, !is_damaged_, look);
  const bool is_damaged = !result.damaged_segments.empty() && !is_damaged_;
  if (!enough && (result.failed || is_damaged)) throw ChunkUnreadable("can't be read now: " + result.problem);
  for (const buf_file::Draft& draft : place->waiting) {
    if (enough || !give_draft(draft, look)) return;
    result.events += draft.events;
  }
  if (!enough && result.events < chunk.events) throw ChunkUnreadable("can't be read now: " + result.problem);
}

/// Of a chunk that was found at the start.
void FileChunk::take_keys(const buf_file::ChunkReader& reader) {
  const std::optional<buf_file::ChunkKeyValues>& keys = reader.keys();
  if (!keys) return;
  if (!chunk.tag) chunk.tag = keys->tag;
  if (!chunk.timekey) chunk.timekey = keys->slice;
  if (chunk.fields.empty()) chunk.fields = keys->fields;
}

QueuedChunk::Loaded FileChunk::give_up_damaged(const buf_file::ReadResult& result) {
  const std::uint64_t lost = chunk.events - result.events;
  std::string text = cat(buffer_.id_, ": ", lost, " of ", chunk.events, " events of chunk ", chunk.id,
                         " are damaged and lost: ", result.problem);
  for (const std::uint32_t segment : result.damaged_segments)
    text += "; " + buf_file::keep_damaged(buffer_.store_settings_, segment).fate;
  buffer_.log_.error(text);
  chunk.events = result.events;
  chunk.id = buffer_.chunk_id(record_->number, chunk, place_);
  return {true, lost};
}

void FileChunk::unload() noexcept { chunk.batches = {}; }

void FileChunk::finish(std::optional<DropReason> reason) noexcept {
  if (reason == DropReason::shutdown) return;
  buffer_.store_->finish(*record_);
  if (!messages_.empty()) buffer_.settle(messages_, true);
}

}  // namespace logboom
