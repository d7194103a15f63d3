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

}  // namespace

bool Store::sync_due() const {
  if (writer_ended_ || sealed_.size() >= most_sealed || (short_of_room_ && !sealed_.empty())) return true;
  if (sync_.policy == SyncPolicy::always && dirty_) return true;
  return std::any_of(pending_.begin(), pending_.end(), [](const Epoch& epoch) { return !epoch.waiting.empty(); });
}

void Store::run_syncer() {
  auto next_look = Clock::now() + longest_look;
  auto next_sync = Clock::now() + sync_.interval;
  std::unique_lock lock(mutex_);
  for (bool last = false; !last;) {
    changed_.wait_until(lock, std::min(next_look, next_sync), [this] { return tend_ || short_of_room_ || sync_due(); });
    last = writer_ended_;
    const auto now = Clock::now();
    const bool look = tend_ || short_of_room_ || now >= next_look || !sealed_.empty();
    if (sync_due() || now >= next_sync) {
      Round round = take_round();
      lock.unlock();
      finish_round(std::move(round));
      lock.lock();
      next_sync = Clock::now() + sync_.interval;
    }
    if (!look && !last) continue;
    tend_ = false;
    const bool short_of_room = std::exchange(short_of_room_, false);
    lock.unlock();
    try_to_tend(short_of_room);
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
  failed_ = failed;
  if (!writer_ended_) staging_->kick();
  for (;;) {
    changed_.wait(lock, [this] { return failed_.empty() || writer_ended_ || short_of_room_; });
    if (failed_.empty() || writer_ended_) break;
    short_of_room_ = false;
    lock.unlock();
    try_to_tend(true);
    lock.lock();
  }
  if (failed_.empty()) {
    for (const OpenSegmentPtr& segment : failed) close(*segment, false);
    return;
  }
  // There will be no other attempt: nothing of this is confirmed.
  std::list<Epoch> left = std::exchange(pending_, {});
  lock.unlock();
  for (Epoch& epoch : left) settle(std::move(epoch), false);
}

}  // namespace logboom::buf_file
