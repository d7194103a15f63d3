#include "log_writer.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <random>
#include <utility>

#include <logboom/compress.hpp>
#include <logboom/crc32c.hpp>

namespace logboom::buf_file {

namespace {

using namespace std::chrono_literals;

/// What goes into one write, so far as it is known before.
constexpr std::size_t parts_at_once = 1024;
constexpr std::uint64_t bytes_at_once = 8 * 1024 * 1024;
/// An error that is not a lack of room: so often in one segment, then the next one.
constexpr unsigned tries_in_segment = 3;

bool is_lack_of_room(int error) { return error == ENOSPC || error == EDQUOT; }

std::uint64_t random_number() {
  std::random_device random;
  return static_cast<std::uint64_t>(random()) << 32 | random();
}

}  // namespace

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

LogWriter::LogWriter(StoreSettings settings, FileOps& ops, Catalog& catalog, Log& log, std::uint64_t buffer,
                     std::uint32_t next_segment, std::function<void()> short_of_room)
    : settings_(std::move(settings)),
      ops_(ops),
      catalog_(catalog),
      log_(log),
      buffer_(buffer),
      next_segment_(next_segment),
      short_of_room_(std::move(short_of_room)) {}

bool LogWriter::write(std::vector<Draft>& drafts, std::uint64_t& lost) {
  std::size_t first = 0;
  while (first < drafts.size()) {
    if (leave_out(drafts[first])) {
      ++first;
      continue;
    }
    waiting_ = std::span(drafts).subspan(first);
    if (encode(drafts, first) == first) break;
    const int error = flush();
    first += publish(drafts, first);
    if (error == 0) {
      wrote();
    } else if (!goes_on_after(error)) {
      break;
    }
  }
  waiting_ = {};
  // A frame that did not fit, and will not be written any more, holds room that others may need.
  if (failures_ != 0 && active_ && !leave_segment())
    ops_.truncate(active_->file.get(), static_cast<off_t>(active_->written));
  for (std::size_t i = first; i < drafts.size(); ++i) {
    if (leave_out(drafts[i])) continue;
    lost += drafts[i].events;
    catalog_.written(*drafts[i].chunk, std::nullopt);
  }
  return first == drafts.size();
}

/// The chunk was delivered, or dropped, before all of it was written.
bool LogWriter::leave_out(const Draft& draft) {
  if (!catalog_.is_finished(*draft.chunk)) return false;
  for (const segment::MessagePart& part : draft.messages) messages_.push_back({part, now_ms()});
  catalog_.written(*draft.chunk, std::nullopt);
  return true;
}

/// Frames of the drafts from `first` on, as many as go into the segment and into one write. Returns where it stopped:
/// at `first` where it gave up.
std::size_t LogWriter::encode(std::vector<Draft>& drafts, std::size_t first) {
  encoded_.clear();
  heads_.clear();
  packed_.clear();
  parts_.clear();
  std::size_t next = first;
  for (; next < drafts.size(); ++next) {
    if (parts_.size() >= parts_at_once || (active_ && end_ - active_->written >= bytes_at_once && next > first)) break;
    Encoded encoded{frame_of(drafts[next]), heads_.size()};
    const std::size_t parts_before = parts_.size();
    parts_.push_back({});
    add_payload(drafts[next], encoded);
    if (next == first) {
      if (!has_segment(encoded.frame.size())) return first;
      end_ = active_->written;
    } else if (end_ + encoded.frame.size() > settings_.segment_size) {
      parts_.resize(parts_before);
      break;
    }
    encoded.frame.offset = end_;
    end_ += encoded.frame.size();
    segment::write_frame_head(encoded.frame, active_->nonce, heads_);
    parts_[parts_before].iov_len = encoded.frame.head_size();
    encoded_.push_back(std::move(encoded));
  }
  std::size_t part = 0;
  // The heads may have moved while more were added: only now their places are known.
  for (std::size_t i = 0; i < encoded_.size(); ++i) {
    while (parts_[part].iov_base != nullptr) ++part;
    parts_[part].iov_base = const_cast<char*>(heads_.data()) + encoded_[i].head_at;
  }
  return next;
}

segment::Frame LogWriter::frame_of(const Draft& draft) {
  segment::Frame frame;
  frame.chunk = draft.chunk->number;
  frame.written_ms = now_ms();
  frame.slice = draft.chunk->slice;
  frame.by_tag = draft.chunk->by_tag;
  frame.fields = draft.chunk->fields;
  frame.codec = settings_.codec;
  frame.events = draft.events;
  frame.bytes = draft.bytes;
  frame.messages = draft.messages;
  for (const Draft::Section& section : draft.sections)
    frame.sections.push_back({section.tag.text(), section.events, section.bytes});
  return frame;
}

void LogWriter::add_payload(const Draft& draft, Encoded& encoded) {
  segment::Frame& frame = encoded.frame;
  if (frame.codec == segment::Codec::plain) {
    frame.stored = frame.bytes;
    for (const auto& entries : draft.entries) {
      frame.payload_crc = crc32c(entries.data(), entries.size(), frame.payload_crc);
      parts_.push_back({const_cast<std::uint8_t*>(entries.data()), entries.size()});
    }
    return;
  }
  OutBuffer whole;
  for (const auto& entries : draft.entries) whole.append(entries.data(), entries.size());
  OutBuffer& packed = packed_.emplace_back();
  frame.codec == segment::Codec::gzip ? gzip_compress(whole.text(), packed) : zstd_compress(whole.text(), packed);
  frame.stored = static_cast<std::uint32_t>(packed.size());
  frame.payload_crc = crc32c(packed.text());
  parts_.push_back({const_cast<char*>(packed.data()), packed.size()});
}

bool LogWriter::has_segment(std::uint64_t size) {
  if (active_ && active_->written > segment::file_head_size && active_->written + size > settings_.segment_size) seal();
  return active_ != nullptr || open_segment();
}

bool LogWriter::open_segment() {
  const std::uint64_t nonce = random_number();
  for (;;) {
    Descriptor file = create(nonce);
    if (file) {
      catalog_.add_segment(next_segment_, segment::file_head_size, now_ms(), true);
      active_ = std::make_shared<OpenSegment>(next_segment_++, nonce, std::move(file));
      active_->index.nonce = nonce;
      return true;
    }
    const int error = errno;
    if (error == EEXIST) ++next_segment_;
    if (!try_again(error, "make a segment in " + settings_.directory)) return false;
  }
}

Descriptor LogWriter::create(std::uint64_t nonce) {
  const std::string path = settings_.directory + "/" + segment::file_name(next_segment_);
  Descriptor file(ops_.open(path, O_RDWR | O_CREAT | O_EXCL, settings_.file_mode));
  if (!file) return file;
  std::uint8_t head[segment::file_head_size];
  segment::write_file_head({next_segment_, nonce, buffer_, now_ms(), replaces_, replaces_from_}, head);
  if (write_all(ops_, file.get(), head, sizeof head, 0)) return file;
  const int error = errno;
  ops_.unlink(path);
  errno = error;
  return Descriptor();
}

/// Writes what is encoded: up to `flushed_`, where that is not all the answer says why.
int LogWriter::flush() {
  flushed_ = active_->written;
  std::size_t first = 0;
  while (first < parts_.size()) {
    const auto count = static_cast<int>(std::min(parts_.size() - first, parts_at_once));
    const ssize_t got = ops_.pwritev(active_->file.get(), &parts_[first], count, static_cast<off_t>(flushed_));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? errno : ENOSPC;
    flushed_ += static_cast<std::uint64_t>(got);
    auto left = static_cast<std::size_t>(got);
    for (; first < parts_.size() && left >= parts_[first].iov_len; ++first) left -= parts_[first].iov_len;
    if (left == 0) continue;
    parts_[first].iov_base = static_cast<char*>(parts_[first].iov_base) + left;
    parts_[first].iov_len -= left;
  }
  return 0;
}

/// Waits, and leaves the segment where that helps. False: it gave up.
bool LogWriter::goes_on_after(int error) {
  const bool full = is_lack_of_room(error);
  if (full && leave_segment()) return true;
  if (!try_again(error, "write " + segment::file_name(active_->sequence))) return false;
  if (full || failures_ < tries_in_segment) return true;
  seal();
  failures_ = 1;
  return true;
}

/// Gives the segment up where everything in it is done: removed, it makes room.
bool LogWriter::leave_segment() {
  if (active_->written <= segment::file_head_size || catalog_.is_used(active_->sequence)) return false;
  seal();
  short_of_room_();
  return true;
}

/// The frames that are written whole. Returns how many they are.
std::size_t LogWriter::publish(std::vector<Draft>& drafts, std::size_t first) {
  std::size_t count = 0;
  std::int64_t last_ms = 0;
  std::uint64_t end = active_->written;
  for (; count < encoded_.size(); ++count) {
    const segment::Frame& frame = encoded_[count].frame;
    if (frame.offset + frame.size() > flushed_) break;
    end = frame.offset + frame.size();
    active_->index.add(frame);
    last_ms = frame.written_ms;
  }
  if (count == 0) return 0;
  catalog_.grow(active_->sequence, end, last_ms);
  active_->written = end;
  for (std::size_t i = 0; i < count; ++i) {
    const segment::Frame& frame = encoded_[i].frame;
    Draft& draft = drafts[first + i];
    draft.run = {active_->sequence, static_cast<std::uint32_t>(frame.offset), static_cast<std::uint32_t>(frame.size())};
    catalog_.written(*draft.chunk, draft.run);
  }
  return count;
}

void LogWriter::seal() {
  if (!active_) return;
  active_->index.size = active_->written;
  sealed_.push_back(std::exchange(active_, nullptr));
}

std::vector<OpenSegmentPtr> LogWriter::take_sealed() { return std::exchange(sealed_, {}); }

/// Waits before the next attempt. False: there will be none.
bool LogWriter::try_again(int error, std::string_view what) {
  ++failures_;
  std::uint64_t suppressed = 0;
  if (complaints_.due(suppressed)) {
    log_.error(cat(settings_.id, ": the buffer can't ", what, ": ", error_text(error),
                   "; what was accepted waits in memory, and senders wait"));
  }
  if (is_lack_of_room(error)) short_of_room_();
  const auto pause = std::min<std::chrono::milliseconds>(1s, 20ms * failures_);
  std::unique_lock lock(mutex_);
  waits_ = true;
  const bool stopped = stop_.wait_for(lock, pause, [this] { return giving_up_; });
  waits_ = false;
  return !stopped;
}

bool LogWriter::read_waiting(const std::function<bool(std::span<const Draft>)>& read) {
  const std::lock_guard lock(mutex_);
  return waits_ && read(waiting_);
}

void LogWriter::wrote() {
  if (std::exchange(failures_, 0) == 0) return;
  log_.info(cat(settings_.id, ": the buffer can write again"));
}

void LogWriter::give_up() {
  {
    const std::lock_guard lock(mutex_);
    giving_up_ = true;
  }
  stop_.notify_all();
}

}  // namespace logboom::buf_file
