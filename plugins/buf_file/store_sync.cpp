#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "store.hpp"

namespace logboom::buf_file {

namespace {

using namespace std::chrono_literals;

/// How long what nobody needs any more may stay on the disk.
constexpr std::chrono::nanoseconds longest_look = 1s;
/// Segments that wait for the next sync, each with an open file.
constexpr std::size_t most_sealed = 4;
constexpr std::size_t largest_index = std::size_t{1} << 30;

}  // namespace

bool Store::sync_due() const {
  if (writer_ended_ || sealed_.size() >= most_sealed) return true;
  if (sync_.policy == SyncPolicy::always && dirty_) return true;
  return std::any_of(pending_.begin(), pending_.end(), [](const Epoch& epoch) { return !epoch.waiting.empty(); });
}

void Store::run_syncer() {
  auto next_look = Clock::now() + longest_look;
  auto next_sync = Clock::now() + sync_.interval;
  std::unique_lock lock(mutex_);
  for (bool last = false; !last;) {
    changed_.wait_until(lock, std::min(next_look, next_sync), [this] { return tend_ || sync_due(); });
    last = writer_ended_;
    const auto now = Clock::now();
    const bool look = tend_ || now >= next_look || !sealed_.empty();
    if (sync_due() || now >= next_sync) {
      Round round = take_round();
      lock.unlock();
      finish_round(std::move(round));
      lock.lock();
      next_sync = Clock::now() + sync_.interval;
    }
    if (!look && !last) continue;
    tend_ = false;
    lock.unlock();
    tend();
    lock.lock();
    next_look = Clock::now() + longest_look;
  }
}

Store::Round Store::take_round() {
  Round round{std::exchange(pending_, {}), std::exchange(sealed_, {}), dirty_ ? active_ : nullptr};
  dirty_ = false;
  return round;
}

void Store::finish_round(Round round) {
  const bool waited_for = !round.epochs.empty();
  std::vector<OpenSegmentPtr> failed;
  for (const OpenSegmentPtr& segment : round.sealed) {
    const bool needed = is_needed(*segment, waited_for);
    if (!needed || sync(*segment)) {
      close(*segment, needed);
    } else {
      failed.push_back(segment);
    }
  }
  if (round.active && is_needed(*round.active, waited_for) && !sync(*round.active)) failed.push_back(round.active);
  if (!failed.empty()) return wait_for_rewrite(std::move(round.epochs), std::move(failed));
  sync_failures_ = 0;
  for (Epoch& epoch : round.epochs) settle(std::move(epoch), true);
}

/// What is done already and nobody waits for does not go to the disk.
bool Store::is_needed(const OpenSegment& segment, bool waited_for) const {
  return waited_for || sync_.retain.count() > 0 || sync_.policy == SyncPolicy::always ||
         catalog_.is_used(segment.sequence);
}

bool Store::sync(OpenSegment& segment) {
  if (sync_.policy == SyncPolicy::never) return true;
  const std::uint64_t written = segment.written;
  if (written == segment.synced && segment.name_synced) return true;
  if (ops_.fdatasync(segment.file.get()) == 0) {
    if (!segment.name_synced) segment.name_synced = ops_.sync_directory(settings_.directory) == 0;
    if (segment.name_synced) segment.synced = written;
    if (segment.name_synced) return true;
  }
  std::uint64_t suppressed = 0;
  if (complaints_.due(suppressed)) {
    log_.error(cat(settings_.id, ": the sync of ", segment::file_name(segment.sequence), " failed: ", error_text(errno),
                   "; what is in it is written again, and not acknowledged before that is synced"));
  }
  return false;
}

/// After a failed fdatasync the kernel takes the pages for clean: syncing again would say that all is well. So the data
/// is written again, elsewhere, by the writer; what waits goes on waiting.
void Store::wait_for_rewrite(std::list<Epoch> epochs, std::vector<OpenSegmentPtr> failed) {
  const auto pause = std::min<std::chrono::milliseconds>(1s, 50ms * sync_failures_++);
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, pause, [this] { return stopping_; });
  pending_.splice(pending_.begin(), epochs);
  failed_ = std::move(failed);
  if (!writer_ended_) staging_->kick();
  changed_.wait(lock, [this] { return failed_.empty() || writer_ended_; });
  if (failed_.empty()) return;
  // There will be no other attempt: nothing of this is confirmed.
  std::list<Epoch> left = std::exchange(pending_, {});
  lock.unlock();
  for (Epoch& epoch : left) settle(std::move(epoch), false);
}

void Store::close(OpenSegment& segment, bool synced) {
  if (!synced) {
    const std::int64_t oldest =
        now_ms() - std::chrono::duration_cast<std::chrono::milliseconds>(sync_.message_age).count();
    journal_.keep(segment.index.messages, oldest, sync_.messages);
    return;
  }
  const std::string bytes = encode(segment.index);
  const std::string path = path_of(segment.sequence, ".index");
  const Descriptor file(ops_.open(path, O_WRONLY | O_CREAT | O_TRUNC, settings_.file_mode));
  if (file && write_all(ops_, file.get(), bytes.data(), bytes.size(), 0)) return;
  if (file) ops_.unlink(path);
}

std::string Store::path_of(std::uint32_t segment, std::string_view suffix) const {
  return settings_.directory + "/" + segment::file_name(segment, suffix);
}

void Store::tend() {
  const auto retain = std::chrono::duration_cast<std::chrono::milliseconds>(sync_.retain).count();
  const auto removable = catalog_.take_removable(retain > 0 ? now_ms() - retain : now_ms() + 1, sync_.total_limit);
  for (const Catalog::Removable& entry : removable) remove(entry.segment);
  journal_.tend(sync_.policy != SyncPolicy::never);
  if (!removable.empty() && sync_.policy != SyncPolicy::never) ops_.sync_directory(settings_.directory);
}

void Store::remove(std::uint32_t segment) {
  const std::string index = path_of(segment, ".index");
  const std::int64_t oldest =
      now_ms() - std::chrono::duration_cast<std::chrono::milliseconds>(sync_.message_age).count();
  if (const auto known = decode_index(read_file(ops_, index, largest_index)); known && !known->messages.empty())
    journal_.keep(known->messages, oldest, sync_.messages);
  if (ops_.unlink(path_of(segment, ".log")) != 0 && errno != ENOENT)
    log_.warn(cat(settings_.id, ": can't remove ", path_of(segment, ".log"), ": ", error_text(errno)));
  ops_.unlink(index);
}

}  // namespace logboom::buf_file
