#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <logboom/crc32c.hpp>
#include <logboom/segment.hpp>

#include <logboom/little_endian.hpp>

namespace logboom::segment {

namespace {

constexpr std::size_t window_size = 1024 * 1024;
constexpr std::string_view magic_text = "LBF1";

std::int64_t read_descriptor(int descriptor, std::uint8_t* to, std::size_t size, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(descriptor, to + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<std::int64_t>(done);
}

}  // namespace

Reader::Reader(ReadAt read_at, std::uint64_t file_size) : read_at_(std::move(read_at)), file_size_(file_size) {
  if (!want(0, std::min<std::uint64_t>(file_head_size, file_size))) return;
  head_ = read_file_head({window_.data(), window_size_});
  if (head_) {
    nonce_ = head_->nonce;
    intact_ = file_head_size;
  } else if (file_size_ > file_head_size) {
    suspect(0, file_head_size);
  }
  if (file_size_ < file_head_size) at_ = file_size_;
}

Reader Reader::of_file(int descriptor) {
  struct stat status {};
  const bool known = ::fstat(descriptor, &status) == 0;
  return Reader([descriptor](std::uint8_t* to, std::size_t size,
                             std::uint64_t offset) { return read_descriptor(descriptor, to, size, offset); },
                known ? static_cast<std::uint64_t>(status.st_size) : 0);
}

/// Sees to it that these bytes of the file are in the window. The caller has looked that the file has them.
bool Reader::want(std::uint64_t offset, std::uint64_t size) {
  if (offset >= window_at_ && offset + size <= window_at_ + window_size_) return true;
  std::size_t kept = 0;
  if (offset >= window_at_ && offset < window_at_ + window_size_) {
    const auto from = static_cast<std::size_t>(offset - window_at_);
    kept = window_size_ - from;
    std::memmove(window_.data(), window_.data() + from, kept);
  }
  const std::size_t wanted =
      std::max<std::size_t>(size, static_cast<std::size_t>(std::min<std::uint64_t>(window_size, file_size_ - offset)));
  window_at_ = offset;
  window_size_ = kept;
  if (window_.size() < wanted) window_.resize(wanted);
  const std::int64_t got = read_at_(window_.data() + kept, wanted - kept, offset + kept);
  if (got > 0) window_size_ += static_cast<std::size_t>(got);
  if (window_size_ >= size) return true;
  failed_ = true;
  return false;
}

std::string_view Reader::payload() const noexcept {
  return {reinterpret_cast<const char*>(window_.data() + (payload_at_ - window_at_)), payload_size_};
}

void Reader::suspect(std::uint64_t offset, std::uint64_t size, std::optional<Lost> lost) {
  if (suspects_.empty() || suspects_.back().offset + suspects_.back().size != offset) suspects_.push_back({offset});
  Damage& last = suspects_.back();
  last.size += size;
  if (!lost) return;
  last.events += lost->events;
  last.lost.push_back(*lost);
}

bool Reader::next(Frame& frame) {
  while (!failed_ && at_ < file_size_) {
    const Found found = look(frame);
    if (found == Found::nothing) return false;
    if (found == Found::damaged) continue;
    damage_.insert(damage_.end(), suspects_.begin(), suspects_.end());
    suspects_.clear();
    intact_ = at_;
    return true;
  }
  return false;
}

/// One step from where the reader stands.
Reader::Found Reader::look(Frame& frame) {
  const std::uint64_t start = find_head(at_, frame);
  if (failed_) return Found::nothing;
  if (start == file_size_) {
    at_ = file_size_;
    return Found::nothing;
  }
  if (start > at_) suspect(at_, start - at_);
  at_ = start;
  const std::uint64_t size = frame.size();
  if (size > file_size_ - at_) {
    at_ = file_size_;
    return Found::nothing;
  }
  if (!want(at_, size)) return Found::nothing;
  // The window may have moved: the frame's views have to stand in it.
  parse_frame({window_.data() + (at_ - window_at_), window_size_ - (at_ - window_at_)}, at_, nonce_, frame);
  payload_at_ = at_ + frame.head_size();
  payload_size_ = frame.stored;
  at_ += size;
  if (crc32c(payload()) == frame.payload_crc) return Found::frame;
  suspect(frame.offset, size, Lost{frame.chunk, frame.events});
  return Found::damaged;
}

/// The first offset from `from` on where an intact head stands, with the frame that it is of; the file's size where
/// there is none.
std::uint64_t Reader::find_head(std::uint64_t from, Frame& frame) {
  while (file_size_ - from >= frame_head_size) {
    std::uint64_t size = frame_head_size;
    Parse parse = Parse::more;
    while (parse == Parse::more && size <= file_size_ - from) {
      if (!want(from, size)) return file_size_;
      parse =
          parse_frame({window_.data() + (from - window_at_), window_size_ - (from - window_at_)}, from, nonce_, frame);
      if (parse == Parse::more) size = std::max(size + 1, frame.offset);
    }
    if (parse == Parse::ok) {
      if (!nonce_) {
        nonce_ = LittleEndianReader(window_.data() + (from - window_at_) + magic_text.size()).get<std::uint64_t>();
      }
      return from;
    }
    ++from;
    // To the next place that looks like one.
    for (;;) {
      if (file_size_ - from < frame_head_size) return file_size_;
      if (!want(from, frame_head_size)) return file_size_;
      const std::uint8_t* const begin = window_.data() + (from - window_at_);
      const std::size_t left = window_size_ - (from - window_at_);
      const void* const hit = ::memmem(begin, left, magic_text.data(), magic_text.size());
      if (hit != nullptr) {
        from += static_cast<std::uint64_t>(static_cast<const std::uint8_t*>(hit) - begin);
        break;
      }
      from += left - (magic_text.size() - 1);
    }
  }
  return file_size_;
}

}  // namespace logboom::segment
