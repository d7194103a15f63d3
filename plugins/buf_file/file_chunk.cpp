#include "file_chunk.hpp"

#include <algorithm>
#include <chrono>

#include "chunk_reader.hpp"
#include "quarantine.hpp"

namespace logboom {

namespace {

using namespace std::chrono_literals;

/// How long a flush thread waits for the chunk's last frames to be written, before it looks at other chunks.
constexpr auto patience = 500ms;
constexpr auto usual_patience = 20ms;

void add_draft(const buf_file::Draft& draft, Chunk& chunk) {
  const SlabPtr slab(Slab::make(std::max<std::size_t>(draft.bytes, 1)));
  std::uint8_t* at = slab->data();
  for (const auto& entries : draft.entries) at = std::copy(entries.begin(), entries.end(), at);
  at = slab->data();
  for (const buf_file::Draft::Section& section : draft.sections) {
    auto batch = std::make_unique<EventBatch>(section.tag);
    batch->add(Span{at, section.bytes, section.events}, slab);
    chunk.batches.emplace_back(std::move(batch));
    at += section.bytes;
  }
}

}  // namespace

FileChunk::FileChunk(FileBuffer& buffer, buf_file::Recovery::Found found)
    : buffer_(buffer), record_(std::move(found.chunk)), first_run_(found.first_run), last_run_(found.last_run) {
  chunk.id = buffer.chunk_id(record_->number);
  chunk.events = found.events;
  chunk.bytes = found.bytes;
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
  if (record_) chunk.id = buffer_.chunk_id(record_->number);
}

/// Where they are written; while the disk is full, from memory what is not.
bool FileChunk::find_events(std::vector<buf_file::Run>& runs, std::vector<buf_file::Draft>& waiting) {
  const auto now = std::chrono::steady_clock::now();
  buf_file::Catalog& catalog = buffer_.catalog_;
  if (!catalog.wait_written(*record_, now + usual_patience)) {
    if (buffer_.store_->read_waiting(*record_, runs, waiting)) return true;
    waiting.clear();
    if (!catalog.wait_written(*record_, now + patience)) return false;
  }
  runs = catalog.runs_of(*record_);
  return true;
}

QueuedChunk::Loaded FileChunk::load() {
  std::vector<buf_file::Run> runs;
  std::vector<buf_file::Draft> waiting;
  if (!find_events(runs, waiting)) return {false, 0};
  if (last_run_ < runs.size()) runs.resize(last_run_);
  runs.erase(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(std::min(first_run_, runs.size())));
  const std::string& directory = buffer_.store_settings_.directory;
  buf_file::ReadResult result = buf_file::read_chunk(buffer_.ops_, directory, record_->number, runs, chunk);
  for (const buf_file::Draft& draft : waiting) {
    add_draft(draft, chunk);
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
  return give_up_damaged(result);
}

QueuedChunk::Loaded FileChunk::give_up_damaged(const buf_file::ReadResult& result) {
  const std::uint64_t lost = chunk.events - result.events;
  std::string text = cat(buffer_.id_, ": ", lost, " of ", chunk.events, " events of chunk ", chunk.id,
                         " are damaged and lost: ", result.problem);
  for (const std::uint32_t segment : result.damaged_segments)
    text += "; " + buf_file::keep_damaged(buffer_.store_settings_, segment).fate;
  buffer_.log_.error(text);
  chunk.events = result.events;
  return {true, lost};
}

void FileChunk::unload() noexcept { chunk.batches = {}; }

void FileChunk::finish(std::optional<DropReason> reason) noexcept {
  if (reason == DropReason::shutdown) return;
  buffer_.store_->finish(*record_);
  if (!messages_.empty()) buffer_.settle(messages_, true);
}

}  // namespace logboom
