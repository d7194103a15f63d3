#include "file_buffer.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <logboom/crc32c.hpp>

#include "file_chunk.hpp"

namespace logboom {

namespace {

using namespace std::chrono_literals;
using namespace buf_file;

/// What may wait in memory to be written. Beyond it senders wait, until half of it is.
constexpr std::uint64_t staging_limit = 16 * 1024 * 1024;

/// Between two looks whether files can be read that could not be.
constexpr std::chrono::seconds longest_pause{16};

std::uint64_t cost_of(const EventBatch& batch) noexcept { return batch.bytes() + frame_overhead; }

std::string directory_in(const SystemSettings& system, const std::string& id, const Element& section) {
  if (system.root_dir.empty() || id.find(':') != std::string::npos) {
    throw ConfigError(
        section.pos,
        "a file buffer needs a place: say `path` in <buffer>, or give the output an @id and say `root_dir` "
        "in <system>");
  }
  return system.root_dir + "/worker0/" + id + "/buffer";
}

segment::Codec codec_of(BufferCompression compression) {
  switch (compression) {
    case BufferCompression::gzip: return segment::Codec::gzip;
    case BufferCompression::zstd: return segment::Codec::zstd;
    case BufferCompression::text: break;
  }
  return segment::Codec::plain;
}

std::string hex(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; number >>= 4) out[i] = digits[number & 15];
  return out;
}

}  // namespace

FileBuffer::FileBuffer(Options options, BuildContext& context)
    : FileBuffer(std::move(options), context, FileOps::system()) {}

FileBuffer::FileBuffer(Options options, BuildContext& context, FileOps& ops)
    : options_(std::move(options)), ops_(ops), id_(context.id()), log_(context.log()) {
  const SystemSettings& system = context.system();
  const Element& section = context.element();
  store_settings_.id = id_;
  store_settings_.directory = options_.path ? directory_of(*options_.path) : directory_in(system, id_, section);
  const auto mode = [](const std::optional<FileMode>& own, const std::optional<FileMode>& common, mode_t otherwise) {
    return own ? static_cast<mode_t>(own->bits) : common ? static_cast<mode_t>(common->bits) : otherwise;
  };
  store_settings_.file_mode = mode(options_.file_permission, system.file_permission, 0644);
  store_settings_.directory_mode = mode(options_.dir_permission, system.dir_permission, 0755);
  store_settings_.segment_size = options_.segment_size.bytes;
  const auto check = [&section](bool fine, std::string_view name, std::string_view problem) {
    const Attribute* attribute = section.find(name);
    if (!fine) throw ConfigError(attribute ? attribute->value_pos : section.pos, cat(name, ": ", problem));
  };
  check(!options_.path || !options_.path->empty(), "path", "must not be empty");
  check(options_.segment_size.bytes >= 64 * 1024 && options_.segment_size.bytes <= std::uint64_t{1} << 30,
        "segment_size", "must be between 64k and 1g");
  check(options_.sync_interval > 0ns, "sync_interval", "must be more than 0");
  if (options_.path_suffix != FileOptions().path_suffix) {
    context.warn(section.find("path_suffix")->key_pos,
                 "path_suffix has no effect: the buffer's files are called segment.*.log");
  }
  check(options_.retain >= 0ns, "retain", "must not be negative");
}

FileBuffer::~FileBuffer() { stop(); }

void FileBuffer::stop() {
  stopping_ = true;
  changed_.notify_all();
  if (recovery_.joinable()) recovery_.join();
  if (store_) store_->stop();
  if (journal_) journal_->count();
}

std::uint64_t FileBuffer::discard() {
  stop();
  const std::uint64_t lost = store_ ? store_->lost() : 0;
  if (lost != 0) queue_.lose(lost, DropReason::shutdown);
  return lost;
}

void FileBuffer::start(const BufferSettings& settings, OutputCounters& counters) {
  settings_ = settings;
  counters_ = &counters;
  store_settings_.codec = codec_of(settings.compression);
  keys_ = ChunkKeys(settings);
  window_ = DuplicateWindow(settings.duplicates);
  queue_.start(settings, counters, [this] { return std::make_unique<FileChunk>(*this); });
  queue_.pause();
}

void FileBuffer::open() {
  const std::string& directory = store_settings_.directory;
  make_directories(directory, store_settings_.directory_mode);
  if (options_.path) {
    const std::vector<std::string> foreign = fluentd_files(*options_.path);
    if (!foreign.empty()) {
      log_.warn(cat(id_, ": ", foreign.size(), " files of Fluentd's own file buffer, such as ", foreign.front(),
                    ", are left alone: what is in them is not read"));
    }
  }
  const DirectoryLock::Outcome outcome = lock_.try_lock(directory, store_settings_.file_mode);
  if (outcome == DirectoryLock::Outcome::held_elsewhere) {
    throw std::runtime_error(cat("the buffer in ", directory, " is in use by ", lock_.holder(),
                                 ": give each output, and each logboom, a path of its own"));
  }
  if (outcome == DirectoryLock::Outcome::held_here) lock_.line_up(directory);
  recovering_ = true;
  recovery_ = std::thread([this, locked = outcome == DirectoryLock::Outcome::locked] { run_recovery(locked); });
}

void FileBuffer::run_recovery(bool locked) noexcept {
  try {
    if (locked || wait_for_lock()) recover();
  } catch (const std::exception& error) {
    log_.error(cat(id_, ": reading what the buffer in ", store_settings_.directory, " has from before failed: ",
                   error.what(), "; what was not found stays there, and is sent after the next start"));
    if (store_) {
      ready_ = true;
      go_on();
    }
  }
  recovering_ = false;
  queue_.wake();
}

/// A buffer that a reload takes away keeps the directory until it has ended. It is asked to end soon: what it holds is
/// found here.
bool FileBuffer::wait_for_lock() {
  for (unsigned tries = 0;; ++tries) {
    // Each time: whoever gets the directory before takes the last request for one to itself.
    DirectoryLock::ask_for(store_settings_.directory);
    if (tries == 100) {
      log_.warn(cat(id_, ": waits for the buffer in ", store_settings_.directory,
                    ", which another output of this configuration, or of the one before it, still uses"));
    }
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, 50ms, [this] { return stopping_.load(); })) {
      lock_.leave_line();
      DirectoryLock::ask_no_more(store_settings_.directory);
      return false;
    }
    if (is_locked_now()) return true;
  }
}

/// An error, such as a lack of descriptors, may pass.
bool FileBuffer::is_locked_now() {
  try {
    return lock_.try_lock(store_settings_.directory, store_settings_.file_mode) == DirectoryLock::Outcome::locked;
  } catch (const std::exception& error) {
    std::uint64_t suppressed = 0;
    if (lock_complaints_.due(suppressed)) {
      log_.error(cat(id_, ": ", error.what(), "; it is tried again, and senders wait"));
    }
    return false;
  }
}

void FileBuffer::recover() {
  const auto begin = Clock::now();
  const bool sync = options_.sync != SyncPolicy::never;
  journal_ =
      std::make_unique<Journal>(ops_, store_settings_.directory, store_settings_.file_mode, log_, id_, *counters_);
  Recovery recovery(store_settings_, ops_, catalog_, *journal_, log_, sync);
  while (!recovery.prepare()) {
    if (stops_within(1s)) return journal_.reset();
  }
  {
    const std::lock_guard lock(mutex_);
    before_ = journal_->before();
  }
  start_store(recovery.buffer(), recovery.next_segment());
  std::uint64_t chunks = 0;
  std::uint64_t events = 0;
  const auto take_over = [&](Recovery::Found found) {
    ++chunks;
    events += found.events;
    queue_.restore(std::make_unique<FileChunk>(*this, std::move(found)));
    // Until everything is read, a message that is sent again is not known for one: but nobody waits for long.
    if (ready_ || Clock::now() - begin < 1s) return;
    ready_ = true;
    go_on();
  };
  recovery.run(take_over, stopping_);
  queue_.restore_lost(recovery.counts().lost_events, DropReason::damaged);
  opening_ = stopping_.load() || recovery.has_unread();
  remember(recovery.whole_messages());
  if (recovery.counts().segments != 0) report(recovery.counts(), chunks, events);
  ready_ = true;
  recovering_ = false;
  go_on();
  recover_rest(recovery, take_over);
}

/// What could not be read at first, for as long as it takes.
void FileBuffer::recover_rest(Recovery& recovery, const std::function<void(Recovery::Found)>& take_over) {
  auto pause = std::chrono::seconds(1);
  while (recovery.has_unread() && !stops_within(pause)) {
    const std::uint64_t lost = recovery.counts().lost_events;
    recovery.run_again(take_over, stopping_);
    queue_.restore_lost(recovery.counts().lost_events - lost, DropReason::damaged);
    remember(recovery.whole_messages());
    pause = std::min(pause * 2, longest_pause);
  }
  opening_ = recovery.has_unread();
}

bool FileBuffer::stops_within(std::chrono::seconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return stopping_.load(); });
}

void FileBuffer::start_store(std::uint64_t buffer, std::uint32_t next_segment) {
  buffer_ = buffer;
  SyncSettings sync;
  sync.policy = options_.sync;
  sync.interval = options_.sync_interval;
  sync.retain = options_.retain;
  sync.total_limit = settings_.total_limit;
  sync.message_age = settings_.duplicates.age;
  sync.messages = settings_.duplicates.count;
  store_ = std::make_unique<Store>(store_settings_, sync, ops_, catalog_, *journal_, log_, buffer, next_segment);
  Store::Listener listener;
  listener.memory = [this](std::uint64_t memory) {
    staged_ = memory;
    if (memory > staging_limit) queue_.pause();
  };
  listener.released = [this] { go_on(); };
  listener.settled = [this](const std::vector<MessageId>& messages, bool safe) { settle(messages, safe); };
  store_->start(std::move(listener));
}

void FileBuffer::remember(const std::vector<SegmentIndex::Message>& messages) {
  const std::int64_t wall = now_ms();
  const auto now = Clock::now();
  const std::lock_guard lock(window_mutex_);
  for (const SegmentIndex::Message& message : messages)
    window_.restore(message.part.message,
                    now - std::chrono::milliseconds(std::max<std::int64_t>(0, wall - message.written_ms)));
}

void FileBuffer::report(const Recovery::Counts& counts, std::uint64_t chunks, std::uint64_t events) {
  std::string text = cat(id_, ": the buffer in ", store_settings_.directory, " has ", events, " events in ", chunks,
                         " chunks from before, in ", counts.segments, " files");
  if (counts.read != 0) text += cat("; ", counts.read, " of them had to be read, ", counts.read_bytes, " bytes");
  if (counts.torn_bytes != 0) text += cat("; ", counts.torn_bytes, " bytes at the end of files were cut off");
  if (counts.damaged_segments != 0)
    text += cat("; ", counts.damaged_segments, " files are damaged, at least ", counts.lost_events, " events are lost");
  log_.info(text);
}

void FileBuffer::go_on() {
  if (ready_ && staged_ < staging_limit / 2) queue_.go_on();
}

bool FileBuffer::reserve(const EventBatch& batch) noexcept { return queue_.reserve(cost_of(batch)); }

void FileBuffer::release_reservation(const EventBatch& batch) noexcept { queue_.release(cost_of(batch)); }

void FileBuffer::append(Delivery delivery) {
  const EventBatch& batch = *delivery.batch;
  const std::uint64_t reserved = cost_of(batch);
  if (!queue_.admit(batch, reserved)) return;
  const AckLevel level = delivery.receipts.level;
  const bool asked = !delivery.receipts.empty() && level != AckLevel::memory;
  const bool when_done = asked && (level == AckLevel::delivered || settings_.ack_when_written);
  const bool when_synced = asked && !when_done;
  const ChunkParts parts = keys_.cut(delivery.batch);
  const auto count = static_cast<std::uint32_t>(parts.size());
  if (delivery.id) {
    DuplicateWindow::Met met{};
    {
      const std::lock_guard lock(window_mutex_);
      met = window_.meet(delivery.id, delivery.receipts, Clock::now(), when_done ? count : when_synced ? 1 : 0);
    }
    if (met != DuplicateWindow::Met::first) {
      queue_.append_none(batch, reserved, DropReason::duplicate);
      delivery.receipts.confirm();
      return;
    }
  }
  const Staging::Message message{{delivery.id, count}, when_synced};
  queue_.append(delivery, parts, reserved, [&](QueuedChunk& chunk, std::size_t part) {
    static_cast<FileChunk&>(chunk).add(parts[part].batch, message, when_done);
  });
  if (when_synced && !delivery.receipts.empty()) {
    store_->staging().wait_for_sync(std::move(delivery.receipts));
  } else {
    delivery.receipts.confirm();
  }
}

void FileBuffer::settle(const std::vector<MessageId>& messages, bool safe) {
  std::vector<Receipts> receipts;
  {
    const std::lock_guard lock(window_mutex_);
    for (const MessageId& id : messages)
      receipts.push_back(safe ? window_.settle(id, Clock::now()) : window_.forget(id));
  }
  if (!safe) return;
  for (Receipts& each : receipts) each.confirm();
}

void FileBuffer::drain() {
  draining_ = true;
  queue_.drain();
}

bool FileBuffer::empty() const {
  if (draining_ && DirectoryLock::is_wanted(store_settings_.directory)) return true;
  return !recovering_ && queue_.empty();
}

OutputTotals FileBuffer::totals() const {
  OutputTotals totals = queue_.totals();
  totals.opening = opening_;
  const std::lock_guard lock(mutex_);
  totals.before = before_;
  return totals;
}

/// A receiver may know a chunk by its id: one of which something is lost, or was found later, is not the same chunk,
/// nor are two parts of one. `place` is where a later part begins.
std::string FileBuffer::chunk_id(std::uint64_t number, const Chunk& chunk, const std::optional<Run>& place) const {
  const std::uint64_t what[] = {chunk.events, chunk.bytes, place ? place->segment : 0u, place ? place->offset : 0u};
  const std::size_t size = place ? sizeof what : sizeof *what * 2;
  return hex(buffer_ ^ crc32c(reinterpret_cast<const std::uint8_t*>(what), size)) + hex(number);
}

namespace plugins {

PluginInfo buf_file() {
  PluginInfo info;
  info.kind = PluginKind::buffer;
  info.name = "file";
  info.summary = "Keeps events in files until they are written.";
  info.aliases = {"file_single"};
  info.schema = file_schema;
  info.make = [](const Element& element, BuildContext& context) -> std::unique_ptr<Plugin> {
    FileOptions options;
    file_schema().apply(element, &options, [&context](const SourcePos& pos, std::string message) {
      context.warn(pos, std::move(message));
    });
    return std::make_unique<FileBuffer>(std::move(options), context);
  };
  return info;
}

}  // namespace plugins

}  // namespace logboom
