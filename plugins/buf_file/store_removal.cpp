#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include "store.hpp"

namespace logboom::buf_file {

/// What is not synced has no index: nobody needs it, it seems.
void Store::close(OpenSegment& segment, bool synced) {
  if (!synced || !write_index(segment.sequence, segment.index))
    unindexed_.insert_or_assign(segment.sequence, std::move(segment.index));
  catalog_.seal(segment.sequence);
}

bool Store::write_index(std::uint32_t segment, const SegmentIndex& index) {
  const std::string bytes = encode(index);
  const std::string path = path_of(segment, ".index");
  const Descriptor file(ops_.open(path, O_WRONLY | O_CREAT | O_TRUNC, settings_.file_mode));
  if (file && write_all(ops_, file.get(), bytes.data(), bytes.size(), 0)) return true;
  if (file) ops_.unlink(path);
  return false;
}

std::string Store::path_of(std::uint32_t segment, std::string_view suffix) const {
  return settings_.directory + "/" + segment::file_name(segment, suffix);
}

void Store::keep(const std::vector<SegmentIndex::Message>& messages) {
  if (messages.empty()) return;
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(sync_.message_age).count();
  journal_.keep(messages, now_ms() - age, sync_.messages);
}

/// Files that it has not come to, for lack of memory perhaps, stay until the next start.
void Store::try_to_tend(bool short_of_room) noexcept {
  try {
    tend(short_of_room);
  } catch (const std::exception& error) {
    std::uint64_t suppressed = 0;
    if (complaints_.due(suppressed))
      log_.error(cat(settings_.id, ": files in ", settings_.directory, " can't be removed now: ", error.what()));
  }
}

/// On a full disk what `retain` keeps is removed too, the oldest first.
void Store::tend(bool short_of_room) {
  const bool sync = sync_.policy != SyncPolicy::never;
  const auto retain = std::chrono::duration_cast<std::chrono::milliseconds>(sync_.retain).count();
  std::uint64_t limit = sync_.total_limit;
  if (short_of_room) limit = std::min(limit, std::max<std::uint64_t>(catalog_.disk_bytes(), 1) - 1);
  const auto removable = catalog_.take_removable(retain > 0 ? now_ms() - retain : now_ms() + 1, limit);
  for (const Catalog::Removable& entry : removable) remember_messages(entry.segment);
  const bool remembered = journal_.tend(sync);
  remove(removable, remembered);
  if ((remembered || journal_.tend(sync)) && !bare_.empty()) {
    for (const std::uint32_t segment : std::exchange(bare_, {})) ops_.unlink(path_of(segment, ".index"));
  }
  if (!removable.empty() && sync) ops_.sync_directory(settings_.directory);
}

void Store::remember_messages(std::uint32_t segment) {
  const auto known = unindexed_.find(segment);
  if (known != unindexed_.end()) return keep(known->second.messages);
  if (const auto index = decode_index(read_file(ops_, path_of(segment, ".index"), largest_index).value_or("")))
    return keep(index->messages);
  const Descriptor file(ops_.open(path_of(segment, ".log"), O_RDONLY, 0));
  if (!file) return;
  SegmentIndex& index = unindexed_[segment];
  segment::Reader reader = segment::Reader::of_file(file.get());
  segment::Frame frame;
  while (reader.next(frame)) index.add(frame);
  keep(index.messages);
}

/// Where the journal could not be written, for lack of room, the index stays until it can be.
void Store::remove(const std::vector<Catalog::Removable>& removable, bool remembered) {
  for (const Catalog::Removable& entry : removable) {
    if (!remembered) save_messages(entry.segment);
    unindexed_.erase(entry.segment);
    const std::string path = path_of(entry.segment, ".log");
    if (ops_.unlink(path) != 0 && errno != ENOENT)
      log_.warn(cat(settings_.id, ": can't remove ", path, ": ", error_text(errno)));
    if (remembered) {
      ops_.unlink(path_of(entry.segment, ".index"));
    } else {
      bare_.push_back(entry.segment);
    }
  }
}

/// Into the index file, where there is none: it needs less room than the events have, which nobody needs any more.
void Store::save_messages(std::uint32_t segment) {
  const auto known = unindexed_.find(segment);
  if (known == unindexed_.end() || known->second.messages.empty()) return;
  known->second.entries.clear();
  if (write_index(segment, known->second)) return;
  const Descriptor file(ops_.open(path_of(segment, ".log"), O_RDWR, 0));
  if (file && ops_.truncate(file.get(), 0) == 0 && write_index(segment, known->second)) return;
  log_.warn(cat(settings_.id, ": ids of ", known->second.messages.size(),
                " messages are only in memory: ", error_text(errno)));
}

}  // namespace logboom::buf_file
