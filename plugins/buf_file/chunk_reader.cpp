#include "chunk_reader.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <logboom/crc32c.hpp>
#include <logboom/log.hpp>
#include <logboom/segment.hpp>

namespace logboom::buf_file {

namespace {

/// How much is read at once, unless a frame is larger.
constexpr std::uint64_t window_bytes = 1024 * 1024;

}  // namespace

ReadResult ChunkReader::go_through(const std::vector<Run>& runs, const ChunkSource::Visit* visit) {
  visit_ = visit;
  enough_ = false;
  result_ = {};
  for (const Run& run : runs) {
    if (enough_) break;
    if (open(run.segment)) read_run(run);
  }
  finish_batch();
  slab_ = SlabPtr();
  return std::move(result_);
}

bool ChunkReader::open(std::uint32_t segment) {
  if (file_ && segment == open_segment_) return true;
  open_segment_ = segment;
  path_ = directory_ + "/" + segment::file_name(segment);
  file_ = Descriptor(ops_.open(path_, O_RDONLY, 0));
  if (!file_ && errno == ENOENT) {
    damaged(0, "is not there");
  } else if (!file_) {
    failed();
  }
  return static_cast<bool>(file_);
}

void ChunkReader::failed() {
  result_.failed = true;
  result_.problem = cat(path_, ": ", trouble_text(errno));
  enough_ = true;
}

void ChunkReader::damaged(std::uint64_t bytes, std::string_view what) {
  result_.damaged_bytes += bytes;
  result_.damaged_segments.insert(open_segment_);
  result_.problem = cat(path_, " ", what);
  enough_ = enough_ || ends_at_damage_;
}

void ChunkReader::read_run(const Run& run) {
  const std::uint64_t end = std::uint64_t{run.offset} + run.size;
  std::uint64_t at = run.offset;
  std::uint64_t window = std::min<std::uint64_t>(window_bytes, run.size);
  while (at < end && !enough_) {
    const std::uint64_t size = std::min(window, end - at);
    if (!slab_ || slab_->capacity() < size || !slab_->unique()) slab_ = SlabPtr(Slab::make(size));
    if (!fill(*slab_, size, at)) return;
    std::uint64_t wanted = 0;
    const std::uint64_t used = read_frames({slab_->data(), size}, at, wanted);
    if (in_pieces_) finish_batch();
    at += used;
    window = std::max(window_bytes, wanted);
    if (used != 0 || (wanted > size && wanted <= end - at)) continue;
    damaged(end - at, cat("is damaged at byte ", at));
    return;
  }
}

bool ChunkReader::fill(Slab& slab, std::uint64_t size, std::uint64_t at) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ops_.pread(file_.get(), slab.data() + done, size - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(), false;
    if (got == 0) return damaged(size - done, "is shorter than it was"), false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

/// Frames that are whole in `bytes`, which stand at `at` of the file. Returns how many bytes they are; `wanted` is how
/// many the next one has, as far as that is known.
std::uint64_t ChunkReader::read_frames(std::span<const std::uint8_t> bytes, std::uint64_t at, std::uint64_t& wanted) {
  std::uint64_t used = 0;
  while (used < bytes.size()) {
    const segment::Parse parse = segment::parse_frame(bytes.subspan(used), at + used, std::nullopt, frame_);
    if (parse == segment::Parse::bad) return used;
    wanted = parse == segment::Parse::more ? frame_.offset : frame_.size();
    if (wanted > bytes.size() - used) return used;
    const std::string_view payload(reinterpret_cast<const char*>(bytes.data()) + used + frame_.head_size(),
                                   frame_.stored);
    if (frame_.chunk == number_) take(payload);
    used += frame_.size();
  }
  return used;
}

void ChunkReader::take(std::string_view payload) {
  unpacked_.clear();
  const bool plain = frame_.codec == segment::Codec::plain;
  if (crc32c(payload) != frame_.payload_crc || (!plain && !segment::unpack(frame_, payload, unpacked_))) {
    damaged(frame_.size(), cat("is damaged at byte ", frame_.offset));
    return;
  }
  take_keys();
  result_.events += frame_.events;
  if (visit_ == nullptr || enough_) return;
  if (plain) return add_sections(reinterpret_cast<const std::uint8_t*>(payload.data()), slab_);
  const SlabPtr holder(Slab::make(std::max<std::size_t>(unpacked_.size(), 1)));
  if (!unpacked_.empty()) std::memcpy(holder->data(), unpacked_.data(), unpacked_.size());
  add_sections(holder->data(), holder);
  if (in_pieces_) finish_batch();
}

void ChunkReader::add_sections(const std::uint8_t* entries, const SlabPtr& holder) {
  for (const segment::Section& section : frame_.sections) {
    if (!batch_ || batch_->tag().text() != section.tag) {
      finish_batch();
      batch_ = std::make_unique<EventBatch>(Tag::make(section.tag));
    }
    batch_->add(Span{entries, section.bytes, section.events}, holder);
    entries += section.bytes;
  }
}

void ChunkReader::take_keys() {
  if (keys_) return;
  keys_.emplace();
  if (frame_.by_tag && !frame_.sections.empty()) keys_->tag = Tag::make(frame_.sections.front().tag);
  keys_->slice = frame_.slice;
  std::string_view fields = frame_.fields;
  while (const auto name = segment::next_text(fields)) {
    const auto value = segment::next_text(fields);
    if (value) keys_->fields.push_back({std::string(*name), std::string(*value)});
  }
}

void ChunkReader::finish_batch() {
  if (batch_ == nullptr) return;
  const BatchPtr done(std::move(batch_));
  enough_ = enough_ || !(*visit_)(done);
}

}  // namespace logboom::buf_file
