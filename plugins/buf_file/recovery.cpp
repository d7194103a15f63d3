#include "recovery.hpp"

#include "quarantine.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <limits>
#include <random>
#include <set>
#include <unordered_set>
#include <utility>

namespace logboom::buf_file {

namespace {

constexpr unsigned number_bits = 32;

segment::Reader reader_of(FileOps& ops, int descriptor, std::uint64_t size) {
  const auto read_at = [&ops, descriptor](std::uint8_t* to, std::size_t wanted, std::uint64_t offset) -> std::int64_t {
    std::size_t done = 0;
    while (done < wanted) {
      const ssize_t got = ops.pread(descriptor, to + done, wanted - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return -1;
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return static_cast<std::int64_t>(done);
  };
  return segment::Reader(read_at, size);
}

}  // namespace

Recovery::Recovery(const StoreSettings& settings, FileOps& ops, Catalog& catalog, Journal& journal, Log& log, bool sync)
    : settings_(settings), ops_(ops), catalog_(catalog), journal_(journal), log_(log), sync_(sync) {}

bool Recovery::prepare() {
  std::error_code error;
  const std::vector<segment::File> files = segment::list_files(settings_.directory, ".log", error);
  std::vector<segment::File> indexes;
  if (!error) indexes = segment::list_files(settings_.directory, ".index", error);
  if (error) return not_now("the buffer's directory " + settings_.directory, error.value());
  auto messages = journal_.open(catalog_.done());
  if (!messages) return not_now(settings_.directory + "/done.log", errno);
  messages_ = std::move(*messages);
  if (!take_bare_indexes(files, indexes)) return false;
  for (const segment::File& file : files) look_at(file);
  if (!segments_.empty()) next_segment_ = segments_.back().sequence + 1;
  next_segment_ = std::max(next_segment_, static_cast<std::uint32_t>(catalog_.done().last() >> number_bits) + 1);
  // Numbers of this run are larger than those of any before, also of those that are not read yet.
  const std::uint64_t first = std::uint64_t{next_segment_} << number_bits;
  catalog_.number_seen(first);
  lowest_ = first;
  if (buffer_ == 0) {
    std::random_device random;
    buffer_ = (static_cast<std::uint64_t>(random()) << 32 | random()) | 1;
  }
  return true;
}

bool Recovery::not_now(const std::string& what, int error) {
  std::uint64_t suppressed = 0;
  if (complaints_.due(suppressed)) {
    log_.error(cat(settings_.id, ": can't read ", what, ": ", trouble_text(error),
                   "; it is tried again every second, nothing is taken before"));
  }
  return false;
}

/// Of segments that were removed on a full disk, when the journal could not take their messages. It may have some of
/// them all the same: a part of a message must not be counted twice.
bool Recovery::take_bare_indexes(const std::vector<segment::File>& files, const std::vector<segment::File>& indexes) {
  std::set<std::uint64_t> there;
  for (const segment::File& file : files) there.insert(file.sequence);
  std::unordered_set<MessageId> known;
  for (const SegmentIndex::Message& message : messages_) known.insert(message.part.message);
  std::vector<SegmentIndex::Message> found;
  std::vector<std::string> bare;
  for (const segment::File& file : indexes) {
    if (there.contains(file.sequence)) continue;
    const auto content = read_file(ops_, file.path, largest_index);
    if (!content) return not_now(file.path, errno);
    bare.push_back(file.path);
    const auto index = decode_index(*content);
    if (!index) continue;
    std::copy_if(index->messages.begin(), index->messages.end(), std::back_inserter(found),
                 [&known](const SegmentIndex::Message& message) { return !known.contains(message.part.message); });
  }
  if (bare.empty()) return true;
  messages_.insert(messages_.end(), found.begin(), found.end());
  journal_.keep(found, 0, std::numeric_limits<std::size_t>::max());
  if (!journal_.tend(sync_)) return true;
  for (const std::string& path : bare) ops_.unlink(path);
  return true;
}

void Recovery::look_at(const segment::File& file) {
  if (file.sequence > std::numeric_limits<std::uint32_t>::max()) return;
  Segment segment{static_cast<std::uint32_t>(file.sequence), file.path, 0, false, std::nullopt};
  struct stat status {};
  if (::stat(file.path.c_str(), &status) != 0 && errno == ENOENT) return;
  segment.size = static_cast<std::uint64_t>(status.st_size);
  catalog_.add_segment(segment.sequence, segment.size, static_cast<std::int64_t>(status.st_mtime) * 1000, true);
  if (!open(segment)) complain(segment.path, segment.size);
  segments_.push_back(std::move(segment));
}

/// Whose the file is, and how large.
bool Recovery::open(Segment& segment) {
  const Descriptor descriptor(ops_.open(segment.path, O_RDONLY, 0));
  struct stat status {};
  if (!descriptor || ::fstat(descriptor.get(), &status) != 0) return false;
  std::uint8_t head[segment::file_head_size];
  const ssize_t got = ops_.pread(descriptor.get(), head, sizeof head, 0);
  if (got < 0) return false;
  segment.opened = true;
  segment.size = static_cast<std::uint64_t>(status.st_size);
  if (got == static_cast<ssize_t>(sizeof head)) segment.head = segment::read_file_head(head);
  if (!segment.head) return true;
  buffer_ = segment.head->buffer;
  if (segment.head->replaces != 0) replaced_[segment.head->replaces] = segment.head->replaces_from;
  return true;
}

/// With errno.
void Recovery::complain(const std::string& path, std::uint64_t bytes) {
  const int error = errno;
  std::uint64_t suppressed = 0;
  if (!complaints_.due(suppressed)) return;
  log_.error(cat(settings_.id, ": can't read ", path, ", ", bytes, " bytes, now: ", trouble_text(error),
                 suppressed == 0 ? "" : ", nor others", "; its events stay there, and are sent when it can be read"));
}

void Recovery::run(const std::function<void(Found)>& found, const std::atomic<bool>& stop) {
  reading_ = true;
  for (Segment& segment : segments_) {
    if (stop) return;
    ++counts_.segments;
    if (const auto index = index_of(segment)) {
      take_up(segment, *index);
    } else {
      set_aside_unread(std::move(segment));
    }
    give(found, segment.sequence);
  }
  give(found, std::numeric_limits<std::uint32_t>::max());
  reading_ = false;
  settle_held();
}

void Recovery::run_again(const std::function<void(Found)>& found, const std::atomic<bool>& stop) {
  std::vector<Segment> left;
  for (Segment& segment : unread_) {
    const bool readable = !stop && (segment.opened || open(segment));
    if (!readable && !stop) complain(segment.path, segment.size);
    if (const auto index = readable ? read(segment) : std::nullopt) {
      take_up(segment, *index);
      log_.info(cat(settings_.id, ": ", segment.path, " can be read now"));
      give(found, std::numeric_limits<std::uint32_t>::max());
    } else {
      left.push_back(std::move(segment));
    }
  }
  unread_ = std::move(left);
  settle_held();
}

void Recovery::take_up(const Segment& segment, const SegmentIndex& index) {
  add(segment, index);
  catalog_.seal(segment.sequence);
}

/// What was found before may have more in it.
void Recovery::set_aside_unread(Segment segment) {
  unread_.push_back(std::move(segment));
  for (const std::uint64_t number : numbers_) hold(number);
}

/// Numbers of a run begin with that of its first segment: a later run's chunks are in no earlier segment, and while
/// the segments are read, in their order, there is no more of an earlier run's once there is one of a later.
bool Recovery::may_have_more(std::uint64_t number) const noexcept {
  const std::uint64_t run = number >> number_bits;
  return (reading_ && run >= run_) || (!unread_.empty() && run <= unread_.back().sequence);
}

/// It is not done before the segments are read that may have more of it.
void Recovery::hold(std::uint64_t number) {
  if (!may_have_more(number) || held_.contains(number)) return;
  if (ChunkRecordPtr chunk = catalog_.hold(number)) {
    held_.emplace(number, std::move(chunk));
  } else {
    journal_.undo(number);
  }
}

void Recovery::settle_held() {
  std::erase_if(held_, [this](const auto& entry) {
    if (may_have_more(entry.first)) return false;
    if (catalog_.finish(*entry.second)) journal_.done(entry.first);
    return true;
  });
  if (reading_ || !unread_.empty()) return;
  numbers_.clear();
  // What is not here any more was done, or lost: as one range it costs nothing.
  catalog_.done().add(1, lowest_ - 1);
}

std::optional<SegmentIndex> Recovery::index_of(const Segment& segment) {
  if (auto index = indexed(segment)) return index;
  return read(segment);
}

std::optional<SegmentIndex> Recovery::indexed(const Segment& segment) {
  if (replaced_.contains(segment.sequence) || (segment.opened && !segment.head)) return std::nullopt;
  const std::string path = settings_.directory + "/" + segment::file_name(segment.sequence, ".index");
  auto index = decode_index(read_file(ops_, path, largest_index).value_or(""));
  if (!index || index->size != segment.size) return std::nullopt;
  if (segment.head && index->nonce != segment.head->nonce) return std::nullopt;
  return index;
}

/// Nothing where the system can't read it.
std::optional<SegmentIndex> Recovery::read(const Segment& segment) {
  SegmentIndex index;
  const Descriptor descriptor(ops_.open(segment.path, O_RDWR, 0));
  if (!descriptor) {
    complain(segment.path, segment.size);
    return std::nullopt;
  }
  const auto replaced = replaced_.find(segment.sequence);
  const std::uint64_t end = replaced == replaced_.end() ? segment.size : std::min(replaced->second, segment.size);
  segment::Reader reader = reader_of(ops_, descriptor.get(), end);
  segment::Frame frame;
  std::uint64_t events = 0;
  while (reader.next(frame)) {
    index.add(frame);
    events += frame.events;
  }
  if (reader.failed()) {
    complain(segment.path, segment.size);
    return std::nullopt;
  }
  ++counts_.read;
  counts_.read_bytes += end;
  if (!reader.damage().empty()) put_aside(segment, reader, events);
  if (replaced != replaced_.end()) return index;
  if (reader.intact() < segment.size) cut(segment, descriptor.get(), reader.intact());
  if (!reader.head() || (sync_ && ops_.fdatasync(descriptor.get()) != 0)) return index;
  index.nonce = reader.head()->nonce;
  index.size = reader.intact();
  const std::string path = settings_.directory + "/" + segment::file_name(segment.sequence, ".index");
  const std::string bytes = encode(index);
  const Descriptor file(ops_.open(path, O_WRONLY | O_CREAT | O_TRUNC, settings_.file_mode));
  if (file && !write_all(ops_, file.get(), bytes.data(), bytes.size(), 0)) ops_.unlink(path);
  return index;
}

void Recovery::cut(const Segment& segment, int descriptor, std::uint64_t intact) {
  counts_.torn_bytes += segment.size - intact;
  log_.warn(cat(settings_.id, ": the last ", segment.size - intact, " bytes of ", segment.path,
                " were not written to their end; they are cut off"));
  if (ops_.truncate(descriptor, static_cast<off_t>(intact)) != 0)
    log_.warn(cat(settings_.id, ": can't cut ", segment.path, ": ", error_text(errno)));
  catalog_.add_segment(segment.sequence, intact, now_ms(), true);
}

/// The damaged file stays for whoever wants to look; what is intact in it is sent.
void Recovery::put_aside(const Segment& segment, const segment::Reader& reader, std::uint64_t events) {
  std::uint64_t bytes = 0;
  std::uint64_t lost = 0;
  for (const segment::Reader::Damage& damage : reader.damage()) {
    bytes += damage.size;
    for (const segment::Reader::Lost& frame : damage.lost)
      lost += catalog_.done().contains(frame.chunk) ? 0 : frame.events;
  }
  const Quarantined kept = keep_damaged(settings_, segment.sequence);
  ++counts_.damaged_segments;
  if (kept.is_new) counts_.lost_events += lost;
  log_.error(cat(settings_.id, ": ", segment.path, " is damaged: ", bytes, " bytes, at least ", lost,
                 " events, can't be read; ", events, " events were read from it; ", kept.fate));
}

/// Chunks of the runs before are given out whole.
void Recovery::begin_run(std::uint64_t run) {
  if (run <= run_) return;
  run_ = run;
  settle_held();
}

void Recovery::add(const Segment& segment, const SegmentIndex& index) {
  messages_.insert(messages_.end(), index.messages.begin(), index.messages.end());
  for (const SegmentIndex::Entry& entry : index.entries) {
    begin_run(entry.chunk >> number_bits);
    if (catalog_.done().contains(entry.chunk)) {
      if (!numbers_.contains(entry.chunk)) continue;
      journal_.undo(entry.chunk);
    }
    lowest_ = std::min(lowest_, entry.chunk);
    auto at = open_.find(entry.chunk);
    if (at == open_.end()) {
      ChunkRecordPtr chunk = catalog_.find(entry.chunk);
      Open open;
      if (chunk != nullptr) {
        catalog_.add_part(*chunk);
        open.found.place = Run{segment.sequence, entry.offset, entry.size};
        open.found.first_run = catalog_.runs_of(*chunk).size();
      } else {
        chunk = catalog_.make(entry.chunk);
      }
      open.found.chunk = std::move(chunk);
      at = open_.emplace(entry.chunk, std::move(open)).first;
      numbers_.insert(entry.chunk);
      hold(entry.chunk);
    }
    Open& open = at->second;
    open.last_segment = segment.sequence;
    open.found.events += entry.events;
    open.found.bytes += entry.bytes;
    open.found.stored += entry.size;
    catalog_.found(*open.found.chunk, {segment.sequence, entry.offset, entry.size});
  }
}

/// Chunks of which this segment has nothing are complete, it seems. Where more of one comes later it is a chunk by
/// itself, and the number is done when both are.
void Recovery::give(const std::function<void(Found)>& found, std::uint32_t before) {
  for (auto at = open_.begin(); at != open_.end();) {
    if (at->second.last_segment >= before) {
      ++at;
      continue;
    }
    Found& chunk = at->second.found;
    chunk.last_run = catalog_.runs_of(*chunk.chunk).size();
    found(std::move(chunk));
    at = open_.erase(at);
  }
}

std::vector<SegmentIndex::Message> Recovery::whole_messages() const {
  std::unordered_map<MessageId, std::uint32_t> parts;
  std::vector<SegmentIndex::Message> whole;
  for (const SegmentIndex::Message& message : messages_) {
    if (++parts[message.part.message] == message.part.parts) whole.push_back(message);
  }
  std::sort(whole.begin(), whole.end(),
            [](const SegmentIndex::Message& a, const SegmentIndex::Message& b) { return a.written_ms < b.written_ms; });
  return whole;
}

}  // namespace logboom::buf_file
