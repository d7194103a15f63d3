#include "journal.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <logboom/crc32c.hpp>
#include <logboom/little_endian.hpp>
#include <random>

#include "log_writer.hpp"

namespace logboom::buf_file {

namespace {

constexpr std::size_t record_size = 40;
constexpr std::size_t largest = std::size_t{1} << 30;
constexpr std::uint64_t growth = 1024 * 1024;

enum class Kind : std::uint32_t { done = 1, message = 2, buffer = 3, delivered = 4, dropped = 5 };

std::string record(Kind kind, std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
  std::string out(record_size, '\0');
  auto* const start = reinterpret_cast<std::uint8_t*>(out.data());
  LittleEndianWriter to(start + 4);
  to.put(static_cast<std::uint32_t>(kind));
  for (const std::uint64_t number : {a, b, c, d}) to.put(number);
  LittleEndianWriter(start).put(crc32c(start + 4, record_size - 4));
  return out;
}

std::string record(const DoneSet::Range& range) { return record(Kind::done, range.first, range.second, 0, 0); }

std::string record(const SegmentIndex::Message& message) {
  return record(Kind::message, message.part.message.high, message.part.message.low, message.part.parts,
                static_cast<std::uint64_t>(message.written_ms));
}

}  // namespace

Journal::Journal(FileOps& ops, std::string directory, mode_t mode, Log& log, std::string id,
                 const OutputCounters& counters)
    : ops_(ops),
      path_(std::move(directory) + "/done.log"),
      mode_(mode),
      log_(log),
      id_(std::move(id)),
      counters_(counters) {}

std::optional<std::vector<SegmentIndex::Message>> Journal::open(DoneSet& done) {
  const std::lock_guard lock(mutex_);
  const std::optional<std::string> file = read_file(ops_, path_, largest);
  if (!file && errno != ENOENT) return std::nullopt;
  const std::string_view content = file ? *file : std::string_view();
  done_ = &done;
  messages_.clear();
  for (std::size_t at = 0; at + record_size <= content.size(); at += record_size) {
    const auto* const start = reinterpret_cast<const std::uint8_t*>(content.data()) + at;
    LittleEndianReader from(start);
    if (from.get<std::uint32_t>() != crc32c(start + 4, record_size - 4)) continue;
    const auto kind = static_cast<Kind>(from.get<std::uint32_t>());
    const auto a = from.get<std::uint64_t>();
    const auto b = from.get<std::uint64_t>();
    const auto c = from.get<std::uint64_t>();
    const auto d = from.get<std::uint64_t>();
    if (kind == Kind::done) done.add(a, b);
    if (kind == Kind::message)
      messages_.push_back({{{a, b}, static_cast<std::uint32_t>(c)}, static_cast<std::int64_t>(d)});
    if (kind == Kind::buffer) {
      before_.buffer = static_cast<std::uint32_t>(a);
      before_.since_ms = static_cast<std::int64_t>(b);
    }
    if (kind == Kind::delivered) before_.delivered = std::max(before_.delivered, a);
    if (kind == Kind::dropped && b < before_.dropped.size()) before_.dropped[b] = std::max(before_.dropped[b], a);
  }
  if (before_.buffer == 0) {
    before_.buffer = std::random_device()() | 1;
    before_.since_ms = now_ms();
  }
  rewrite();
  return std::vector(messages_.begin(), messages_.end());
}

EverCounts Journal::now() const {
  EverCounts now = before_;
  now.delivered += counters_.delivered.value();
  for (std::size_t i = 0; i < now.dropped.size(); ++i) now.dropped[i] += counters_.dropped[i].value();
  return now;
}

/// Records of what has changed since it was written.
std::string Journal::counts_since(const EverCounts& now, const EverCounts& then) {
  std::string records;
  if (now.delivered != then.delivered) records += record(Kind::delivered, now.delivered, 0, 0, 0);
  for (std::size_t i = 0; i < now.dropped.size(); ++i) {
    if (now.dropped[i] != then.dropped[i]) records += record(Kind::dropped, now.dropped[i], i, 0, 0);
  }
  return records;
}

void Journal::append(const std::string& records) {
  if (incomplete_) return;
  unsynced_ = true;
  if (write_all(ops_, file_.get(), records.data(), records.size(), static_cast<off_t>(size_))) {
    size_ += records.size();
    return;
  }
  incomplete_ = true;
  std::uint64_t suppressed = 0;
  if (complaints_.due(suppressed)) log_.warn(cat(id_, ": ", path_, " can't be written now: ", error_text(errno)));
}

void Journal::done(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  done_->add(number, number);
  append_counted(record(DoneSet::Range{number, number}));
}

void Journal::undo(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  done_->remove(number);
  incomplete_ = true;
}

void Journal::count() {
  const std::lock_guard lock(mutex_);
  append_counted({});
}

/// In one write, so that no kill finds a chunk done and not counted, or the other way round.
void Journal::append_counted(std::string records) {
  const EverCounts counted = now();
  records += counts_since(counted, written_);
  written_ = counted;
  if (!records.empty()) append(records);
}

void Journal::keep(const std::vector<SegmentIndex::Message>& messages, std::int64_t oldest_ms, std::size_t most) {
  const std::lock_guard lock(mutex_);
  std::string records;
  for (const SegmentIndex::Message& message : messages) {
    if (message.written_ms < oldest_ms) continue;
    messages_.push_back(message);
    records += record(message);
  }
  while (!messages_.empty() && (messages_.front().written_ms < oldest_ms || messages_.size() > most))
    messages_.pop_front();
  if (!records.empty()) append(records);
}

bool Journal::tend(bool sync) {
  const std::lock_guard lock(mutex_);
  append_counted({});
  if (incomplete_ || size_ > growth + 2 * size_when_new_) rewrite();
  if (incomplete_ || !sync || !unsynced_) return !incomplete_;
  // After a failed sync another one would lie: the file is written anew.
  incomplete_ = ops_.fdatasync(file_.get()) != 0;
  unsynced_ = incomplete_;
  return !incomplete_;
}

void Journal::rewrite() {
  written_ = now();
  std::string content = record(Kind::buffer, before_.buffer, static_cast<std::uint64_t>(before_.since_ms), 0, 0) +
                        counts_since(written_, {});
  for (const DoneSet::Range& range : done_->ranges()) content += record(range);
  for (const SegmentIndex::Message& message : messages_) content += record(message);
  incomplete_ = true;
  if (replace_file(ops_, path_, content, mode_)) {
    file_ = Descriptor(ops_.open(path_, O_RDWR, mode_));
    incomplete_ = !file_;
  }
  if (incomplete_) {
    std::uint64_t suppressed = 0;
    if (complaints_.due(suppressed)) log_.warn(cat(id_, ": ", path_, " can't be written now: ", error_text(errno)));
    return;
  }
  size_ = size_when_new_ = content.size();
  unsynced_ = false;
}

}  // namespace logboom::buf_file
