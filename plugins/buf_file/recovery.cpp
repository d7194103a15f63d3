#include "recovery.hpp"

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

void Recovery::prepare() {
  messages_ = journal_.open(catalog_.done());
  const std::vector<segment::File> files = segment::list_files(settings_.directory);
  take_bare_indexes(files);
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
}

/// Of segments that were removed on a full disk, when the journal could not take their messages. It may have some of
/// them all the same: a part of a message must not be counted twice.
void Recovery::take_bare_indexes(const std::vector<segment::File>& files) {
  std::set<std::uint64_t> there;
  for (const segment::File& file : files) there.insert(file.sequence);
  std::unordered_set<MessageId> known;
  for (const SegmentIndex::Message& message : messages_) known.insert(message.part.message);
  std::vector<SegmentIndex::Message> found;
  std::vector<std::string> bare;
  for (const segment::File& file : segment::list_files(settings_.directory, ".index")) {
    if (there.contains(file.sequence)) continue;
    bare.push_back(file.path);
    const auto index = decode_index(read_file(ops_, file.path, largest_index));
    if (!index) continue;
    std::copy_if(index->messages.begin(), index->messages.end(), std::back_inserter(found),
                 [&known](const SegmentIndex::Message& message) { return !known.contains(message.part.message); });
  }
  if (bare.empty()) return;
  messages_.insert(messages_.end(), found.begin(), found.end());
  journal_.keep(found, 0, std::numeric_limits<std::size_t>::max());
  if (!journal_.tend(sync_)) return;
  for (const std::string& path : bare) ops_.unlink(path);
}

void Recovery::look_at(const segment::File& file) {
  if (file.sequence > std::numeric_limits<std::uint32_t>::max()) return;
  Segment segment{static_cast<std::uint32_t>(file.sequence), file.path, 0, std::nullopt};
  const Descriptor descriptor(ops_.open(file.path, O_RDONLY, 0));
  struct stat status {};
  if (!descriptor || ::fstat(descriptor.get(), &status) != 0) {
    log_.error(
        cat(settings_.id, ": can't open ", file.path, ": ", error_text(errno), "; its events stay where they are"));
    return;
  }
  segment.size = static_cast<std::uint64_t>(status.st_size);
  std::uint8_t head[segment::file_head_size];
  if (ops_.pread(descriptor.get(), head, sizeof head, 0) == static_cast<ssize_t>(sizeof head))
    segment.head = segment::read_file_head(head);
  const auto written_ms = static_cast<std::int64_t>(status.st_mtime) * 1000;
  catalog_.add_segment(segment.sequence, segment.size, written_ms, true);
  if (segment.head) {
    buffer_ = segment.head->buffer;
    if (segment.head->replaces != 0) replaced_[segment.head->replaces] = segment.head->replaces_from;
  }
  segments_.push_back(std::move(segment));
}

void Recovery::run(const std::function<void(Found)>& found, const std::atomic<bool>& stop) {
  for (const Segment& segment : segments_) {
    if (stop) return;
    ++counts_.segments;
    if (const auto index = index_of(segment)) add(segment, *index);
    catalog_.seal(segment.sequence);
    give(found, segment.sequence);
  }
  give(found, std::numeric_limits<std::uint32_t>::max());
  // What is not here any more was done, or lost: as one range it costs nothing.
  catalog_.done().add(1, lowest_ - 1);
}

std::optional<SegmentIndex> Recovery::index_of(const Segment& segment) {
  if (auto index = indexed(segment)) return index;
  return read(segment);
}

std::optional<SegmentIndex> Recovery::indexed(const Segment& segment) {
  if (!segment.head || replaced_.contains(segment.sequence)) return std::nullopt;
  const std::string path = settings_.directory + "/" + segment::file_name(segment.sequence, ".index");
  auto index = decode_index(read_file(ops_, path, largest_index));
  if (!index || index->nonce != segment.head->nonce || index->size != segment.size) return std::nullopt;
  return index;
}

SegmentIndex Recovery::read(const Segment& segment) {
  ++counts_.read;
  SegmentIndex index;
  const Descriptor descriptor(ops_.open(segment.path, O_RDWR, 0));
  if (!descriptor) {
    log_.error(cat(settings_.id, ": can't open ", segment.path, ": ", error_text(errno)));
    return index;
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
  counts_.read_bytes += end;
  if (reader.failed()) {
    log_.error(cat(settings_.id, ": can't read all of ", segment.path, ": ", error_text(errno), "; ", events,
                   " events were read from it"));
    return index;
  }
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
    lost += damage.events;
  }
  ++counts_.damaged_segments;
  counts_.lost_events += lost;
  const std::string directory = settings_.directory + "/quarantine";
  const std::string copy = directory + "/" + segment::file_name(segment.sequence);
  ::mkdir(directory.c_str(), settings_.directory_mode);
  const bool linked = ::link(segment.path.c_str(), copy.c_str()) == 0 || errno == EEXIST;
  log_.error(
      cat(settings_.id, ": ", segment.path, " is damaged: ", bytes, " bytes, at least ", lost,
          " events, can't be read; ", events, " events were read from it",
          linked ? cat("; the file is kept as ", copy) : cat("; it can't be kept as ", copy, ": ", error_text(errno))));
}

void Recovery::add(const Segment& segment, const SegmentIndex& index) {
  messages_.insert(messages_.end(), index.messages.begin(), index.messages.end());
  for (const SegmentIndex::Entry& entry : index.entries) {
    if (catalog_.done().contains(entry.chunk)) continue;
    lowest_ = std::min(lowest_, entry.chunk);
    auto at = open_.find(entry.chunk);
    if (at == open_.end()) {
      ChunkRecordPtr chunk = catalog_.find(entry.chunk);
      Open open;
      if (chunk != nullptr) {
        catalog_.add_part(*chunk);
        open.found.first_run = catalog_.runs_of(*chunk).size();
      } else {
        chunk = catalog_.make(entry.chunk);
      }
      open.found.chunk = std::move(chunk);
      at = open_.emplace(entry.chunk, std::move(open)).first;
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
