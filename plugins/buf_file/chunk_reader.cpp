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

class ChunkReader {
 public:
  ChunkReader(FileOps& ops, const std::string& directory, std::uint64_t number, Chunk& chunk)
      : ops_(ops), directory_(directory), number_(number), chunk_(chunk) {}

  ReadResult read(const std::vector<Run>& runs) {
    for (const Run& run : runs) {
      if (!open(run.segment)) continue;
      read_run(run);
    }
    finish_batch();
    return std::move(result_);
  }

 private:
  bool open(std::uint32_t segment) {
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

  void failed() {
    result_.failed = true;
    result_.problem = cat(path_, ": ", trouble_text(errno));
  }
  void damaged(std::uint64_t bytes, std::string_view what) {
    result_.damaged_bytes += bytes;
    result_.damaged_segments.insert(open_segment_);
    result_.problem = cat(path_, " ", what);
  }

  void read_run(const Run& run) {
    const std::uint64_t end = std::uint64_t{run.offset} + run.size;
    std::uint64_t at = run.offset;
    std::uint64_t window = std::min<std::uint64_t>(window_bytes, run.size);
    while (at < end) {
      const std::uint64_t size = std::min(window, end - at);
      const SlabPtr slab(Slab::make(size));
      if (!fill(*slab, size, at)) return;
      std::uint64_t wanted = 0;
      const std::uint64_t used = read_frames({slab->data(), size}, at, slab, wanted);
      at += used;
      window = std::max(window_bytes, wanted);
      if (used != 0 || (wanted > size && wanted <= end - at)) continue;
      damaged(end - at, cat("is damaged at byte ", at));
      return;
    }
  }

  bool fill(Slab& slab, std::uint64_t size, std::uint64_t at) {
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

  /// Frames that are whole in `bytes`, which stand at `at` of the file. Returns how many bytes they are; `wanted` is
  /// how many the next one has, as far as that is known.
  std::uint64_t read_frames(std::span<const std::uint8_t> bytes, std::uint64_t at, const SlabPtr& slab,
                            std::uint64_t& wanted) {
    std::uint64_t used = 0;
    while (used < bytes.size()) {
      const segment::Parse parse = segment::parse_frame(bytes.subspan(used), at + used, std::nullopt, frame_);
      if (parse == segment::Parse::bad) return used;
      wanted = parse == segment::Parse::more ? frame_.offset : frame_.size();
      if (wanted > bytes.size() - used) return used;
      const std::string_view payload(reinterpret_cast<const char*>(bytes.data()) + used + frame_.head_size(),
                                     frame_.stored);
      if (frame_.chunk == number_) take(payload, slab);
      used += frame_.size();
    }
    return used;
  }

  void take(std::string_view payload, const SlabPtr& slab) {
    OutBuffer unpacked;
    if (crc32c(payload) != frame_.payload_crc ||
        (frame_.codec != segment::Codec::plain && !segment::unpack(frame_, payload, unpacked))) {
      damaged(frame_.size(), cat("is damaged at byte ", frame_.offset));
      return;
    }
    const auto* entries = reinterpret_cast<const std::uint8_t*>(payload.data());
    SlabPtr holder = slab;
    if (frame_.codec != segment::Codec::plain) {
      holder = SlabPtr(Slab::make(std::max<std::size_t>(unpacked.size(), 1)));
      if (!unpacked.empty()) std::memcpy(holder->data(), unpacked.data(), unpacked.size());
      entries = holder->data();
    }
    take_keys();
    for (const segment::Section& section : frame_.sections) {
      if (!batch_ || batch_->tag().text() != section.tag) {
        finish_batch();
        batch_ = std::make_unique<EventBatch>(Tag::make(section.tag));
      }
      batch_->add(Span{entries, section.bytes, section.events}, holder);
      entries += section.bytes;
    }
    result_.events += frame_.events;
  }

  void take_keys() {
    if (std::exchange(keys_known_, true)) return;
    if (frame_.by_tag && !chunk_.tag && !frame_.sections.empty()) chunk_.tag = Tag::make(frame_.sections.front().tag);
    if (!chunk_.timekey) chunk_.timekey = frame_.slice;
    if (!chunk_.fields.empty()) return;
    std::string_view fields = frame_.fields;
    while (const auto name = segment::next_text(fields)) {
      const auto value = segment::next_text(fields);
      if (value) chunk_.fields.push_back({std::string(*name), std::string(*value)});
    }
  }

  void finish_batch() {
    if (batch_) chunk_.batches.emplace_back(std::move(batch_));
  }

  FileOps& ops_;
  const std::string& directory_;
  const std::uint64_t number_;
  Chunk& chunk_;
  Descriptor file_;
  std::uint32_t open_segment_ = 0;
  std::string path_;
  segment::Frame frame_;
  std::unique_ptr<EventBatch> batch_;
  bool keys_known_ = false;
  ReadResult result_;
};

}  // namespace

ReadResult read_chunk(FileOps& ops, const std::string& directory, std::uint64_t number, const std::vector<Run>& runs,
                      Chunk& chunk) {
  return ChunkReader(ops, directory, number, chunk).read(runs);
}

}  // namespace logboom::buf_file
